"""What OpenShift Service Mesh's webhooks do to control planes, rolls and members: complete them, or refuse them. Pure.

What needs other objects, the object's former state or the user is decided here; what the webhooks tell from a manifest by itself
is `Kind.validate`'s, and is only put into their words here. Where the schema does not hold nothing is said: as upstream, the API
answers that first. `runtime` makes admission plugins of these functions. Source: maistra/istio-operator
pkg/controller/servicemesh/webhooks, pkg/controller/versions.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass

from hauberk.controllers.mesh.membership import Mesh, Reader, is_cluster_wide
from hauberk.controllers.objects import is_terminating
from hauberk.controllers.smcp.profiles import DEFAULT_PROFILES, DEFAULT_VERSION
from hauberk.errors import Level
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of

__all__ = [
    "Access",
    "Asker",
    "Objection",
    "complete_control_plane",
    "complete_member_roll",
    "object_to_control_plane",
    "object_to_member",
    "object_to_member_roll",
]

_SMCP, _SMMR, _SMM = maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL, maistra.SERVICE_MESH_MEMBER
_SMCP_WEBHOOK, _SMMR_WEBHOOK, _SMM_WEBHOOK = (f"{kind}.validation.maistra.io" for kind in ("smcp", "smmr", "smm"))
_NO_IOR_FROM = (2, 5)


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody would do; an empty namespace means all of them, an empty name any."""

    verb: str
    kind: Kind
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose request it is, and what the API's authorizer lets them do."""

    name: str
    may: Callable[[Access], bool]


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an object is refused: HTTP 400 or 403, as the real webhooks answer."""

    webhook: str
    message: str
    code: int = 400

    def __str__(self) -> str:
        return f'admission webhook "{self.webhook}" denied the request: {self.message}'


def complete_control_plane(smcp: Manifest, old: Manifest | None) -> Manifest:
    """The version (on update the one it had), the profile, and from v2.5 on no Routes per Gateway unless asked for."""
    completed: Manifest = deepcopy(smcp)
    spec = completed.setdefault("spec", {})
    if not isinstance(spec, dict):  # the schema says so in a moment
        return smcp
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


# -- ServiceMeshControlPlane ------------------------------------------------------------------------------------------
def object_to_control_plane(smcp: Manifest, old: Manifest | None, reader: Reader, asker: Asker) -> Objection | None:
    """One control plane a namespace, and a cluster-wide one alone. Updates of those that are there pass, so that they can be mended."""
    objection = None
    # Not on update: where two got in (a restored backup), both must stay editable until one goes.
    if old is None and any(name_of(one) != name_of(smcp) for one in reader.list(_SMCP, namespace_of(smcp))):
        objection = "only one service mesh may be installed per project/namespace"
    elif not is_terminating(smcp):
        objection = _denied(_SMCP, smcp, "HBK0302") or (_beside_others(smcp, reader) if old is None else _mode_changed(smcp, old))
    if objection is not None:
        return Objection(_SMCP_WEBHOOK, objection)
    if old is None and is_cluster_wide(smcp) and not asker.may(Access("create", _SMCP)):
        message = 'a cluster-scoped SMCP may only be created by users with cluster-scoped "create SMCP" permissions'
        return Objection(_SMCP_WEBHOOK, message, 403)
    return None


def _beside_others(smcp: Manifest, reader: Reader) -> str | None:
    mesh = Mesh(namespace_of(smcp), name_of(smcp))
    others = [one for one in reader.list(_SMCP) if Mesh(namespace_of(one), name_of(one)) != mesh]
    if is_cluster_wide(smcp) and others:
        return "a cluster-scoped SMCP may only be created when no other SMCPs exist"
    if any(is_cluster_wide(one) for one in others):
        return "no other SMCPs may be created when a cluster-scoped SMCP exists"
    return None


def _mode_changed(smcp: Manifest, old: Manifest) -> str | None:
    if is_cluster_wide(smcp) == is_cluster_wide(old):
        return None
    return "field spec.mode is immutable; to change its value, delete the ServiceMeshControlPlane and recreate it"


# -- ServiceMeshMemberRoll --------------------------------------------------------------------------------------------
def complete_member_roll(roll: Manifest) -> Manifest:
    """The control plane's own namespace is taken off the list; it is part of its mesh anyway."""
    members = (roll.get("spec") or {}).get("members")
    if not isinstance(members, list) or namespace_of(roll) not in members:
        return roll
    completed: Manifest = deepcopy(roll)
    completed["spec"]["members"] = [name for name in members if name != namespace_of(roll)]
    return completed


def object_to_member_roll(roll: Manifest, old: Manifest | None, reader: Reader, asker: Asker) -> Objection | None:
    """What the roll says by itself, namespaces that another roll has already, and namespaces that are not the user's to give."""
    if is_terminating(roll) or not _is_sound(_SMMR, roll, "HBK0311"):
        return None
    if denied := _denied(_SMMR, roll, "HBK0311"):
        return Objection(_SMMR_WEBHOOK, denied)
    members, elsewhere = _members(roll), _listed_elsewhere(roll, reader.list(_SMMR))
    if members & elsewhere or (members and "*" in elsewhere) or ("*" in members and elsewhere):
        return Objection(_SMMR_WEBHOOK, "one or more members are already defined in another ServiceMeshMemberRoll")
    denied = _not_theirs(roll, old, asker)
    return Objection(_SMMR_WEBHOOK, denied, 403) if denied else None


def _not_theirs(roll: Manifest, old: Manifest | None, asker: Asker) -> str | None:
    """Who may change the pods of a namespace may put it into a mesh. What was in the roll before is not asked again."""
    if asker.may(Access("update", core.POD)):
        return None
    if "*" in _members(roll) or _selectors(roll):
        if old is not None and (_members(old), _selectors(old)) == (_members(roll), _selectors(roll)):
            return None
        start = "only users that are allowed to update pods at the cluster scope are allowed to use wildcards or member selectors"
        return f"{start}; user {asker.name} does not have that permission"
    added = _members(roll) - (_members(old) if old is not None else set())
    rejected = [name for name in sorted(added) if not asker.may(Access("update", core.POD, name))]
    return f"user '{asker.name}' does not have permission to access namespace(s): [{' '.join(rejected)}]" if rejected else None


def _members(roll: Manifest) -> set[str]:
    return set((roll.get("spec") or {}).get("members") or ())


def _selectors(roll: Manifest) -> list[Manifest]:
    return list((roll.get("spec") or {}).get("memberSelectors") or ())


def _listed_elsewhere(roll: Manifest, rolls: Iterable[Manifest]) -> set[str]:
    others = (one for one in rolls if namespace_of(one) != namespace_of(roll))
    return {name for one in others for name in _members(one)}


# -- ServiceMeshMember ------------------------------------------------------------------------------------------------
def object_to_member(member: Manifest, old: Manifest | None, asker: Asker) -> Objection | None:
    """The name, a control plane that is exchanged for another, and one that the user may not use."""
    if is_terminating(member) or not _is_sound(_SMM, member, "HBK0321"):
        return None
    if denied := _denied(_SMM, member, "HBK0321"):
        return Objection(_SMM_WEBHOOK, denied)
    reference = _reference(member)
    if old is not None and _reference(old) != reference:
        return Objection(_SMM_WEBHOOK, "mutation of .spec.controlPlaneRef isn't allowed")
    if not asker.may(Access("use", _SMCP, reference.namespace, reference.name)):
        return Objection(_SMM_WEBHOOK, f"user '{asker.name}' does not have permission to use ServiceMeshControlPlane {reference}", 403)
    return None


def _reference(member: Manifest) -> Mesh:
    reference = (member.get("spec") or {}).get("controlPlaneRef") or {}
    return Mesh(str(reference.get("namespace", "")), str(reference.get("name", "")))


# -- What the object says by itself -----------------------------------------------------------------------------------
def _is_sound(kind: Kind, obj: Manifest, code: str) -> bool:
    return all(finding.code == code for finding in kind.validate(obj) if finding.level is Level.ERROR)


def _denied(kind: Kind, obj: Manifest, code: str) -> str | None:
    """The first of the webhook's own findings about an object whose schema holds."""
    if not _is_sound(kind, obj, code):
        return None
    return next((finding.message for finding in kind.validate(obj) if finding.level is Level.ERROR), None)
