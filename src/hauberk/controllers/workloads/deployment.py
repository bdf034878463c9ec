"""Deployment: one ReplicaSet for each pod template it ever had, and the way from the old ones to the new one. Pure."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hauberk.controllers.actions import Action, Create, Delete, Event, Patch
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, controller_of_kind, itself
from hauberk.controllers.objects import (
    annotations_of,
    controller_uid,
    digest,
    is_terminating,
    labels_of,
    owner_reference,
)
from hauberk.controllers.workloads.deployment_status import is_complete, plan_status
from hauberk.controllers.workloads.pods import is_finished
from hauberk.controllers.workloads.rollout import (
    MAX_REPLICAS,
    Limits,
    Scaling,
    limits_of,
    plan_recreate,
    plan_rolling,
    plan_scale,
    replicas_of,
)
from hauberk.k8s import apps, core
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.k8s.label_selectors import selects

__all__ = ["CONTROLLER", "plan"]

_HASH = "pod-template-hash"
_REVISION = "deployment.kubernetes.io/revision"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_NOT_COPIED = ("kubectl.kubernetes.io/last-applied-configuration", _REVISION, _DESIRED, MAX_REPLICAS, "deprecated.deployment.rollback.to")


@dataclass(frozen=True, slots=True)
class _Family:
    """A Deployment and its ReplicaSets; `new` is the one with its present template."""

    deployment: Manifest
    new: Manifest | None
    old: list[Manifest]
    adopted: list[Action]

    @property
    def all(self) -> list[Manifest]:
        """Old and new."""
        return [*self.old, *([self.new] if self.new else [])]


def plan(cluster: Cluster, key: Key, now: datetime) -> Sequence[Action]:
    """Bring the ReplicaSets one step closer to the Deployment's template and size, and report."""
    deployment = cluster.get(apps.DEPLOYMENT, *key)
    if deployment is None or is_terminating(deployment):
        return ()
    # One step at a time, as upstream: what comes of it is what the next plan starts from.
    family = _family(deployment, cluster)
    steps: list[Action] = [*family.adopted, *_plan_step(family, cluster)]
    return [*steps, *plan_status(deployment, family.new, family.old, now=now), *_plan_history(family)]


def _family(deployment: Manifest, cluster: Cluster) -> _Family:
    selector, uid = deployment["spec"]["selector"], uid_of(deployment)
    members, adopted = list(cluster.controlled(apps.REPLICA_SET, uid)), []
    for orphan in cluster.list(apps.REPLICA_SET, namespace_of(deployment)):
        if not controller_uid(orphan) and not is_terminating(orphan) and selects(selector, labels_of(orphan)):
            owners = [*(orphan["metadata"].get("ownerReferences") or ()), owner_reference(apps.DEPLOYMENT, deployment)]
            adoption: Manifest = {"metadata": {"uid": uid_of(orphan), "ownerReferences": owners}}
            adopted.append(Patch(apps.REPLICA_SET, namespace_of(orphan), name_of(orphan), adoption))
            members.append(orphan)
    members.sort(key=lambda one: (one["metadata"].get("creationTimestamp", ""), name_of(one)))
    # Several may have the same template after a roll-back by hand; the oldest is taken, as upstream does.
    template = _template_of(deployment)
    new = next((one for one in members if _template_of(one) == template or labels_of(one).get(_HASH) == digest(template)), None)
    return _Family(deployment, new, [one for one in members if one is not new], list(adopted))


def _template_of(obj: Manifest) -> Manifest:
    """The pod template without the label that tells ReplicaSets apart."""
    template: Manifest = deepcopy(obj["spec"]["template"])
    metadata = template.get("metadata") or {}
    (metadata.get("labels") or {}).pop(_HASH, None)
    # What a server writes for an empty time is not part of the template.
    template["metadata"] = {field: value for field, value in metadata.items() if value}
    return template


# -- Steps ------------------------------------------------------------------------------------------------------------
def _plan_step(family: _Family, cluster: Cluster) -> list[Action]:
    deployment, limits = family.deployment, limits_of(family.deployment)
    spec = deployment["spec"]
    if spec.get("paused") or _was_scaled(family, limits):
        return [*_revise(family), *_scale(family, plan_scale(family.new, family.old, limits), limits)]
    if (spec.get("strategy") or {}).get("type") == "Recreate":
        scalings = plan_recreate(family.new, family.old, limits)
        # Not before the last old pod is gone: that two versions never run side by side is what Recreate is for.
        if family.new is None and not scalings and not _old_pods(family, cluster):
            return [_create(family, limits, replicas=limits.desired)]
        if family.new is not None and _old_pods(family, cluster):
            scalings = [scaling for scaling in scalings if scaling.replica_set is not family.new]
        return [*_revise(family), *_scale(family, scalings, limits)]
    if family.new is None:
        # It starts with as many pods as the surge leaves room for; the rest follows as old ones go.
        room = limits.most - sum(map(replicas_of, family.old))
        return [_create(family, limits, replicas=max(0, min(room, limits.desired)))]
    return [*_revise(family), *_scale(family, plan_rolling(family.new, family.old, limits), limits)]


def _was_scaled(family: _Family, limits: Limits) -> bool:
    """Whether a living ReplicaSet was last sized for another number of replicas."""
    wanted = (annotations_of(one).get(_DESIRED) for one in family.all if replicas_of(one))
    return any(value is not None and value != str(limits.desired) for value in wanted)


def _old_pods(family: _Family, cluster: Cluster) -> bool:
    pods = (pod for one in family.old for pod in cluster.controlled(core.POD, uid_of(one)))
    return any(not is_finished(pod) for pod in pods)


def _create(family: _Family, limits: Limits, *, replicas: int) -> Create:
    deployment = family.deployment
    template = _template_of(deployment)
    name, hash_ = name_of(deployment), digest(template)
    template["metadata"]["labels"] = (template["metadata"].get("labels") or {}) | {_HASH: hash_}
    selector: Manifest = deepcopy(deployment["spec"]["selector"])
    selector["matchLabels"] = (selector.get("matchLabels") or {}) | {_HASH: hash_}
    spec = {"replicas": replicas, "selector": selector, "template": template}
    if min_ready := deployment["spec"].get("minReadySeconds"):
        spec["minReadySeconds"] = min_ready
    replica_set = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-{hash_}",
            "namespace": namespace_of(deployment),
            "labels": template["metadata"]["labels"],
            "annotations": _own_annotations(deployment) | _sizes(limits) | {_REVISION: str(_last_revision(family) + 1)},
            "ownerReferences": [owner_reference(apps.DEPLOYMENT, deployment)],
        },
        "spec": spec,
    }
    scaled = Event(deployment, "ScalingReplicaSet", f"Scaled up replica set {name}-{hash_} from 0 to {replicas}")
    failed = Event(deployment, "ReplicaSetCreateError", f"Failed to create new replica set {name}-{hash_}: {{error}}", "Warning")
    return Create(apps.REPLICA_SET, replica_set, succeeded=scaled if replicas else None, failed=failed)


def _scale(family: _Family, scalings: Sequence[Scaling], limits: Limits) -> list[Action]:
    actions: list[Action] = []
    for scaling in scalings:
        replica_set, name = scaling.replica_set, name_of(scaling.replica_set)
        before = replicas_of(replica_set)
        patch = {"metadata": {"annotations": _sizes(limits)}, "spec": {"replicas": scaling.replicas}}
        verb = "up" if scaling.replicas > before else "down"
        text = f"Scaled {verb} replica set {name} from {before} to {scaling.replicas}"
        actions.append(Patch(apps.REPLICA_SET, namespace_of(replica_set), name, patch))
        actions.append(Event(family.deployment, "ScalingReplicaSet", text))
    scaled = {name_of(scaling.replica_set) for scaling in scalings}
    # A ReplicaSet that already has the right number still has to say for which total it was sized.
    for replica_set in family.all:
        if name_of(replica_set) not in scaled and replicas_of(replica_set) and _sizes(limits).items() - annotations_of(replica_set).items():
            patch = {"metadata": {"annotations": _sizes(limits)}}
            actions.append(Patch(apps.REPLICA_SET, namespace_of(replica_set), name_of(replica_set), patch))
    return actions


# -- Revisions --------------------------------------------------------------------------------------------------------
def _revise(family: _Family) -> list[Action]:
    """The new ReplicaSet carries the highest revision and the Deployment's annotations; the Deployment says which revision it is at."""
    deployment, new = family.deployment, family.new
    if new is None:
        return []
    # A roll-back makes an old ReplicaSet the new one, under the next number.
    revision = max(_last_revision(family) + 1, _revision(new)) if family.old else max(_revision(new), 1)
    actions: list[Action] = []
    wanted = _own_annotations(deployment) | {_REVISION: str(revision)}
    if wanted.items() - annotations_of(new).items():
        patch: dict[str, Any] = {"metadata": {"annotations": wanted}}
        actions.append(Patch(apps.REPLICA_SET, namespace_of(new), name_of(new), patch))
    if new["spec"].get("minReadySeconds", 0) != deployment["spec"].get("minReadySeconds", 0):
        patch = {"spec": {"minReadySeconds": deployment["spec"].get("minReadySeconds", 0)}}
        actions.append(Patch(apps.REPLICA_SET, namespace_of(new), name_of(new), patch))
    if annotations_of(deployment).get(_REVISION) != str(revision):
        patch = {"metadata": {"annotations": {_REVISION: str(revision)}}}
        actions.append(Patch(apps.DEPLOYMENT, namespace_of(deployment), name_of(deployment), patch))
    return actions


def _revision(replica_set: Manifest) -> int:
    text = annotations_of(replica_set).get(_REVISION, "0")
    return int(text) if text.isdecimal() else 0


def _last_revision(family: _Family) -> int:
    """The highest revision of the old ones."""
    return max(map(_revision, family.old), default=0)


def _own_annotations(deployment: Manifest) -> dict[str, str]:
    return {key: value for key, value in annotations_of(deployment).items() if key not in _NOT_COPIED}


def _sizes(limits: Limits) -> dict[str, str]:
    return {_DESIRED: str(limits.desired), MAX_REPLICAS: str(limits.most)}


def _plan_history(family: _Family) -> list[Action]:
    """Old ReplicaSets beyond `revisionHistoryLimit` go, the lowest revision first, once the rollout is complete."""
    limit = family.deployment["spec"].get("revisionHistoryLimit", 10)
    if not is_complete(family.deployment, family.new, family.old):
        return []
    idle = [one for one in family.old if not replicas_of(one) and not one.get("status", {}).get("replicas") and not is_terminating(one)]
    surplus = sorted(idle, key=_revision)[: max(len(idle) - limit, 0)]
    return [Delete(apps.REPLICA_SET, namespace_of(one), name_of(one), uid_of(one)) for one in surplus]


_WATCHES = (Watch(apps.DEPLOYMENT, itself), Watch(apps.REPLICA_SET, controller_of_kind(apps.DEPLOYMENT)))


def _of_a_stopped_pod(pod: Manifest, cluster: Cluster) -> Sequence[Key]:
    """The Deployment that a pod belongs to, which with Recreate waits for it to be gone."""
    owners = controller_of_kind(apps.REPLICA_SET)(pod, cluster)
    replica_sets = (cluster.get(apps.REPLICA_SET, *owner) for owner in owners)
    return [key for one in replica_sets if one is not None for key in controller_of_kind(apps.DEPLOYMENT)(one, cluster)]


CONTROLLER = Controller("deployment-controller", (*_WATCHES, Watch(core.POD, _of_a_stopped_pod)), plan)
