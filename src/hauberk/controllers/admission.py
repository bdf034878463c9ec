"""What OpenShift Service Mesh's webhooks do to control planes, rolls and members: complete them, or refuse them. Pure.

Only what needs other objects or the object's former state is here; what a manifest can be told by itself is `Kind.validate`'s.
`runtime` makes admission plugins of these functions. Source: maistra/istio-operator pkg/controller/servicemesh/webhooks.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass

from hauberk.controllers.mesh.membership import DEFAULT, Reader
from hauberk.controllers.objects import is_terminating
from hauberk.controllers.smcp.profiles import DEFAULT_PROFILES, DEFAULT_VERSION
from hauberk.k8s import maistra
from hauberk.k8s.kind import Manifest, name_of, namespace_of

__all__ = [
    "Objection",
    "complete_control_plane",
    "complete_member_roll",
    "object_to_control_plane",
    "object_to_member",
    "object_to_member_roll",
]

_SMCP, _SMMR, _SMM = maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL, maistra.SERVICE_MESH_MEMBER
_NO_IOR_FROM = (2, 5)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an object is refused: HTTP 400, as the real webhooks answer."""

    webhook: str
    message: str
    code: int = 400

    def __str__(self) -> str:
        return f'admission webhook "{self.webhook}" denied the request: {self.message}'


def complete_control_plane(smcp: Manifest, old: Manifest | None) -> Manifest:
    """The version (on update the one it had), the profile, and from v2.5 on no Routes per Gateway unless asked for."""
    completed: Manifest = deepcopy(smcp)
    spec = completed.setdefault("spec", {})
    if not spec.get("version"):
        spec["version"] = ((old or {}).get("spec") or {}).get("version") or DEFAULT_VERSION
    if not spec.get("profiles"):
        spec["profiles"] = list(DEFAULT_PROFILES)
    if old is None and _version(spec["version"]) >= _NO_IOR_FROM:
        gateways = spec.get("gateways") or {}
        if gateways.get("openshiftRoute") is None:
            spec["gateways"] = gateways | {"openshiftRoute": {"enabled": False}}
    return completed


def _version(text: str) -> tuple[int, ...]:
    numbers = str(text).removeprefix("v").split(".")
    return tuple(int(number) for number in numbers if number.isdecimal())


def object_to_control_plane(smcp: Manifest, old: Manifest | None, reader: Reader) -> Objection | None:
    """One control plane a namespace. Updates of those that are there already pass, so that they can be mended."""
    others = [one for one in reader.list(_SMCP, namespace_of(smcp)) if name_of(one) != name_of(smcp)]
    # Not on update: where two got in (a restored backup), both must stay editable until one goes.
    if old is None and others:
        return Objection("smcp.validation.maistra.io", "only one service mesh may be installed per project/namespace")
    return None


def complete_member_roll(roll: Manifest) -> Manifest:
    """The control plane's own namespace is taken off the list; it is part of its mesh anyway."""
    members = (roll.get("spec") or {}).get("members")
    if not members or namespace_of(roll) not in members:
        return roll
    completed: Manifest = deepcopy(roll)
    completed["spec"]["members"] = [name for name in members if name != namespace_of(roll)]
    return completed


def object_to_member_roll(roll: Manifest, reader: Reader) -> Objection | None:
    """The name, and namespaces that another roll has already."""
    webhook = "smmr.validation.maistra.io"
    if is_terminating(roll):
        return None
    if name_of(roll) != DEFAULT:
        return Objection(webhook, "ServiceMeshMemberRoll must be named 'default'")
    # `*` overlaps with everything by nature; each namespace it finds is settled by its ServiceMeshMember.
    members = set((roll.get("spec") or {}).get("members") or ()) - {"*"}
    if members & _listed_elsewhere(roll, reader.list(_SMMR)):
        return Objection(webhook, "one or more members are already defined in another ServiceMeshMemberRoll")
    return None


def _listed_elsewhere(roll: Manifest, rolls: Iterable[Manifest]) -> set[str]:
    others = (one for one in rolls if namespace_of(one) != namespace_of(roll))
    return {name for one in others for name in (one.get("spec") or {}).get("members") or ()}


def object_to_member(member: Manifest, old: Manifest | None) -> Objection | None:
    """The name, and a control plane that is exchanged for another."""
    webhook = "smm.validation.maistra.io"
    if is_terminating(member):
        return None
    if name_of(member) != DEFAULT:
        return Objection(webhook, 'the ServiceMeshMember resource must be named "default"')
    if old is not None and _reference(old) != _reference(member):
        return Objection(webhook, "mutation of .spec.controlPlaneRef isn't allowed")
    return None


def _reference(member: Manifest) -> Manifest:
    return dict((member.get("spec") or {}).get("controlPlaneRef") or {})
