from typing import Any

from hauberk.controllers.smcp.gateways import gateway_parts, gateways_of
from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.k8s.kind import Manifest, name_of
from tests.unit.controllers.builders import make_smcp


def plane(**gateways: Any) -> ControlPlane:
    return ControlPlane.of(make_smcp(spec={"gateways": gateways}), "1.2")


def made(control_plane: ControlPlane) -> dict[tuple[str, str], Manifest]:
    return {(part.kind.kind, name_of(part.manifest)): part.manifest for part in gateway_parts(control_plane)}


def test_the_base_profile_has_an_ingress_and_an_egress_gateway() -> None:
    assert list(made(plane())) == [
        ("ServiceAccount", "istio-ingressgateway-service-account"),
        ("Deployment", "istio-ingressgateway"),
        ("Service", "istio-ingressgateway"),
        ("Route", "istio-ingressgateway"),
        ("ServiceAccount", "istio-egressgateway-service-account"),
        ("Deployment", "istio-egressgateway"),
        ("Service", "istio-egressgateway"),
    ]


def test_gateways_can_be_switched_off() -> None:
    assert gateways_of(plane(enabled=False)) == []
    assert [gateway.name for gateway in gateways_of(plane(egress={"enabled": False}))] == ["istio-ingressgateway"]
    assert ("Route", "istio-ingressgateway") not in made(plane(ingress={"routeConfig": {"enabled": False}}))


def test_the_ingress_service() -> None:
    service = made(plane())["Service", "istio-ingressgateway"]
    assert service["spec"] == {
        "type": "ClusterIP",
        "selector": {"app": "istio-ingressgateway", "istio": "ingressgateway", "maistra-control-plane": "istio-system"},
        "ports": [
            {"name": "status-port", "port": 15021, "targetPort": 15021, "protocol": "TCP"},
            {"name": "http2", "port": 80, "targetPort": 8080, "protocol": "TCP"},
            {"name": "https", "port": 443, "targetPort": 8443, "protocol": "TCP"},
        ],
    }


def test_the_route_leaves_its_host_to_the_router() -> None:
    assert made(plane())["Route", "istio-ingressgateway"]["spec"] == {
        "to": {"kind": "Service", "name": "istio-ingressgateway", "weight": 100},
        "port": {"targetPort": 8080},
        "wildcardPolicy": "None",
    }


def test_a_gateway_pod_is_of_the_mesh_and_gets_no_second_proxy() -> None:
    template = made(plane())["Deployment", "istio-ingressgateway"]["spec"]["template"]
    assert template["metadata"]["labels"] == {
        "app": "istio-ingressgateway",
        "istio": "ingressgateway",
        "maistra-control-plane": "istio-system",
        "sidecar.istio.io/inject": "false",
        "istio.io/rev": "basic",
        "service.istio.io/canonical-name": "istio-ingressgateway",
        "service.istio.io/canonical-revision": "latest",
    }
    assert template["metadata"]["annotations"] == {"sidecar.istio.io/inject": "false", "hauberk.io/mesh": "istio-system/basic"}
    assert template["spec"]["serviceAccountName"] == "istio-ingressgateway-service-account"
    (container,) = template["spec"]["containers"]
    assert (container["name"], container["image"], container["args"]) == (
        "istio-proxy",
        "localhost/hauberk/proxyv2:1.2",
        ["proxy", "router"],
    )
    assert [port["containerPort"] for port in container["ports"]] == [15021, 8080, 8443, 15090]


def test_additional_gateways_have_their_own_ports_and_size() -> None:
    extra = {
        "service": {
            "type": "ClusterIP",
            "ports": [{"name": "tls", "port": 15443}],
            "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
        },
        "runtime": {"deployment": {"replicas": 2}},
    }
    objects = made(plane(egress={"enabled": False}, additionalIngress={"red": extra}, additionalEgress={"blue": {"enabled": True}}))
    assert objects["Route", "red"]["spec"]["to"]["name"] == "red"
    assert ("Route", "blue") not in objects
    assert objects["Deployment", "red"]["spec"]["replicas"] == 2
    service = objects["Service", "red"]
    assert service["spec"]["ports"] == [{"name": "tls", "port": 15443, "targetPort": 15443, "protocol": "TCP"}]
    assert service["metadata"]["labels"]["a"] == "b"
    assert service["metadata"]["annotations"] == {"c": "d"}
    assert objects["Service", "blue"]["spec"]["selector"]["istio"] == "blue"


def test_a_gateway_may_be_in_a_member_namespace() -> None:
    objects = made(plane(egress={"enabled": False}, ingress={"namespace": "edge"}))
    assert {one["metadata"]["namespace"] for one in objects.values()} == {"edge"}
