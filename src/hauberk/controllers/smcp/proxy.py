"""The container in which an Envoy and its agent run: beside an application, or alone as a gateway. Pure.

Source: Istio manifests/charts/istio-control/istio-discovery/files/injection-template.yaml.
"""

from collections.abc import Sequence
from typing import Literal

from hauberk.controllers.mesh.membership import Mesh, trust_domain_of
from hauberk.k8s.kind import Manifest
from hauberk.names import PROMETHEUS_PORT, PROXY_CONTAINER, PROXY_IMAGE, STATUS_PORT

__all__ = ["proxy_container"]

_CA_PORT = 15012


def proxy_container(
    smcp: Manifest, mesh: Mesh, role: Literal["sidecar", "router"], *, version: str, ports: Sequence[Manifest] = ()
) -> Manifest:
    """The container istio-proxy for `role`, which tells by its readiness when Envoy has its configuration."""
    metrics = {"name": "http-envoy-prom", "containerPort": PROMETHEUS_PORT, "protocol": "TCP"}
    # Istio's own: a new sidecar is asked every second, and given half a minute to hear from discovery.
    probe = {
        "httpGet": {"path": "/healthz/ready", "port": STATUS_PORT, "scheme": "HTTP"},
        "initialDelaySeconds": 0,
        "periodSeconds": 1,
        "timeoutSeconds": 3,
        "failureThreshold": 30,
    }
    return {
        "name": PROXY_CONTAINER,
        "image": f"{PROXY_IMAGE}:{version}",
        "imagePullPolicy": "IfNotPresent",
        "args": ["proxy", role],
        "ports": [*ports, metrics],
        "env": [
            *(_from_field(name, path) for name, path in _FIELDS),
            {"name": "CA_ADDR", "value": f"istiod-{mesh.name}.{mesh.namespace}.svc:{_CA_PORT}"},
            {"name": "TRUST_DOMAIN", "value": trust_domain_of(smcp)},
        ],
        "readinessProbe": probe,
    }


_FIELDS = (
    ("POD_NAME", "metadata.name"),
    ("POD_NAMESPACE", "metadata.namespace"),
    ("INSTANCE_IP", "status.podIP"),
    ("SERVICE_ACCOUNT", "spec.serviceAccountName"),
    ("HOST_IP", "status.hostIP"),
)


def _from_field(name: str, path: str) -> Manifest:
    return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}
