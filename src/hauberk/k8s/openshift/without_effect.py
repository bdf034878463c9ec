"""Fields that are there, but not with every value: the one place that says which values change nothing here.

A field that has no effect at all is marked in the models (`models.LATER`). Both come out as warnings HBK0390 of the kind's
validation: `kubectl apply` prints them, and the status of the control plane names them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hauberk.k8s.kind import Manifest, value_at
from hauberk.k8s.review import Review

__all__ = ["warn_of_values_without_effect"]

_CODE: Final = "HBK0390"
_EFFECTIVE: Final[Mapping[str, tuple[Any, ...]]] = {
    # What runs here is never without mTLS between sidecars and control plane.
    "security.controlPlane.mtls": (True,),
    "security.controlPlane.certProvider": ("Istiod",),
    "telemetry.type": ("None", "Istiod"),
    "policy.type": ("None", "Istiod"),
}
"""Dotted path to the values that have an effect."""


def warn_of_values_without_effect(spec: Manifest, review: Review) -> None:
    """Warn of each value in `spec` (as the user wrote it) that changes nothing here."""
    for path, values in _EFFECTIVE.items():
        given = value_at(spec, *path.split("."))
        if given not in (None, *values):
            listed = " or ".join("true" if value is True else str(value) for value in values)
            review.warn(_CODE, f"spec.{path}", "this value has no effect.", f"Write {listed}, or leave it out.")
    for path in _preview_fields(spec.get("techPreview")):
        review.warn(_CODE, f"spec.techPreview.{path}", "this field has no effect.", "Take it out; meshConfig.meshMTLS works.")
    for name in _service_types(spec):
        message = "only a ClusterIP is given out; this machine reaches a gateway through its Route."
        review.warn(_CODE, f"spec.gateways.{name}.service.type", message, "Write ClusterIP, or leave it out.")


def _preview_fields(preview: Any) -> Iterator[str]:
    """Paths in techPreview, which is free in form, that nobody reads."""
    for field, value in (preview or {}).items() if isinstance(preview, dict) else ():
        if field == "meshConfig" and isinstance(value, dict):
            yield from (f"meshConfig.{inner}" for inner in value if inner != "meshMTLS")
        elif field != "controlPlaneMode":
            yield field


def _service_types(spec: Manifest) -> Iterator[str]:
    gateways = spec.get("gateways") or {}
    named = {field: gateways.get(field) for field in ("ingress", "egress")}
    for field in ("additionalIngress", "additionalEgress"):
        named |= {f"{field}.{name}": gateway for name, gateway in (gateways.get(field) or {}).items()}
    for name, gateway in named.items():
        if value_at(gateway or {}, "service", "type") not in (None, "ClusterIP"):
            yield name
