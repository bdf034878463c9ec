"""Services and EndpointSlices."""

from typing import Any

import pytest

from hauberk.k8s.parse_service import parse_endpoint_slice, parse_service
from hauberk.model.service import EndpointSlice, Protocol, Service, ServicePort, SliceAddress


def make_manifest(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "details", "namespace": "bookinfo"},
        "spec": {"clusterIP": "10.96.0.7", "selector": {"app": "details"}, **spec},
    }


def test_a_service_has_its_hostname_vip_and_ports() -> None:
    ports = [
        {"port": 9080, "name": "http"},
        {"port": 80, "name": "http-web", "targetPort": "web"},
        {"port": 81, "name": "tcp-x", "targetPort": "8081"},
        {"port": 82, "targetPort": 8082, "appProtocol": "grpc"},
        {"port": 53, "name": "dns", "protocol": "UDP"},
    ]
    assert parse_service(make_manifest(ports=ports)) == Service(
        "bookinfo",
        "details",
        "details.bookinfo.svc.cluster.local",
        vip="10.96.0.7",
        ports=(
            ServicePort("http", 9080, 9080, Protocol.HTTP),
            ServicePort("http-web", 80, "web", Protocol.HTTP),
            ServicePort("tcp-x", 81, 8081, Protocol.TCP),
            ServicePort("", 82, 8082, Protocol.GRPC),
        ),
        selector={"app": "details"},
    )


@pytest.mark.parametrize("cluster_ip", ["None", "", None])
def test_a_service_without_a_cluster_ip_is_headless(cluster_ip: str | None) -> None:
    service = parse_service(make_manifest(clusterIP=cluster_ip))
    assert service is not None
    assert service.headless


def test_an_external_name_is_no_service_of_the_mesh() -> None:
    assert parse_service(make_manifest(type="ExternalName", externalName="example.com")) is None


def pod(name: str) -> dict[str, str]:
    return {"kind": "Pod", "name": name}


def make_slice(**fields: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "details-x", "namespace": "bookinfo", "labels": {"kubernetes.io/service-name": "details"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 9080}, {"port": 9090}, {"name": "any", "port": None}],
        "endpoints": [
            {"addresses": ["10.244.0.1"], "conditions": {"ready": True}, "targetRef": pod("details-1")},
            {"addresses": ["10.244.0.2"], "conditions": {"ready": False}, "targetRef": pod("details-2")},
            {
                "addresses": ["10.244.0.3"],
                "conditions": {"ready": True, "terminating": True},
                "targetRef": pod("details-3"),
            },
            {"addresses": ["192.0.2.1"]},
        ],
        **fields,
    }


def test_a_slice_lists_addresses_with_their_pods_and_readiness() -> None:
    assert parse_endpoint_slice(make_slice()) == EndpointSlice(
        "bookinfo",
        "details-x",
        "details",
        (
            SliceAddress("10.244.0.1", "details-1", ready=True),
            SliceAddress("10.244.0.2", "details-2", ready=False),
            SliceAddress("10.244.0.3", "details-3", ready=False),
            SliceAddress("192.0.2.1", "", ready=True),
        ),
        {"http": 9080, "": 9090},
    )


@pytest.mark.parametrize("fields", [{"addressType": "IPv6"}, {"addressType": "FQDN"}, {"metadata": {"name": "x", "namespace": "n"}}])
def test_slices_of_other_addresses_or_of_no_service_are_none(fields: dict[str, Any]) -> None:
    assert parse_endpoint_slice(make_slice(**fields)) is None
