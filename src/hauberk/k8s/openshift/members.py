"""ServiceMeshMemberRoll and ServiceMeshMember (maistra.io/v1): which namespaces belong to a mesh.

Findings HBK0311 and HBK0321 are the validating webhooks' own, in their words. Source: maistra istio-operator
pkg/controller/servicemesh/webhooks/validation/{memberroll,member}.go.
"""

import re
from collections import Counter
from typing import Final

from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.k8s.models import OpenObject, Part
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
_ROLL: Final = "HBK0311"
_MEMBER: Final = "HBK0321"


class MemberRollSpec(Part):
    """The namespaces of a mesh."""

    members: list[str] | None = None
    """Names of namespaces; one that does not exist yet joins when it is made."""
    member_selectors: list[OpenObject] | None = None
    """Labels of namespaces that belong to the mesh; of several selectors one must fit."""


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
    """Check the roll's name and its members."""
    if name_of(obj) != _NAME:
        review.add(_ROLL, "metadata.name", "ServiceMeshMemberRoll must be named 'default'", "Name it default.")
    spec = MemberRollSpec.model_validate(obj.get("spec") or {})
    members = spec.members or []
    if members and spec.member_selectors:
        why = "combining .spec.members and .spec.memberSelectors is not allowed"
        review.add(_ROLL, "spec.memberSelectors", why, "Keep one of them.")
    if "*" in members:
        if len(members) > 1:
            why = "when .spec.members contains an asterisk ('*'), it must contain no other entries"
            review.add(_ROLL, "spec.members", why, "Take the others out: '*' means all namespaces.")
        return
    for index, member in enumerate(members):
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", member):
            why = f".spec.members contains invalid value '{member}'. Must be a valid namespace name."
            review.add(_ROLL, f"spec.members[{index}]", why, "Write lower case letters, digits and dashes.")
    for member, count in Counter(members).items():
        if count > 1:
            review.add(_ROLL, "spec.members", f"duplicate namespace in .spec.members: {member}", "List it once.")


def check_member(obj: Manifest, review: Review) -> None:
    """Check the member's name."""
    if name_of(obj) != _NAME:
        review.add(_MEMBER, "metadata.name", 'the ServiceMeshMember resource must be named "default"', "Name it default.")


def check_member_update(old: Manifest, new: Manifest, review: Review) -> None:
    """A namespace changes its mesh by a new member, not by another reference."""
    if (old.get("spec") or {}).get("controlPlaneRef") != (new.get("spec") or {}).get("controlPlaneRef"):
        why, fix = "mutation of .spec.controlPlaneRef isn't allowed", "Delete the member and create it anew."
        review.add(_MEMBER, "spec.controlPlaneRef", why, fix)
