"""Profiles of a ServiceMeshControlPlane, and the spec that comes of it when they are merged below the user's. Pure.

Source: maistra/istio-operator resources/smcp-templates/v2.5/{base,default,small,gateway-controller}, pkg/controller/versions/template.go.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hauberk.k8s.kind import Manifest

__all__ = ["DEFAULT_PROFILES", "DEFAULT_VERSION", "ProfileUnknown", "applied_spec"]

DEFAULT_VERSION = "v2.5"
DEFAULT_PROFILES = ("default",)

_BASE: Manifest = {
    "gateways": {
        "enabled": True,
        "ingress": {"enabled": True, "service": {"type": "ClusterIP"}},
        "egress": {"enabled": True},
        "openshiftRoute": {"enabled": True},
    },
    "general": {"logging": {"componentLevels": {"default": "warn"}}},
    "proxy": {
        "injection": {"autoInject": False},
        "networking": {"dns": {"refreshRate": "300s"}, "protocol": {"autoDetect": {"inbound": False, "outbound": False}}},
    },
    "security": {"identity": {"type": "Kubernetes"}},
    "telemetry": {"type": "Istiod"},
    "policy": {"type": "None"},
    "tracing": {"type": "Jaeger"},
    "addons": {
        "prometheus": {"enabled": True},
        "grafana": {"enabled": True},
        "kiali": {"enabled": True},
        "jaeger": {"name": "jaeger", "install": {"storage": {"type": "Memory"}}},
    },
}
_GATEWAY_CONTROLLER: Manifest = {
    "mode": "ClusterWide",
    "gateways": {"enabled": False},
    "tracing": {"type": "None"},
    "addons": {"prometheus": {"enabled": False}, "grafana": {"enabled": False}, "kiali": {"enabled": False}},
}
_PROFILES: Mapping[str, tuple[tuple[str, ...], Manifest]] = {
    "base": ((), _BASE),
    # Requests and limits of the add-ons' containers, of which there are none here.
    "small": ((), {}),
    "default": (("base", "small"), {}),
    "maistra": (("base", "small"), {}),
    "servicemesh": (("base", "small"), {}),
    "gateway-controller": (("base",), _GATEWAY_CONTROLLER),
}
"""Name to (the profiles below it, what it says itself)."""


class ProfileUnknown(Exception):
    """`spec.profiles` names a profile that there is not; the text says which there are."""


def applied_spec(spec: Manifest) -> Manifest:
    """`spec` over its profiles: maps are merged, the user's values win, among profiles the first named does.

    Raises: ProfileUnknown.
    """
    profiles = list(spec.get("profiles") or DEFAULT_PROFILES)
    merged: Manifest = {}
    # From the last to the first, each over the one before: so the first has the last word.
    for name in reversed(profiles):
        merged = _merged(merged, _resolved(name))
    return _merged(merged, spec) | {"profiles": profiles, "version": spec.get("version") or DEFAULT_VERSION}


def _resolved(name: str) -> Manifest:
    if "/" in name:
        raise ProfileUnknown("profile name contains invalid character '/'")
    if name not in _PROFILES:
        raise ProfileUnknown(f"profile {name} does not exist; there are: {', '.join(sorted(_PROFILES))}")
    below, own = _PROFILES[name]
    merged: Manifest = {}
    for profile in reversed(below):
        merged = _merged(merged, _resolved(profile))
    return _merged(merged, own)


def _merged(low: Manifest, high: Manifest) -> Manifest:
    result: dict[str, Any] = deepcopy(low)
    for key, value in high.items():
        known = result.get(key)
        result[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else deepcopy(value)
    return result
