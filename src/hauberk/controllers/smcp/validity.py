"""What a spec is refused for only when its profiles are merged in: as upstream, when it is reconciled. Pure.

Source: maistra/istio-operator pkg/controller/versions (validatePrometheusEnabledWhenDefaultKialiEnabled).
"""

from hauberk.controllers.smcp.parts import ControlPlane

__all__ = ["spec_objection"]


def spec_objection(plane: ControlPlane) -> str | None:
    """Why the mesh cannot be made of its spec, in upstream's words; None where it can."""
    kiali, prometheus = (bool(plane.says(f"addons.{addon}.enabled")) for addon in ("kiali", "prometheus"))
    if kiali and not prometheus and not plane.says("addons.kiali.name"):
        return (
            ".spec.addons.prometheus.enabled must be true when .spec.addons.kiali.enabled is true "
            "and spec.addons.kiali.name is not specified"
        )
    return None
