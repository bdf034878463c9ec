"""ServiceMeshMemberRoll: a ServiceMeshMember in each namespace that it asks for, and the tally of them. Pure.

Source: maistra/istio-operator pkg/controller/servicemesh/memberroll/controller.go.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from hauberk import names
from hauberk.controllers.actions import Action, Create, Delete, Patch, PatchStatus
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, itself
from hauberk.controllers.mesh.membership import DEFAULT, FINALIZER, Mesh, control_plane_of, is_cluster_wide, required_namespaces
from hauberk.controllers.objects import (
    annotations_of,
    condition_is,
    condition_of,
    is_terminating,
    merge_difference,
    owner_reference,
    set_condition,
)
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of

__all__ = ["CONTROLLER", "CREATED_BY", "plan", "references"]

CREATED_BY = "maistra.io/created-by"
_ROLL_MADE_IT = "servicemeshmemberroll-controller"
_PLANE_MADE_IT = "servicemeshcontrolplane-controller"
_SMMR, _SMM, _SMCP = maistra.SERVICE_MESH_MEMBER_ROLL, maistra.SERVICE_MESH_MEMBER, maistra.SERVICE_MESH_CONTROL_PLANE


def references(member: Manifest) -> Mesh:
    """The control plane that a ServiceMeshMember names."""
    reference = (member.get("spec") or {}).get("controlPlaneRef") or {}
    return Mesh(str(reference.get("namespace", "")), str(reference.get("name", "")))


def plan(cluster: Cluster, key: Key, now: datetime) -> Sequence[Action]:
    """Make the members that are missing, delete those that we made and nobody asks for any more, report."""
    roll = cluster.get(_SMMR, *key)
    if roll is None:
        return _make_roll(cluster, key)
    if is_terminating(roll):
        return _dissolve(roll, cluster)
    if key.name != DEFAULT:
        message = 'the ServiceMeshMemberRoll name is invalid; must be "default"'
        return _patch_status(roll, {"conditions": _ready(roll, "False", "ErrInvalidName", message, now)})
    planes = cluster.list(_SMCP, key.namespace)
    if len(planes) != 1:
        return _without_plane(roll, cluster, len(planes), now)
    mesh = Mesh(key.namespace, name_of(planes[0]))
    required = required_namespaces(roll, cluster)
    return [*_hold(roll), *_join(mesh, required, cluster), *_leave(mesh, required, cluster), *_report(roll, mesh, required, cluster, now)]


def _make_roll(cluster: Cluster, key: Key) -> list[Action]:
    """A control plane that sees all namespaces gets a roll of those that ask for sidecars as upstream Istio's users do."""
    plane = control_plane_of(cluster, key.namespace)
    if key.name != DEFAULT or plane is None or is_terminating(plane) or not is_cluster_wide(plane):
        return []
    metadata = {
        "name": DEFAULT,
        "namespace": key.namespace,
        "annotations": {CREATED_BY: _PLANE_MADE_IT},
        "ownerReferences": [owner_reference(_SMCP, plane)],
    }
    spec = {"memberSelectors": [{"matchLabels": {names.LABEL_ISTIO_INJECTION: names.INJECTION_ENABLED}}]}
    return [Create(_SMMR, {"apiVersion": _SMMR.api_version, "kind": _SMMR.kind, "metadata": metadata, "spec": spec})]


def _hold(roll: Manifest) -> list[Action]:
    finalizers = roll["metadata"].get("finalizers") or []
    if FINALIZER in finalizers:
        return []
    return [Patch(_SMMR, namespace_of(roll), name_of(roll), {"metadata": {"finalizers": [*finalizers, FINALIZER]}})]


def _join(mesh: Mesh, required: Iterable[str], cluster: Cluster) -> list[Action]:
    missing = [name for name in required if _is_open(name, cluster) and cluster.get(_SMM, name, DEFAULT) is None]
    return [Create(_SMM, _member(mesh, name)) for name in missing]


def _is_open(namespace: str, cluster: Cluster) -> bool:
    found = cluster.get(core.NAMESPACE, "", namespace)
    return found is not None and not is_terminating(found)


def _member(mesh: Mesh, namespace: str) -> Manifest:
    return {
        "apiVersion": _SMM.api_version,
        "kind": _SMM.kind,
        "metadata": {"name": DEFAULT, "namespace": namespace, "annotations": {CREATED_BY: _ROLL_MADE_IT}},
        "spec": {"controlPlaneRef": {"name": mesh.name, "namespace": mesh.namespace}},
    }


def _leave(mesh: Mesh, required: Sequence[str], cluster: Cluster) -> list[Action]:
    surplus = [one for one in _made_for(mesh.namespace, cluster) if namespace_of(one) not in required or references(one) != mesh]
    return [_delete(member) for member in surplus if not is_terminating(member)]


def _made_for(namespace: str, cluster: Cluster) -> list[Manifest]:
    """The members that rolls made for meshes in a namespace; those that users made are theirs to delete."""
    members = (one for one in cluster.list(_SMM) if references(one).namespace == namespace)
    return [one for one in members if annotations_of(one).get(CREATED_BY) == _ROLL_MADE_IT]


def _delete(member: Manifest) -> Delete:
    return Delete(_SMM, namespace_of(member), name_of(member), uid_of(member))


def _dissolve(roll: Manifest, cluster: Cluster) -> Sequence[Action]:
    finalizers = roll["metadata"].get("finalizers") or []
    if FINALIZER not in finalizers:
        return ()
    # Only `default` ever made members; another's deletion must not take those along.
    members = _made_for(namespace_of(roll), cluster) if name_of(roll) == DEFAULT else []
    if members:
        return [_delete(member) for member in members if not is_terminating(member)]
    left = [name for name in finalizers if name != FINALIZER]
    return (Patch(_SMMR, namespace_of(roll), name_of(roll), {"metadata": {"finalizers": left or None}}),)


# -- Status -----------------------------------------------------------------------------------------------------------
def _without_plane(roll: Manifest, cluster: Cluster, planes: int, now: datetime) -> list[Action]:
    """Nobody to belong to: all members are pending, and those that were made are taken back once no control plane is left."""
    if planes:
        reason, message = "ErrMultipleSMCPs", "Multiple ServiceMeshControlPlane resources exist in the namespace"
        return _patch_status(roll, {"conditions": _ready(roll, "False", reason, message, now)})
    required = required_namespaces(roll, cluster)
    message = "No ServiceMeshControlPlane exists in the namespace"
    status = _tally(required, [], [], []) | {"conditions": _ready(roll, "False", "ErrSMCPMissing", message, now)}
    taken_back = [_delete(member) for member in _made_for(namespace_of(roll), cluster) if not is_terminating(member)]
    return [*_hold(roll), *taken_back, *_patch_status(roll, status)]


def _report(roll: Manifest, mesh: Mesh, required: Sequence[str], cluster: Cluster, now: datetime) -> list[Action]:
    own = {namespace_of(one): one for one in cluster.list(_SMM) if references(one) == mesh and name_of(one) == DEFAULT}
    # A namespace that is asked for again while it still leaves is pending, not terminating.
    terminating = sorted(name for name, member in own.items() if is_terminating(member) and name not in required)
    members = sorted({*required, *own} - set(terminating))
    configured = [name for name in members if name in own and not is_terminating(own[name]) and condition_is(own[name], "Reconciled")]
    statuses = [_member_status(name, mesh, cluster, now, roll) for name in members]
    pending = [name for name in members if name not in configured]
    if pending:
        message = f"The following namespaces are not yet configured: [{' '.join(pending)}]"
        conditions = _ready(roll, "False", "ReconcileError", message, now)
    else:
        conditions = _ready(roll, "True", "Configured", "All namespaces have been configured successfully", now)
    status = _tally(members, configured, terminating, statuses) | {"conditions": conditions}
    status["observedGeneration"] = roll["metadata"].get("generation", 1)
    plane = cluster.get(_SMCP, *mesh) or {}
    reconciled: Manifest = plane.get("status") or {}
    status |= {"meshGeneration": reconciled.get("observedGeneration", 0), "meshReconciledVersion": reconciled.get("reconciledVersion", "")}
    return _patch_status(roll, status)


def _tally(members: Sequence[str], configured: Sequence[str], terminating: Sequence[str], statuses: Sequence[Manifest]) -> dict[str, Any]:
    return {
        "members": list(members),
        "configuredMembers": list(configured),
        "pendingMembers": [name for name in members if name not in configured],
        "terminatingMembers": list(terminating),
        "memberStatuses": list(statuses),
        "annotations": {"configuredMemberCount": f"{len(configured)}/{len(members)}"},
    }


def _member_status(namespace: str, mesh: Mesh, cluster: Cluster, now: datetime, roll: Manifest) -> Manifest:
    """The member's own conditions, or why there is no member of ours."""
    member = cluster.get(_SMM, namespace, DEFAULT)
    if cluster.get(core.NAMESPACE, "", namespace) is None:
        condition = _not_reconciled("NamespaceNotExists", f"Namespace {namespace} does not exist")
    elif member is not None and references(member) != mesh:
        other = references(member)
        message = f"ServiceMeshMember {namespace}/default exists, but references ServiceMeshControlPlane {other}"
        condition = _not_reconciled("ReferencesDifferentControlPlane", message)
    else:
        reported = (member or {}).get("status", {}).get("conditions") or []
        return {"namespace": namespace, "conditions": [one for one in reported if one["type"] == "Reconciled"]}
    # Kept from the last report, so that the time of the condition does not move with each.
    statuses = (roll.get("status") or {}).get("memberStatuses") or ()
    known: Sequence[Manifest] = next((one.get("conditions") or [] for one in statuses if one["namespace"] == namespace), [])
    return {"namespace": namespace, "conditions": set_condition(known, condition, now=now)}


def _not_reconciled(reason: str, message: str) -> Manifest:
    return {"type": "Reconciled", "status": "False", "reason": reason, "message": message}


def _ready(roll: Manifest, status: str, reason: str, message: str, now: datetime) -> list[Manifest]:
    known = condition_of(roll, "Ready")
    condition = {"type": "Ready", "status": status, "reason": reason, "message": message}
    return set_condition([known] if known else [], condition, now=now)


def _patch_status(roll: Manifest, status: dict[str, Any]) -> list[Action]:
    known = roll.get("status") or {}
    change = merge_difference(known, known | status)
    return [PatchStatus(_SMMR, namespace_of(roll), name_of(roll), change)] if change else []


# -- The controller ---------------------------------------------------------------------------------------------------
def _rolls_beside(obj: Manifest, _cluster: Cluster) -> tuple[Key, ...]:
    """The roll in a control plane's namespace."""
    return (Key(namespace_of(obj), DEFAULT),)


def _rolls_of_member(member: Manifest, cluster: Cluster) -> list[Key]:
    """The roll of the mesh that it names, and those that would have liked the namespace."""
    keys = [Key(references(member).namespace, DEFAULT)] if references(member).namespace else []
    return [*keys, *_rolls_of_namespace(namespace_of(member), cluster)]


def _rolls_of_namespace(namespace: str, cluster: Cluster) -> list[Key]:
    rolls = cluster.list(_SMMR)
    return [Key(namespace_of(roll), name_of(roll)) for roll in rolls if _may_concern(roll, namespace)]


def _may_concern(roll: Manifest, namespace: str) -> bool:
    """A selector may have matched before, so all rolls with one are concerned by each namespace."""
    spec = roll.get("spec") or {}
    return bool(spec.get("memberSelectors")) or bool({namespace, "*"} & set(spec.get("members") or ()))


_WATCHES = (
    Watch(_SMMR, itself),
    Watch(_SMM, _rolls_of_member),
    Watch(_SMCP, _rolls_beside),
    Watch(core.NAMESPACE, lambda namespace, cluster: _rolls_of_namespace(name_of(namespace), cluster)),
)
CONTROLLER = Controller("servicemeshmemberroll-controller", _WATCHES, plan)
