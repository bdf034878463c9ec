"""Outbound listeners."""

from typing import Any

import pytest

from hauberk.envoy.outbound.listeners import build_http_listener, build_tcp_listener, build_virtual_outbound, tcp_listeners
from hauberk.envoy.outbound.tcp_routes import TcpTargets
from hauberk.model.mesh import OutboundPolicy
from tests.unit.envoy.builders import as_dict
from tests.unit.model.builders import make_service, make_slice, make_workload
from tests.unit.view.builders import make_view

ALLOW, REGISTRY = OutboundPolicy.ALLOW_ANY, OutboundPolicy.REGISTRY_ONLY


def cluster(chain: dict[str, Any]) -> str:
    name: str = chain["filters"][0]["typed_config"]["cluster"]
    return name


@pytest.mark.parametrize(("policy", "unknown"), [(ALLOW, "PassthroughCluster"), (REGISTRY, "BlackHoleCluster")])
def test_virtual_outbound_hands_on_and_lets_or_blocks_the_rest(policy: OutboundPolicy, unknown: str) -> None:
    listener = as_dict(build_virtual_outbound(policy))
    assert listener["use_original_dst"] is True
    assert listener["address"]["socket_address"]["port_value"] == 15001
    assert [(chain["name"], cluster(chain)) for chain in listener["filter_chains"]] == [
        ("virtualOutbound-blackhole", "BlackHoleCluster"),
        ("virtualOutbound-catchall-tcp", unknown),
    ]
    assert listener["filter_chains"][0]["filter_chain_match"] == {"destination_port": 15001}
    assert cluster(as_dict(build_http_listener(80, policy))["default_filter_chain"]) == unknown


def test_http_of_a_port_is_one_listener_and_other_bytes_fall_through() -> None:
    listener = as_dict(build_http_listener(9080, ALLOW))
    assert (listener["name"], listener["bind_to_port"]) == ("0.0.0.0_9080", False)
    (chain,) = listener["filter_chains"]
    assert chain["filter_chain_match"] == {
        "transport_protocol": "raw_buffer",
        "application_protocols": ["http/1.0", "http/1.1", "h2c"],
    }
    assert chain["filters"][0]["typed_config"]["rds"]["route_config_name"] == "9080"
    assert [found["name"] for found in listener["listener_filters"]] == ["envoy.filters.listener.http_inspector"]


def test_tcp_is_a_listener_an_address() -> None:
    listener = as_dict(build_tcp_listener("10.96.0.3", 3306, TcpTargets((("c", 1),))))
    assert (listener["name"], listener["bind_to_port"], cluster(listener["filter_chains"][0])) == ("10.96.0.3_3306", False, "c")
    assert "listener_filters" not in listener


def test_which_addresses_a_port_listens_on() -> None:
    pods = [make_workload("db-0", address="10.244.0.2"), make_workload("db-1", address="10.244.0.1")]
    with_vip = make_service("db", "bookinfo", ("tcp", 3306, 3307), vip="10.96.0.3")
    headless = make_service("db", "bookinfo", ("tcp", 3306, 3307), vip="")
    http = make_service("db", "bookinfo", ("http", 3306, 3307))
    undeclared = make_service("db", "bookinfo", ("x", 3306, 3307), vip="10.96.0.4")
    name = "outbound|3306||db.bookinfo.svc.cluster.local"
    for service, addresses in (
        (with_vip, [("10.96.0.3", 3306, name)]),
        (headless, [("10.244.0.1", 3307, name), ("10.244.0.2", 3307, name)]),
        (http, []),
        (undeclared, [("10.96.0.4", 3306, name)]),
    ):
        view = make_view(service, *pods, make_slice("db", *pods, ports={service.ports[0].name: 3307}))
        found = [(address, number, targets.otherwise) for address, number, targets in tcp_listeners(view, service, service.ports[0])]
        assert found == [(address, number, ((cluster, 1),)) for address, number, cluster in addresses]
