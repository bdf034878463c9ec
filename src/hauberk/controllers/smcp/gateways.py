"""The gateways of a control plane: for each a Deployment, a Service and a ServiceAccount; for ingress a Route too. Pure.

Source: maistra/istio-operator resources/helm/v2.5/gateways/istio-{ingress,egress}.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hauberk import names
from hauberk.controllers.smcp.parts import ControlPlane, Part
from hauberk.controllers.smcp.proxy import proxy_container
from hauberk.k8s import apps, core, route
from hauberk.k8s.kind import Manifest

__all__ = ["EGRESS", "INGRESS", "gateway_parts", "gateways_of"]

INGRESS = "istio-ingressgateway"
EGRESS = "istio-egressgateway"
_HTTP2 = {"name": "http2", "port": 80, "targetPort": 8080, "protocol": "TCP"}
_HTTPS = {"name": "https", "port": 443, "targetPort": 8443, "protocol": "TCP"}
_STATUS = {"name": "status-port", "port": names.STATUS_PORT, "targetPort": names.STATUS_PORT, "protocol": "TCP"}


@dataclass(frozen=True, slots=True)
class _Gateway:
    """`settings` is its entry in `spec.gateways`, `component` the chart."""

    name: str
    component: str
    settings: Manifest
    home: str
    """The control plane's namespace."""

    @property
    def namespace(self) -> str:
        """Where it runs: beside the control plane unless said otherwise."""
        return str(self.settings.get("namespace") or self.home)

    @property
    def is_ingress(self) -> bool:
        return self.component == "istio-ingress"

    @property
    def labels(self) -> dict[str, str]:
        """`app` and `istio`, by which Gateways select it."""
        return {"app": self.name, "istio": self.name.removeprefix("istio-")}


def gateways_of(plane: ControlPlane) -> list[_Gateway]:
    """The gateways that are switched on: ingress, egress, and the additional ones in the order of their names."""
    settings, home = plane.says("gateways", {}), plane.mesh.namespace
    if not settings.get("enabled", True):
        return []
    found = [
        _Gateway(INGRESS, "istio-ingress", settings.get("ingress") or {}, home),
        _Gateway(EGRESS, "istio-egress", settings.get("egress") or {}, home),
    ]
    for field, component in (("additionalIngress", "istio-ingress"), ("additionalEgress", "istio-egress")):
        found += [_Gateway(name, component, entry or {}, home) for name, entry in sorted((settings.get(field) or {}).items())]
    return [gateway for gateway in found if gateway.settings.get("enabled", True)]


def gateway_parts(plane: ControlPlane) -> Iterator[Part]:
    """All objects of all gateways."""
    for gateway in gateways_of(plane):
        yield Part(core.SERVICE_ACCOUNT, gateway.component, _service_account(plane, gateway))
        yield Part(apps.DEPLOYMENT, gateway.component, _deployment(plane, gateway))
        yield Part(core.SERVICE, gateway.component, _service(plane, gateway))
        if gateway.is_ingress and (gateway.settings.get("routeConfig") or {}).get("enabled", True):
            yield Part(route.ROUTE, gateway.component, _route(plane, gateway))


def _metadata(plane: ControlPlane, gateway: _Gateway, name: str) -> Manifest:
    labels = gateway.labels | {"maistra-control-plane": plane.mesh.namespace, "release": "istio"}
    return {"name": name, "namespace": gateway.namespace, "labels": labels}


def _account_name(gateway: _Gateway) -> str:
    return f"{gateway.name}-service-account"


def _service_account(plane: ControlPlane, gateway: _Gateway) -> Manifest:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(plane, gateway, _account_name(gateway))}


def _ports(gateway: _Gateway) -> list[Manifest]:
    wanted = (gateway.settings.get("service") or {}).get("ports")
    if wanted:
        return [{"protocol": "TCP"} | port | {"targetPort": port.get("targetPort", port["port"])} for port in wanted]
    return [_STATUS, _HTTP2, _HTTPS] if gateway.is_ingress else [_HTTP2, _HTTPS]


def _service(plane: ControlPlane, gateway: _Gateway) -> Manifest:
    settings = gateway.settings.get("service") or {}
    metadata = _metadata(plane, gateway, gateway.name)
    extra = settings.get("metadata") or {}
    metadata["labels"] = metadata["labels"] | (extra.get("labels") or {})
    if extra.get("annotations"):
        metadata["annotations"] = extra["annotations"]
    selector = gateway.labels | {"maistra-control-plane": plane.mesh.namespace}
    spec = {"type": settings.get("type", "ClusterIP"), "selector": selector, "ports": _ports(gateway)}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _deployment(plane: ControlPlane, gateway: _Gateway) -> Manifest:
    # Immutable once made, so nothing in it may depend on a version or a setting.
    selector = gateway.labels | {"maistra-control-plane": plane.mesh.namespace}
    deployment = (gateway.settings.get("runtime") or {}).get("deployment") or {}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(plane, gateway, gateway.name),
        "spec": {
            "replicas": deployment.get("replicas", 1),
            "selector": {"matchLabels": selector},
            # A gateway is never fewer than wanted while it is replaced.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "100%", "maxUnavailable": "25%"}},
            "template": _template(plane, gateway, selector),
        },
    }


def _template(plane: ControlPlane, gateway: _Gateway, selector: dict[str, str]) -> Manifest:
    # Without security.istio.io/tlsMode, as in Istio: what a gateway's ports take is for its Gateways to say, so that clients in
    # the mesh must not put mTLS of the mesh around it.
    labels = selector | {
        names.INJECT: "false",
        names.LABEL_ISTIO_REV: plane.mesh.name,
        names.LABEL_CANONICAL_NAME: gateway.name,
        names.LABEL_CANONICAL_REVISION: "latest",
    }
    annotations = {names.INJECT: "false", names.ANNOTATION_MESH: str(plane.mesh)}
    container = proxy_container(plane.manifest, plane.mesh, "router", version=plane.proxy_version, ports=_container_ports(_ports(gateway)))
    return {
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {"serviceAccountName": _account_name(gateway), "containers": [container]},
    }


def _container_ports(ports: Sequence[Manifest]) -> list[Manifest]:
    # Unnamed: a name is limited to 15 characters here, and not in a Service.
    numbers = dict.fromkeys(port["targetPort"] for port in ports if isinstance(port["targetPort"], int))
    return [{"containerPort": number, "protocol": "TCP"} for number in numbers]


def _route(plane: ControlPlane, gateway: _Gateway) -> Manifest:
    """No host: whoever admits the Route gives it one."""
    spec = {"to": {"kind": "Service", "name": gateway.name, "weight": 100}, "port": {"targetPort": 8080}, "wildcardPolicy": "None"}
    return {
        "apiVersion": route.ROUTE.api_version,
        "kind": "Route",
        "metadata": _metadata(plane, gateway, gateway.name),
        "spec": spec,
    }
