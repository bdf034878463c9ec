"""ServiceMeshMember: makes its namespace part of a mesh, and undoes that when it goes. Pure.

Source: maistra/istio-operator pkg/controller/servicemesh/member/controller.go.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hauberk import names
from hauberk.controllers.actions import Action, Attempt, Create, Delete, Patch, PatchStatus
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, itself
from hauberk.controllers.mesh.member_roll import CREATED_BY, references
from hauberk.controllers.mesh.membership import DEFAULT, FINALIZER, Mesh
from hauberk.controllers.objects import annotations_of, is_terminating, labels_of, merge_difference, set_condition
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of

__all__ = ["CONTROLLER", "plan"]

_MEMBER_MADE_IT = "servicemeshmember-controller"
_SMMR, _SMM, _SMCP = maistra.SERVICE_MESH_MEMBER_ROLL, maistra.SERVICE_MESH_MEMBER, maistra.SERVICE_MESH_CONTROL_PLANE


def plan(cluster: Cluster, key: Key, now: datetime) -> Sequence[Action]:
    """Label the namespace as a member, or unlabel it; report."""
    member = cluster.get(_SMM, *key)
    if member is None:
        return ()
    mesh = references(member)
    if is_terminating(member):
        return _let_go(member, mesh, cluster, now)
    if key.name != DEFAULT:
        return _report(member, "InvalidName", 'the ServiceMeshMember name is invalid; must be "default"', now)
    return [*_hold(member), *_join(member, mesh, cluster, now)]


def _join(member: Manifest, mesh: Mesh, cluster: Cluster, now: datetime) -> Sequence[Action]:
    name = namespace_of(member)
    if cluster.get(_SMCP, *mesh) is None:
        message = "the referenced ServiceMeshControlPlane object does not exist"
        # The label goes: it would keep another mesh from taking the namespace.
        return [*_unlabel(name, mesh, cluster), *_report(member, "ErrorControlPlaneMissing", message, now)]
    if objection := _objection(name, mesh, cluster):
        return _report(member, "ErrorConfiguringNamespace", objection, now)
    namespace = cluster.get(core.NAMESPACE, "", name)
    labelled = namespace is not None and labels_of(namespace).get(names.LABEL_MEMBER_OF) == mesh.namespace
    if not labelled:  # the report follows when the label is seen
        label: Manifest = {"metadata": {"labels": {names.LABEL_MEMBER_OF: mesh.namespace}}}
        refused = _status(member, "ErrorConfiguringNamespace", "{error}", now)
        return [*_roll(member, mesh, cluster, now), Attempt(Patch(core.NAMESPACE, "", name, label), refused)]
    return [*_roll(member, mesh, cluster, now), *_report(member, "", "", now)]


def _hold(member: Manifest) -> list[Action]:
    finalizers = member["metadata"].get("finalizers") or []
    if FINALIZER in finalizers:
        return []
    return [Patch(_SMM, namespace_of(member), name_of(member), {"metadata": {"finalizers": [*finalizers, FINALIZER]}})]


def _objection(name: str, mesh: Mesh, cluster: Cluster) -> str | None:
    namespace = cluster.get(core.NAMESPACE, "", name)
    if namespace is None or is_terminating(namespace):
        return "namespace is terminating"
    present = labels_of(namespace).get(names.LABEL_MEMBER_OF)
    if present and present != mesh.namespace:
        return f"cannot reconcile namespace {name} in mesh {mesh.namespace}, as it is already a member of {present}"
    return None


def _roll(member: Manifest, mesh: Mesh, cluster: Cluster, now: datetime) -> list[Action]:
    """A member that joins by itself gets a roll to be counted in."""
    if cluster.get(_SMMR, mesh.namespace, DEFAULT) is not None:
        return []
    metadata = {"name": DEFAULT, "namespace": mesh.namespace, "annotations": {CREATED_BY: _MEMBER_MADE_IT}}
    roll = {"apiVersion": _SMMR.api_version, "kind": _SMMR.kind, "metadata": metadata, "spec": {"members": []}}
    return [Attempt(Create(_SMMR, roll), _status(member, "CreateMemberRollFailed", "{error}", now))]


def _let_go(member: Manifest, mesh: Mesh, cluster: Cluster, now: datetime) -> Sequence[Action]:
    finalizers = member["metadata"].get("finalizers") or []
    if FINALIZER not in finalizers:
        return ()
    left = [name for name in finalizers if name != FINALIZER]
    unlabel, delete = _unlabel(namespace_of(member), mesh, cluster), _delete_empty_roll(member, mesh, cluster)
    return [
        *_report(member, "Terminating", "", now),
        *(Attempt(action, _status(member, "ErrorRemovingNamespace", "{error}", now)) for action in unlabel),
        *(Attempt(action, _status(member, "DeleteMemberRollFailed", "{error}", now)) for action in delete),
        Patch(_SMM, namespace_of(member), name_of(member), {"metadata": {"finalizers": left or None}}),
    ]


def _unlabel(name: str, mesh: Mesh, cluster: Cluster) -> list[Action]:
    namespace = cluster.get(core.NAMESPACE, "", name)
    if namespace is None or labels_of(namespace).get(names.LABEL_MEMBER_OF) != mesh.namespace or name == mesh.namespace:
        return []
    return [Patch(core.NAMESPACE, "", name, {"metadata": {"labels": {names.LABEL_MEMBER_OF: None}}})]


def _delete_empty_roll(member: Manifest, mesh: Mesh, cluster: Cluster) -> list[Action]:
    """A roll that was made for a member goes with the last one."""
    roll = cluster.get(_SMMR, mesh.namespace, DEFAULT)
    # Its own entry is still listed while it goes.
    others = [one for one in cluster.list(_SMM) if references(one) == mesh and uid_of(one) != uid_of(member)]
    made = roll is not None and annotations_of(roll).get(CREATED_BY) == _MEMBER_MADE_IT and not is_terminating(roll)
    if roll is None or not made or others or (roll.get("spec") or {}).get("members"):
        return []
    return [Delete(_SMMR, namespace_of(roll), name_of(roll), uid_of(roll))]


def _report(member: Manifest, reason: str, message: str, now: datetime) -> list[Action]:
    status = _status(member, reason, message, now)
    return [status] if status.status else []


def _status(member: Manifest, reason: str, message: str, now: datetime) -> PatchStatus:
    """Reconciled and Ready say the same; success has neither reason nor message."""
    known = member.get("status") or {}
    conditions: list[Manifest] = list(known.get("conditions") or ())
    for condition in ("Reconciled", "Ready"):
        entry = {"type": condition, "status": "False" if reason else "True", "reason": reason, "message": message}
        conditions = set_condition(conditions, entry, now=now)
    status: dict[str, Any] = {
        "conditions": conditions,
        "observedGeneration": member["metadata"].get("generation", 1),
        "annotations": {"controlPlaneRef": str(references(member))},
    }
    return PatchStatus(_SMM, namespace_of(member), name_of(member), merge_difference(known, known | status))


def _members_of_plane(plane: Manifest, cluster: Cluster) -> list[Key]:
    mesh = Mesh(namespace_of(plane), name_of(plane))
    return [Key(namespace_of(one), name_of(one)) for one in cluster.list(_SMM) if references(one) == mesh]


def _member_of_namespace(namespace: Manifest, _cluster: Cluster) -> tuple[Key, ...]:
    return (Key(name_of(namespace), DEFAULT),)


_WATCHES = (Watch(_SMM, itself), Watch(_SMCP, _members_of_plane), Watch(core.NAMESPACE, _member_of_namespace))
CONTROLLER = Controller("servicemeshmember-controller", _WATCHES, plan)
