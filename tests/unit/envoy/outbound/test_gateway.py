"""What routers listen on and route."""

import pytest

from hauberk.envoy.outbound.gateway import build_gateway_routes, gateway_ports
from hauberk.model.traffic import Gateway, GatewayServer, HttpDestination, HttpRoute, VirtualService
from hauberk.view.changes import ModelObject
from hauberk.view.mesh_view import MeshView
from tests.unit.envoy.builders import as_dict
from tests.unit.model.builders import ROOT, make_service, make_workload
from tests.unit.view.builders import DETAILS, bookinfo_objects, make_view

LABELS = {"istio": "ingressgateway"}
POD = make_workload("gateway-1", ROOT, address="10.244.9.1", labels=LABELS)
SERVICE = make_service("gateway", ROOT, ("http2", 80, 8080), ("https", 443, 8443), vip="10.96.0.9", selector=LABELS)
TO_DETAILS = (HttpRoute((HttpDestination(DETAILS),)),)


def gateway(*hosts: str, name: str = "gw", port: int = 80, protocol: str = "HTTP") -> Gateway:
    return Gateway("bookinfo", name, LABELS, (GatewayServer(port, protocol, hosts=hosts or ("*",)),))


def rule(*hosts: str, name: str = "v", gateways: tuple[str, ...] = ("bookinfo/gw",)) -> VirtualService:
    return VirtualService("bookinfo", name, hosts or ("*",), gateways, TO_DETAILS)


def world(*objects: ModelObject) -> MeshView:
    return make_view(*bookinfo_objects(), POD, SERVICE, *objects)


def hosts(*objects: ModelObject) -> dict[str, list[str]]:
    """Domains by virtual host."""
    view = world(*objects)
    (port,) = gateway_ports(view, POD)
    return {host["name"]: host["domains"] for host in as_dict(build_gateway_routes(view, port)).get("virtual_hosts", [])}


def test_the_port_of_the_service_is_the_target_port_of_the_pod() -> None:
    (port,) = gateway_ports(world(gateway()), POD)
    assert (port.number, port.target, port.route_name) == (80, 8080, "http.8080")


def test_a_port_that_the_service_does_not_have_is_taken_as_it_is() -> None:
    (port,) = gateway_ports(world(gateway(port=8000)), POD)
    assert (port.number, port.target) == (8000, 8000)


def test_gateways_of_one_port_share_it() -> None:
    (port,) = gateway_ports(world(gateway("a.example", name="a"), gateway("b.example", name="b")), POD)
    assert [(found.name, names) for found, names in port.servers] == [("a", ("a.example",)), ("b", ("b.example",))]


@pytest.mark.parametrize(
    "other",
    [
        Gateway("bookinfo", "x", {"istio": "egressgateway"}, (GatewayServer(80, "HTTP"),)),
        gateway(protocol="HTTPS"),
        gateway(protocol="TLS"),
    ],
)
def test_gateways_of_other_pods_and_protocols_open_nothing(other: Gateway) -> None:
    assert gateway_ports(world(other), POD) == []


@pytest.mark.parametrize(
    ("server", "virtual_service", "domains"),
    [
        (("*",), ("*",), {"*:80": ["*"]}),
        (("*",), ("a.example",), {"a.example:80": ["a.example", "a.example:*"]}),
        (("a.example",), ("*",), {"a.example:80": ["a.example", "a.example:*"]}),
        (("*.example",), ("a.example", "b.other"), {"a.example:80": ["a.example", "a.example:*"]}),
        (("a.example",), ("b.example",), {}),
    ],
)
def test_a_host_must_be_named_by_both_sides(
    server: tuple[str, ...], virtual_service: tuple[str, ...], domains: dict[str, list[str]]
) -> None:
    assert hosts(gateway(*server), rule(*virtual_service)) == domains


def test_virtual_services_bound_elsewhere_do_not_count() -> None:
    assert hosts(gateway(), rule(gateways=("mesh",)), rule(name="w", gateways=("other/gw",))) == {}


def test_two_virtual_services_for_one_host_follow_each_other() -> None:
    view = world(gateway(), rule(name="b"), rule(name="a"))
    (port,) = gateway_ports(view, POD)
    (host,) = as_dict(build_gateway_routes(view, port))["virtual_hosts"]
    assert [route["route"]["cluster"] for route in host["routes"]] == [f"outbound|9080||{DETAILS}"] * 2
