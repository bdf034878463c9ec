"""Which fields of a ServiceMeshControlPlane change nothing here, so that status can name them instead of passing over them. Pure.

The kind's own validation knows the fields that are not there yet; here are those that are, but not with every value.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hauberk.controllers.objects import at
from hauberk.errors import Level
from hauberk.k8s import maistra
from hauberk.k8s.kind import Manifest

__all__ = ["fields_without_effect", "missing_addons"]

_EFFECTIVE: Mapping[str, tuple[Any, ...]] = {
    # What runs here is never without mTLS between sidecars and control plane.
    "security.controlPlane.mtls": (True,),
    "security.manageNetworkPolicy": (False,),
    "gateways.openshiftRoute.enabled": (False,),
    "telemetry.type": ("None", "Istiod"),
    "policy.type": ("None", "Istiod"),
}
"""Dotted path to the values that have an effect."""


def fields_without_effect(smcp: Manifest) -> list[str]:
    """The dotted paths in what a user wrote, sorted, that change nothing here."""
    spec = smcp.get("spec") or {}
    warnings = (finding for finding in maistra.SERVICE_MESH_CONTROL_PLANE.validate(smcp) if finding.level is Level.WARNING)
    found = {finding.path for finding in warnings}
    found |= {f"spec.{path}" for path, values in _EFFECTIVE.items() if at(spec, path) not in (None, *values)}
    return sorted(found | set(_service_types(spec)))


def _service_types(spec: Manifest) -> Iterator[str]:
    """Nothing but a ClusterIP is given out; gateways are reached from this machine through their Routes."""
    gateways = spec.get("gateways") or {}
    named = {field: gateways.get(field) for field in ("ingress", "egress")}
    for field in ("additionalIngress", "additionalEgress"):
        named |= {f"{field}.{name}": gateway for name, gateway in (gateways.get(field) or {}).items()}
    for name, gateway in named.items():
        if at(gateway or {}, "service.type", "ClusterIP") != "ClusterIP":
            yield f"spec.gateways.{name}.service.type"


def missing_addons(applied: Manifest) -> list[str]:
    """The add-ons that a spec, profiles merged in, switches on; none is shipped here."""
    addons = applied.get("addons") or {}
    found = [name for name in ("prometheus", "grafana", "kiali") if (addons.get(name) or {}).get("enabled")]
    return [*found, "jaeger"] if (applied.get("tracing") or {}).get("type") == "Jaeger" else found
