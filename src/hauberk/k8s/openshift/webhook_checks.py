"""What OpenShift Service Mesh's validating webhook says about a ServiceMeshControlPlane by itself, in its words.

Findings HBK0302; the API answers the first of them as that webhook does (`controllers.admission`). What depends on other control
planes is there too. Source: maistra istio-operator pkg/controller/versions, webhooks/validation/controlplane.go.
"""

from collections.abc import Iterator
from typing import Any, Final

from hauberk.k8s.durations import parse_go_duration
from hauberk.k8s.kind import Manifest, namespace_of
from hauberk.k8s.review import Review

__all__ = ["DEFAULT_VERSION", "VERSIONS", "check_as_the_webhook"]

_CODE: Final = "HBK0302"
VERSIONS: Final = ("v2.0", "v2.1", "v2.2", "v2.3", "v2.4", "v2.5")
DEFAULT_VERSION: Final = "v2.5"
_DROPPED: Final = ("v1.0",)
_RESERVED: Final = ("istio-ingressgateway", "istio-egressgateway")


def check_as_the_webhook(obj: Manifest, review: Review) -> None:
    """Check version, mode, gateways' names and the timeout of protocol detection."""
    spec = obj.get("spec") or {}
    version = str(spec.get("version") or DEFAULT_VERSION)
    if version not in VERSIONS:
        review.add(_CODE, "spec.version", _objection_to(version), f"Write one of {', '.join(VERSIONS)}.")
        return
    for path, message, fix in (*_mode(spec, version), *_gateways(spec, namespace_of(obj)), *_protocol(spec)):
        review.add(_CODE, path, message, fix)


_Remark = tuple[str, str, str]
"""(path, message, fix)."""


def _objection_to(version: str) -> str:
    listed = f"[{' '.join(VERSIONS)}]"
    if version in _DROPPED:
        return f"support for {version} has been dropped"
    if version == "v1.1":
        return f"Only '{listed}' versions are supported"
    return f"invalid Version specified; supported versions are: {listed}"


def _mode(spec: Manifest, version: str) -> Iterator[_Remark]:
    mesh_config, tech_preview = spec.get("meshConfig"), spec.get("techPreview") or {}
    if version < "v2.4":
        fix = "Take it out, or write version: v2.4 or later."
        if spec.get("mode"):
            yield "spec.mode", "the spec.mode field is only supported in version 2.4 and above", fix
        if mesh_config is not None:
            yield "spec.meshConfig", "the spec.meshConfig field is only supported in version 2.4 and above", fix
        return
    if "controlPlaneMode" in tech_preview:
        message = "the spec.techPreview.controlPlaneMode field is not supported in version 2.4+; use spec.mode"
        yield "spec.techPreview.controlPlaneMode", message, "Write mode: ClusterWide or mode: MultiTenant."
    if (mesh_config or {}).get("discoverySelectors") and spec.get("mode") != "ClusterWide":
        message = "spec.meshConfig.discoverySelectors may only be used when spec.mode is ClusterWide"
        yield "spec.meshConfig.discoverySelectors", message, "Take it out: members decide what a mesh sees."


def _gateways(spec: Manifest, home: str) -> Iterator[_Remark]:
    gateways = spec.get("gateways") or {}
    ingress, egress = (gateways.get(field) or {} for field in ("ingress", "egress"))
    seen = {_full_name(_RESERVED[0], ingress, home), _full_name(_RESERVED[1], egress, home)}
    for field in ("additionalIngress", "additionalEgress"):
        for name, gateway in (gateways.get(field) or {}).items():
            path, full_name = f"spec.gateways.{field}.{name}", _full_name(name, gateway or {}, home)
            if name in _RESERVED:
                yield path, f'cannot define additional gateway named "{name}"', "Give it another name."
            elif full_name in seen:
                yield path, f'multiple gateways defined for "{full_name}"', "Give each its own name."
            seen.add(full_name)


def _full_name(name: str, gateway: Manifest, home: str) -> str:
    return f"{gateway.get('namespace') or home}/{name}"


def _protocol(spec: Manifest) -> Iterator[_Remark]:
    value: Any = spec
    path = "proxy.networking.protocol.autoDetect.timeout"
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value and parse_go_duration(str(value)) is None:
        message = f'failed parsing spec.{path}, not a valid duration: time: invalid duration "{value}"'
        yield f"spec.{path}", message, "Write a duration as Go does: 100ms, 5s."
