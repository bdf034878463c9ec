"""The NetworkPolicies of a control plane. Pure; who carries them to the members is `mesh/network_policy.py`.

Source: maistra/istio-operator resources/helm/v2.5, the `networkpolicy.yaml` of mesh-config, istio-control/istio-discovery,
gateways/istio-ingress and istio-telemetry/*. There the ports of the internal ones are written beside `ports` instead of in it, so
that every port is open to everybody; here they are in it.

The document's story has a client outside the mesh answered under PERMISSIVE, which these policies forbid. So they are always
written, and the node enforces them where the control plane says `security.manageNetworkPolicy: true` (docs/adr/0035).
"""

from collections.abc import Iterator

from hauberk import names
from hauberk.controllers.mesh.network_policy import INTERNAL
from hauberk.controllers.smcp.gateways import gateways_of
from hauberk.controllers.smcp.parts import ControlPlane, Part
from hauberk.k8s.cluster_networking import NETWORK_POLICY
from hauberk.k8s.kind import Manifest

__all__ = ["network_policies"]

_ROUTER = "network.openshift.io/policy-group"
_EXPOSED = "maistra.io/expose-route"
_EVERYBODY: Manifest = {}


def network_policies(plane: ControlPlane) -> Iterator[Part]:
    """All policies, or none with `security.manageNetworkPolicy: false`."""
    if plane.says("security.manageNetworkPolicy", True) is False:
        return
    mesh = plane.mesh
    members = {"from": [{"namespaceSelector": {"matchLabels": {names.LABEL_MEMBER_OF: mesh.namespace}}}]}
    yield _part(plane, "mesh-config", f"istio-mesh-{mesh.name}", {}, members)
    routers = {"from": [{"namespaceSelector": {"matchLabels": {_ROUTER: "ingress"}}}]}
    yield _part(plane, "mesh-config", f"istio-expose-route-{mesh.name}", _labels({_EXPOSED: "true"}), routers)
    discovery = _labels({"app": "istiod", names.LABEL_ISTIO_REV: mesh.name})
    yield _part(plane, "istio-discovery", f"istio-istiod-{mesh.name}", discovery, _port("webhook"), internal=True)
    for addon, port in (("prometheus", 3001), ("grafana", 3001), ("kiali", 20001)):
        if plane.says(f"addons.{addon}.enabled"):
            yield _part(plane, addon, f"istio-{addon}-ingress", _labels({"app": addon}), _port(port), internal=True)
    if plane.says("tracing.type") == "Jaeger":
        yield _part(plane, "tracing", "istio-jaeger-ingress", _jaeger(plane), _port(8443), internal=True)
    for gateway in gateways_of(plane):
        if gateway.is_ingress:
            yield _part(plane, gateway.component, gateway.name, _labels(gateway.labels), _EVERYBODY, internal=True)


def _labels(labels: dict[str, str]) -> Manifest:
    return {"matchLabels": labels}


def _jaeger(plane: ControlPlane) -> Manifest:
    component = {"key": "app.kubernetes.io/component", "operator": "In", "values": ["all-in-one", "query"]}
    name = str(plane.says("addons.jaeger.name", "jaeger"))
    return {"matchLabels": {"app.kubernetes.io/instance": name}, "matchExpressions": [component]}


def _port(port: int | str) -> Manifest:
    return {"ports": [{"port": port, "protocol": "TCP"}]}


def _part(plane: ControlPlane, component: str, name: str, pods: Manifest, rule: Manifest, *, internal: bool = False) -> Part:
    asked = plane.says("security.manageNetworkPolicy") is True
    mend = f"set spec.security.manageNetworkPolicy: true on ServiceMeshControlPlane {plane.mesh} to have it enforced"
    annotations = {names.ANNOTATION_ENFORCED: "true" if asked else f"false ({mend})"} | ({INTERNAL: "true"} if internal else {})
    metadata = {"name": name, "namespace": plane.mesh.namespace, "annotations": annotations}
    # With all defaults, so that it can be compared with what the API keeps.
    spec = {"podSelector": pods, "ingress": [rule], "policyTypes": ["Ingress"]}
    manifest = {"apiVersion": NETWORK_POLICY.api_version, "kind": NETWORK_POLICY.kind, "metadata": metadata, "spec": spec}
    return Part(NETWORK_POLICY, component, manifest)
