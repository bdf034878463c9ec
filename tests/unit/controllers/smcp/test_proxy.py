from hauberk.controllers.mesh.membership import Mesh
from hauberk.controllers.smcp.proxy import proxy_container
from tests.unit.controllers.builders import make_smcp

MESH = Mesh("istio-system", "basic")


def test_the_container_is_istios() -> None:
    container = proxy_container(make_smcp(), MESH, "sidecar", version="1.2")
    assert container["name"] == "istio-proxy"
    assert container["image"] == "localhost/hauberk/proxyv2:1.2"
    assert container["args"] == ["proxy", "sidecar"]
    assert container["ports"] == [{"name": "http-envoy-prom", "containerPort": 15090, "protocol": "TCP"}]
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz/ready", "port": 15021, "scheme": "HTTP"}


def test_its_environment_says_who_and_where() -> None:
    container = proxy_container(make_smcp(spec={"security": {"trust": {"domain": "red.local"}}}), MESH, "router", version="1")
    values = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert values["CA_ADDR"] == "istiod-basic.istio-system.svc:15012"
    assert values["TRUST_DOMAIN"] == "red.local"
    fields = {entry["name"]: entry["valueFrom"]["fieldRef"]["fieldPath"] for entry in container["env"] if "valueFrom" in entry}
    assert fields == {
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "INSTANCE_IP": "status.podIP",
        "SERVICE_ACCOUNT": "spec.serviceAccountName",
        "HOST_IP": "status.hostIP",
    }
