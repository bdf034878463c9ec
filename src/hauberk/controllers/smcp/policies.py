"""The PeerAuthentications and DestinationRules of a control plane. Pure.

Source: maistra/istio-operator resources/helm/v2.{0..5}: mesh-config/templates/enable-mesh-{mtls,permissive}.yaml,
istio-telemetry/tracing/templates/policy-jaeger.yaml, istio-telemetry/grafana/templates/grafana-policy.yaml,
istio-control/istio-discovery/templates/federation.yaml.
"""

from collections.abc import Iterator

from hauberk.controllers.smcp.parts import ControlPlane, Part
from hauberk.k8s import networking, security
from hauberk.k8s.kind import Manifest
from hauberk.names import CLUSTER_DOMAIN

__all__ = ["destination_rules", "peer_authentications"]

_FEDERATION_PORT = 8188


def peer_authentications(plane: ControlPlane) -> Iterator[Part]:
    """`default` of the mesh, and those of the add-ons that are switched on; their names do not depend on `dataPlane.mtls`."""
    mode = "STRICT" if _is_mtls(plane) else "PERMISSIVE"
    yield _peer_authentication(plane, "mesh-config", "default", {"mtls": {"mode": mode}})
    if _has_jaeger(plane):
        # Template all-in-one stores in memory; every other one has a collector of its own.
        component = "all-in-one" if plane.says("addons.jaeger.install.storage.type", "Memory") == "Memory" else "collector"
        selector = {"matchLabels": {"app.kubernetes.io/component": component, "app.kubernetes.io/instance": _jaeger(plane)}}
        yield _peer_authentication(plane, "tracing", "disable-mtls-jaeger-collector", {"selector": selector, "mtls": {"mode": "DISABLE"}})
    if plane.says("addons.grafana.enabled"):
        spec = {
            "selector": {"matchLabels": {"app": "grafana"}},
            "mtls": {"mode": "PERMISSIVE"},
            "portLevelMtls": {"3000": {"mode": "DISABLE"}},
        }
        yield _peer_authentication(plane, "grafana", "grafana-ports-mtls-disabled", spec)


def destination_rules(plane: ControlPlane) -> Iterator[Part]:
    """How clients in the mesh send: `default` and `api-server` with mTLS on, and the exceptions of the add-ons."""
    namespace = plane.mesh.namespace
    if _is_mtls(plane):
        everything = "*.local" if plane.version <= (2, 1) else f"*.{CLUSTER_DOMAIN}"
        yield _destination_rule(plane, "mesh-config", "default", _rule(everything, "ISTIO_MUTUAL"))
        yield _destination_rule(plane, "mesh-config", "api-server", _rule(f"kubernetes.default.svc.{CLUSTER_DOMAIN}", "DISABLE"))
    if _has_jaeger(plane):
        collector = f"{_jaeger(plane)}-collector.{namespace}.svc" + ("" if plane.version <= (2, 1) else f".{CLUSTER_DOMAIN}")
        yield _destination_rule(plane, "tracing", "disable-mtls-jaeger-collector", _rule(collector, "DISABLE"))
        yield _destination_rule(plane, "tracing", "disable-mtls-zipkin", _rule("zipkin", "DISABLE"))
    if plane.version >= (2, 1):
        name = f"istiod-{plane.mesh.name}"
        ports = [{"port": {"number": _FEDERATION_PORT}, "tls": {"mode": "SIMPLE"}}]
        # The domain is written out in the chart, whatever the cluster's is.
        spec = {"host": f"{name}.{namespace}.svc.cluster.local", "trafficPolicy": {"portLevelSettings": ports}}
        yield _destination_rule(plane, "istio-discovery", name, spec)


def _is_mtls(plane: ControlPlane) -> bool:
    return bool(plane.says("security.dataPlane.mtls", False))


def _has_jaeger(plane: ControlPlane) -> bool:
    return bool(plane.says("tracing.type") == "Jaeger")


def _jaeger(plane: ControlPlane) -> str:
    return str(plane.says("addons.jaeger.name", "jaeger"))


def _rule(host: str, mode: str) -> Manifest:
    return {"host": host, "trafficPolicy": {"tls": {"mode": mode}}}


def _peer_authentication(plane: ControlPlane, component: str, name: str, spec: Manifest) -> Part:
    kind = security.PEER_AUTHENTICATION
    metadata = {"name": name, "namespace": plane.mesh.namespace}
    return Part(kind, component, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec})


def _destination_rule(plane: ControlPlane, component: str, name: str, spec: Manifest) -> Part:
    kind = networking.DESTINATION_RULE
    metadata = {"name": name, "namespace": plane.mesh.namespace}
    return Part(kind, component, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec})
