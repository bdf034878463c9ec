"""Services, their ports and protocols."""

import pytest

from hauberk.model.objects import ObjectRef
from hauberk.model.service import EndpointSlice, PortKind, Protocol, ServicePort, protocol_of
from tests.unit.model.builders import make_service, make_workload


@pytest.mark.parametrize(
    ("name", "number", "app_protocol", "protocol"),
    [
        ("http", 80, None, Protocol.HTTP),
        ("HTTP-web", 80, None, Protocol.HTTP),
        ("http2", 80, None, Protocol.HTTP2),
        ("grpc-api", 80, None, Protocol.GRPC),
        ("grpc-web-api", 80, None, Protocol.GRPC_WEB),
        ("https", 443, None, Protocol.HTTPS),
        ("tls-x", 443, None, Protocol.TLS),
        ("tcp", 80, None, Protocol.TCP),
        ("mongo", 80, None, Protocol.MONGO),
        ("redis-1", 80, None, Protocol.REDIS),
        ("mysql", 80, None, Protocol.MYSQL),
        ("httpx", 80, None, Protocol.UNDECLARED),
        ("", 80, None, Protocol.UNDECLARED),
        ("", 3306, None, Protocol.TCP),
        ("web", 27017, None, Protocol.TCP),
        ("tcp", 80, "http", Protocol.HTTP),
        ("http", 80, "unknown", Protocol.UNDECLARED),
        ("http", 80, "kubernetes.io/h2c", Protocol.HTTP2),
        ("http", 80, "kubernetes.io/ws", Protocol.HTTP),
        ("http", 80, "kubernetes.io/wss", Protocol.HTTPS),
    ],
)
def test_protocols_are_declared_by_app_protocol_name_prefix_or_well_known_port(
    name: str, number: int, app_protocol: str | None, protocol: Protocol
) -> None:
    assert protocol_of(name, number, app_protocol=app_protocol) is protocol


def test_udp_is_udp_whatever_it_is_called() -> None:
    assert protocol_of("http", 80, transport="UDP") is Protocol.UDP


@pytest.mark.parametrize(
    ("protocol", "kind", "http2"),
    [
        (Protocol.HTTP, PortKind.HTTP, False),
        (Protocol.GRPC_WEB, PortKind.HTTP, False),
        (Protocol.GRPC, PortKind.HTTP, True),
        (Protocol.HTTP2, PortKind.HTTP, True),
        (Protocol.HTTPS, PortKind.TCP, False),
        (Protocol.TLS, PortKind.TCP, False),
        (Protocol.MYSQL, PortKind.TCP, False),
        (Protocol.UNDECLARED, PortKind.AUTO, False),
    ],
)
def test_https_and_tls_are_tcp_to_the_mesh(protocol: Protocol, kind: PortKind, http2: bool) -> None:
    assert (protocol.kind, protocol.is_http2) == (kind, http2)
    assert ServicePort("x", 1, 1, protocol).kind is kind


def test_a_service_selects_by_all_its_labels_in_its_own_namespace() -> None:
    service = make_service(selector={"app": "details", "version": "v1"})
    assert service.selects(make_workload(labels={"app": "details", "version": "v1", "more": "x"}))
    assert not service.selects(make_workload(labels={"app": "details"}))
    assert not service.selects(make_workload(namespace="other", labels={"app": "details", "version": "v1"}))


def test_a_service_without_selector_selects_nothing() -> None:
    assert not make_service(selector={}).selects(make_workload())


def test_a_named_target_is_looked_up_among_the_workloads_ports() -> None:
    service = make_service("details", "bookinfo", ("http", 80, "web"))
    assert service.target_number(service.ports[0], make_workload(ports={"web": 9080})) == 9080
    assert service.target_number(service.ports[0], make_workload()) is None
    numbered = make_service()
    assert numbered.target_number(numbered.ports[0], make_workload()) == 9080


def test_a_service_finds_its_ports_by_number_and_knows_whether_it_is_headless() -> None:
    service = make_service()
    assert service.port(9080) == service.ports[0]
    assert service.port(80) is None
    assert not service.headless
    assert make_service(vip="").headless
    assert service.ref == ObjectRef("Service", "bookinfo", "details")


def test_a_slice_is_named_by_itself_not_by_its_service() -> None:
    assert EndpointSlice("bookinfo", "details-x", "details").ref == ObjectRef("EndpointSlice", "bookinfo", "details-x")
