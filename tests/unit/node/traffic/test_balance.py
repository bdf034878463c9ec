"""Services and EndpointSlices as VIPs."""

from typing import Any

from hauberk.node.linux.vips import ServiceVip
from hauberk.node.traffic.balance import plan_vips


def make_service(address: str | None, *ports: dict[str, Any], name: str = "web") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"clusterIP": address, "ports": list(ports)}}


def make_slice(*endpoints: dict[str, Any], namespace: str = "shop", **ports: int) -> dict[str, Any]:
    return {
        "metadata": {"namespace": namespace, "labels": {"kubernetes.io/service-name": "web"}},
        "ports": [{"name": name, "port": number, "protocol": "TCP"} for name, number in ports.items()],
        "endpoints": list(endpoints),
    }


READY = {"addresses": ["10.244.0.5"], "conditions": {"ready": True}}
UNKNOWN = {"addresses": ["10.244.0.4"]}
UNREADY = {"addresses": ["10.244.0.6"], "conditions": {"ready": False}}


def test_each_port_has_a_vip_with_its_ready_endpoints() -> None:
    service = make_service("10.96.1.1", {"name": "http", "port": 80}, {"name": "admin", "port": 90})
    assert plan_vips([service], [make_slice(READY, UNREADY, http=8080, admin=9000), make_slice(UNKNOWN, http=8081)]) == [
        ServiceVip("10.96.1.1", 80, "TCP", (("10.244.0.4", 8081), ("10.244.0.5", 8080))),
        ServiceVip("10.96.1.1", 90, "TCP", (("10.244.0.5", 9000),)),
    ]


def test_a_service_without_endpoints_still_has_its_vip() -> None:
    assert plan_vips([make_service("10.96.1.1", {"port": 80})], [make_slice(READY, namespace="else", http=1)]) == [
        ServiceVip("10.96.1.1", 80, "TCP", ())
    ]


def test_an_unnamed_port_takes_the_unnamed_endpoints_of_its_protocol() -> None:
    endpoint_slice = make_slice(READY) | {"ports": [{"port": 53, "protocol": "UDP"}, {"name": "", "port": 54}]}
    assert plan_vips([make_service("10.96.1.1", {"port": 53, "protocol": "UDP"}, {"port": 53})], [endpoint_slice]) == [
        ServiceVip("10.96.1.1", 53, "UDP", (("10.244.0.5", 53),)),
        ServiceVip("10.96.1.1", 53, "TCP", (("10.244.0.5", 54),)),
    ]


def test_headless_services_and_other_protocols_have_none() -> None:
    assert plan_vips([make_service("None", {"port": 80}), make_service(None, {"port": 80})], []) == []
    assert plan_vips([make_service("10.96.1.1", {"port": 80, "protocol": "SCTP"})], []) == []
