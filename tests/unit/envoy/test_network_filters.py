"""TCP proxies and HTTP connection managers."""

from typing import Any

import pytest

from hauberk.envoy.network_filters import inbound_tcp, outbound_http, outbound_tcp, plain_tcp
from hauberk.envoy.telemetry import SecurityPolicy
from tests.unit.envoy.builders import as_dict


def config(network_filter: Any) -> dict[str, Any]:
    rendered: dict[str, Any] = as_dict(network_filter)["typed_config"]
    return rendered


def test_what_leads_nowhere_is_not_counted() -> None:
    assert config(plain_tcp("BlackHoleCluster")) == {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": "BlackHoleCluster",
        "cluster": "BlackHoleCluster",
    }


def test_connections_are_counted_when_they_are_connected() -> None:
    for built in (outbound_tcp("c"), inbound_tcp("c", "80", SecurityPolicy.NONE)):
        assert config(built)["access_log_options"] == {"flush_access_log_on_connected": True}


def test_inbound_connections_are_never_ended_for_idleness() -> None:
    assert config(inbound_tcp("c", "80", SecurityPolicy.NONE))["idle_timeout"] == "0s"


@pytest.mark.parametrize(
    ("policy", "mode"),
    [(SecurityPolicy.MUTUAL_TLS, "ON_DOWNSTREAM_TLS_HANDSHAKE"), (SecurityPolicy.NONE, None), (SecurityPolicy.PASSTHROUGH, None)],
)
def test_the_application_is_connected_only_after_the_handshake(policy: SecurityPolicy, mode: str | None) -> None:
    assert config(inbound_tcp("c", "80", policy)).get("upstream_connect_mode") == mode


def test_requests_are_routed_by_discovery_and_http_1_0_is_taken() -> None:
    manager = config(outbound_http("outbound_0.0.0.0_9080", "9080"))
    assert manager["rds"]["route_config_name"] == "9080"
    assert manager["http_protocol_options"] == {"accept_http_10": True}
    assert manager["use_remote_address"] is False
    assert manager["server_header_transformation"] == "PASS_THROUGH"


def test_at_the_edge_the_clients_address_counts() -> None:
    manager = config(outbound_http("x", "http.8080", edge=True))
    assert manager["use_remote_address"] is True
    assert manager["server_name"] == "istio-envoy"
