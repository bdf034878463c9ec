"""The condition `CertificateAuthority` of a ServiceMeshControlPlane: a change of the CA under way, or what of it is left out. Pure."""

from typing import Final

from hauberk.controllers.mesh.ca import CaChoice
from hauberk.k8s.kind import Manifest

__all__ = ["ROTATING", "authority_condition"]

ROTATING: Final = "Rotating"
_LEFT_OUT: Final = "PartlyUsed"


def authority_condition(choice: CaChoice) -> Manifest | None:
    """The condition, or None where the CA is as asked for; then there is no such condition."""
    remarks = [str(finding) for finding in choice.findings if finding not in choice.errors]
    if choice.rotation:
        remarks.insert(0, f"Change of the CA, {choice.rotation}.")
    if not remarks:
        return None
    reason = ROTATING if choice.rotation and len(remarks) == 1 else _LEFT_OUT
    return {"type": "CertificateAuthority", "status": "False", "reason": reason, "message": " ".join(remarks)}
