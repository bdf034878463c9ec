"""ReplicaSet: keeps as many pods as `spec.replicas` asks for. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hauberk.controllers.actions import Action, Again, Create, Delete, Event, Patch, PatchStatus, Together
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, controller_of_kind, itself
from hauberk.controllers.objects import (
    annotations_of,
    condition_of,
    controller_uid,
    is_terminating,
    labels_of,
    merge_difference,
    owner_reference,
    parse_time,
)
from hauberk.controllers.workloads.pods import available_in, is_active, is_ready
from hauberk.k8s import apps, core
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.k8s.label_selectors import selects

__all__ = ["CONTROLLER", "deletion_order", "plan"]

_BURST = 500
"""Pods that are made or deleted in one plan; upstream's burstReplicas."""
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


@dataclass(frozen=True, slots=True)
class _Claim:
    """The pods that are ours, and what must be done so that their owner references say so."""

    pods: list[Manifest]
    actions: list[Action]


def plan(cluster: Cluster, key: Key, now: datetime) -> Sequence[Action]:
    """Adopt and release pods, make or delete what is missing or too many, report."""
    replica_set = cluster.get(apps.REPLICA_SET, *key)
    if replica_set is None:
        return ()
    claim = _claim(replica_set, cluster)
    active = [pod for pod in claim.pods if is_active(pod)]
    # While it is going, garbage collection takes the pods; new ones would outlive it.
    scaling = [] if is_terminating(replica_set) else _scale(replica_set, active, cluster)
    return [*claim.actions, *scaling, *_report(replica_set, claim.pods, now)]


def _claim(replica_set: Manifest, cluster: Cluster) -> _Claim:
    """Ours = what we control and select; orphans that we select are adopted, what we no longer select is released."""
    selector, uid = replica_set["spec"]["selector"], uid_of(replica_set)
    claim = _Claim([], [])
    for pod in cluster.list(core.POD, namespace_of(replica_set)):
        owner, selected = controller_uid(pod), selects(selector, labels_of(pod))
        if owner == uid and selected:
            claim.pods.append(pod)
        elif owner == uid and not is_terminating(replica_set):
            claim.actions.append(_release(pod, uid))
        elif not owner and selected and is_active(pod) and not is_terminating(replica_set):
            claim.pods.append(pod)
            claim.actions.append(_adopt(pod, replica_set))
    return claim


def _adopt(pod: Manifest, replica_set: Manifest) -> Patch:
    owners = [*(pod["metadata"].get("ownerReferences") or ()), owner_reference(apps.REPLICA_SET, replica_set)]
    return _own(pod, owners)


def _release(pod: Manifest, uid: str) -> Patch:
    return _own(pod, [owner for owner in pod["metadata"]["ownerReferences"] if owner["uid"] != uid])


def _own(pod: Manifest, owners: list[Manifest]) -> Patch:
    # The uid keeps us from claiming another pod of the same name (the API refuses a patch that changes it).
    return Patch(core.POD, namespace_of(pod), name_of(pod), {"metadata": {"uid": uid_of(pod), "ownerReferences": owners or None}})


# -- Scale ------------------------------------------------------------------------------------------------------------
def _scale(replica_set: Manifest, active: list[Manifest], cluster: Cluster) -> list[Action]:
    missing = replica_set["spec"].get("replicas", 1) - len(active)
    if missing >= 0:
        return _together(_create_pod(replica_set) for _ in range(min(missing, _BURST)))
    ranks = _ranks(replica_set, cluster)
    doomed = sorted(active, key=lambda pod: deletion_order(pod, colocated=ranks[pod["spec"].get("nodeName", "")]))
    return _together(_delete_pod(replica_set, pod) for pod in doomed[: min(-missing, _BURST)])


def _together(actions: Iterable[Action]) -> list[Action]:
    several = tuple(actions)
    return [Together(several)] if len(several) > 1 else list(several)


def _create_pod(replica_set: Manifest) -> Create:
    template = replica_set["spec"]["template"]
    metadata: dict[str, Any] = deepcopy(template.get("metadata") or {})
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            # The API chooses the rest of the name, so that two of us never make the same pod twice.
            "generateName": f"{name_of(replica_set)}-",
            "namespace": namespace_of(replica_set),
            **{field: metadata[field] for field in ("labels", "annotations", "finalizers") if metadata.get(field)},
            "ownerReferences": [owner_reference(apps.REPLICA_SET, replica_set)],
        },
        "spec": deepcopy(template["spec"]),
    }
    return Create(
        core.POD,
        pod,
        succeeded=Event(replica_set, "SuccessfulCreate", "Created pod: {name}"),
        failed=Event(replica_set, "FailedCreate", "Error creating: {error}", "Warning"),
    )


def _delete_pod(replica_set: Manifest, pod: Manifest) -> Delete:
    deleted = Event(replica_set, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
    return Delete(core.POD, namespace_of(pod), name_of(pod), uid_of(pod), succeeded=deleted)


def _ranks(replica_set: Manifest, cluster: Cluster) -> Counter[str]:
    """Active pods on each node of all ReplicaSets with our owner: where many are, one goes first."""
    owner = controller_uid(replica_set)
    relatives = cluster.controlled(apps.REPLICA_SET, owner) if owner else [replica_set]
    pods = [pod for relative in relatives for pod in cluster.controlled(core.POD, uid_of(relative)) if is_active(pod)]
    return Counter(pod["spec"].get("nodeName", "") for pod in pods)


def deletion_order(pod: Manifest, *, colocated: int = 0) -> tuple[Any, ...]:
    """Sort key: the smallest is deleted first.

    Unassigned, then Pending, then not ready, then the cheapest by annotation, then from the fullest node, then ready for the
    shortest time, then most restarts, then youngest. Source: kubernetes pkg/controller/controller_utils.go ActivePodsWithRanks.
    """
    status = pod.get("status", {})
    phases = {"Pending": 0, "Unknown": 1, "Running": 2}
    ready = condition_of(pod, "Ready") if is_ready(pod) else None
    restarts = max((container.get("restartCount", 0) for container in status.get("containerStatuses") or ()), default=0)
    return (
        bool(pod["spec"].get("nodeName")),
        phases.get(status.get("phase", "Pending"), 1),
        ready is not None,
        int(annotations_of(pod).get(_DELETION_COST, 0)),
        -colocated,
        -_seconds(ready.get("lastTransitionTime")) if ready else 0.0,
        -restarts,
        -_seconds(pod["metadata"].get("creationTimestamp")),
    )


def _seconds(moment: str | None) -> float:
    return parse_time(moment).timestamp() if moment else 0.0


# -- Status -----------------------------------------------------------------------------------------------------------
def _report(replica_set: Manifest, pods: Sequence[Manifest], now: datetime) -> list[Action]:
    spec, active = replica_set["spec"], [pod for pod in pods if is_active(pod)]
    min_ready = timedelta(seconds=spec.get("minReadySeconds", 0))
    waits = [wait for pod in active if (wait := available_in(pod, min_ready=min_ready, now=now)) is not None]
    template_labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    status = {
        "replicas": len(active),
        "fullyLabeledReplicas": sum(1 for pod in active if template_labels.items() <= labels_of(pod).items()),
        "readyReplicas": len(waits),
        "availableReplicas": sum(1 for wait in waits if not wait),
        "terminatingReplicas": sum(1 for pod in pods if is_terminating(pod)),
        "observedGeneration": replica_set["metadata"].get("generation", 1),
    }
    known = replica_set.get("status") or {}
    change = merge_difference({field: known[field] for field in status if field in known}, status)
    actions: list[Action] = [PatchStatus(apps.REPLICA_SET, namespace_of(replica_set), name_of(replica_set), change)] if change else []
    if pending := [wait for wait in waits if wait]:
        actions.append(Again(min(pending)))
    return actions


def _selecting(pod: Manifest, cluster: Cluster) -> Iterable[Key]:
    """The ReplicaSet that controls the pod; of an orphan, all that would adopt it."""
    if controller_uid(pod):
        return controller_of_kind(apps.REPLICA_SET)(pod, cluster)
    namespace = namespace_of(pod)
    return [
        Key(namespace, name_of(replica_set))
        for replica_set in cluster.list(apps.REPLICA_SET, namespace)
        if selects(replica_set["spec"]["selector"], labels_of(pod))
    ]


CONTROLLER = Controller("replicaset-controller", (Watch(apps.REPLICA_SET, itself), Watch(core.POD, _selecting)), plan)
