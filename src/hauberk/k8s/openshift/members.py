"""ServiceMeshMemberRoll and ServiceMeshMember (maistra.io/v1): which namespaces belong to a mesh.

Implemented: members by name. Source: maistra istio-operator pkg/controller/servicemesh/webhooks/validation.
"""

import re
from collections import Counter
from typing import Final

from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.k8s.models import LaterList, Part
from hauberk.k8s.review import Review

__all__ = [
    "MemberRollSpec",
    "MemberSpec",
    "check_member",
    "check_member_roll",
    "check_member_update",
    "complete_member_roll",
]

_NAME: Final = "default"


class MemberRollSpec(Part):
    """The namespaces of a mesh."""

    members: list[str] | None = None
    """Names of namespaces; one that does not exist yet joins when it is made."""
    member_selectors: LaterList = None


class ControlPlaneRef(Part):
    """A ServiceMeshControlPlane."""

    name: str
    """Its name."""
    namespace: str
    """Its namespace."""


class MemberSpec(Part):
    """The mesh that the object's namespace belongs to."""

    control_plane_ref: ControlPlaneRef
    """The mesh."""


def complete_member_roll(obj: Manifest) -> None:
    """Take the mesh's own namespace out of the members, as upstream's mutating webhook does."""
    members = (obj.get("spec") or {}).get("members")
    if isinstance(members, list):
        obj["spec"]["members"] = [member for member in members if member != namespace_of(obj)]


def check_member_roll(obj: Manifest, review: Review) -> None:
    """Check the roll's name and its members, with upstream's texts."""
    if name_of(obj) != _NAME:
        review.invalid(
            "metadata.name", name_of(obj), "ServiceMeshMemberRoll must be named 'default'", code="HBK0311", fix="Name it default."
        )
    spec = MemberRollSpec.model_validate(obj.get("spec") or {})
    members = spec.members or []
    if members and spec.member_selectors:
        review.forbidden("spec.memberSelectors", "combining .spec.members and .spec.memberSelectors is not allowed", code="HBK0311")
    if "*" in members:
        _check_wildcard(members, review)
    for index, member in enumerate(members):
        if member != "*" and not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", member):
            why = f".spec.members contains invalid value '{member}'. Must be a valid namespace name."
            review.invalid(f"spec.members[{index}]", member, why, code="HBK0311")
    for member, count in Counter(members).items():
        if count > 1:
            review.invalid("spec.members", member, f"duplicate namespace in .spec.members: {member}", code="HBK0311", fix="List it once.")


def _check_wildcard(members: list[str], review: Review) -> None:
    if len(members) > 1:
        why = "when .spec.members contains an asterisk ('*'), it must contain no other entries"
        review.invalid("spec.members", members, why, code="HBK0311")
    review.warn("HBK0390", "spec.members", "'*' is not implemented yet; it has no effect.", "List the namespaces by name.")


def check_member(obj: Manifest, review: Review) -> None:
    """Check the member's name."""
    if name_of(obj) != _NAME:
        why = 'the ServiceMeshMember resource must be named "default"'
        review.invalid("metadata.name", name_of(obj), why, code="HBK0321", fix="Name it default.")


def check_member_update(old: Manifest, new: Manifest, review: Review) -> None:
    """A namespace changes its mesh by a new member, not by another reference."""
    if (old.get("spec") or {}).get("controlPlaneRef") != (new.get("spec") or {}).get("controlPlaneRef"):
        why, fix = "mutation of .spec.controlPlaneRef isn't allowed", "Delete the member and create it anew."
        review.forbidden("spec.controlPlaneRef", why, code="HBK0321", fix=fix)
