"""What of a ServiceMeshControlPlane changes nothing here, so that status can name it instead of passing over it. Pure.

Which fields and values those are, the kind's own validation knows (`k8s/openshift/without_effect.py`, and LATER in the models).
"""

from hauberk.errors import Level
from hauberk.k8s import maistra
from hauberk.k8s.kind import Manifest

__all__ = ["fields_without_effect", "missing_addons"]


def fields_without_effect(smcp: Manifest) -> list[str]:
    """The dotted paths in what a user wrote, sorted, that change nothing here."""
    findings = maistra.SERVICE_MESH_CONTROL_PLANE.validate(smcp)
    return sorted({finding.path for finding in findings if finding.level is Level.WARNING})


def missing_addons(applied: Manifest) -> list[str]:
    """The add-ons that a spec, profiles merged in, switches on; none is shipped here."""
    addons = applied.get("addons") or {}
    found = [name for name in ("prometheus", "grafana", "kiali") if (addons.get(name) or {}).get("enabled")]
    return [*found, "jaeger"] if (applied.get("tracing") or {}).get("type") == "Jaeger" else found
