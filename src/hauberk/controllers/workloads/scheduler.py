"""Scheduler: binds pods that have no node to one that is ready. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hauberk.controllers.actions import Action, Bind, Event, PatchStatus
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch
from hauberk.controllers.objects import condition_is, condition_of, is_terminating, labels_of, matches_labels, set_condition
from hauberk.controllers.workloads.pods import is_finished
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest, name_of, namespace_of

__all__ = ["CONTROLLER", "plan"]


def plan(cluster: Cluster, key: Key, now: datetime) -> Sequence[Action]:
    """Bind the pod `key`, or say in its conditions why no node takes it."""
    pod = cluster.get(core.POD, *key)
    if pod is None or not _is_waiting(pod):
        return ()
    nodes = cluster.list(core.NODE)
    fitting = sorted(name_of(node) for node in nodes if _fits(pod, node))
    if fitting:  # one node is all there is on one machine; of several, the first by name is as good as any
        where = fitting[0]
        assigned = Event(pod, "Scheduled", f"Successfully assigned {key.namespace}/{key.name} to {where}")
        return (Bind(key.namespace, key.name, where), assigned)
    return _unschedulable(pod, _why_none(pod, nodes), now)


def _is_waiting(pod: Manifest) -> bool:
    return not pod["spec"].get("nodeName") and not is_terminating(pod) and not is_finished(pod)


def _fits(pod: Manifest, node: Manifest) -> bool:
    return _is_open(node) and matches_labels(pod["spec"].get("nodeSelector") or {}, labels_of(node))


def _is_open(node: Manifest) -> bool:
    return condition_is(node, "Ready") and not node.get("spec", {}).get("unschedulable")


def _why_none(pod: Manifest, nodes: Sequence[Manifest]) -> str:
    if not nodes:
        return "no nodes available to schedule pods"
    closed = sum(1 for node in nodes if not _is_open(node))
    reasons = [f"{closed} node(s) were not ready or unschedulable"] if closed else []
    if unmatched := len(nodes) - closed:
        reasons.append(f"{unmatched} node(s) didn't match Pod's node affinity/selector ({pod['spec'].get('nodeSelector')})")
    return f"0/{len(nodes)} nodes are available: {', '.join(reasons)}."


def _unschedulable(pod: Manifest, message: str, now: datetime) -> Sequence[Action]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    known = condition_of(pod, "PodScheduled") or {}
    if condition.items() <= known.items():  # said once, or each look would be a write that leads to another look
        return ()
    conditions = set_condition(pod.get("status", {}).get("conditions") or (), condition, now=now)
    return (
        PatchStatus(core.POD, namespace_of(pod), name_of(pod), {"conditions": conditions}),
        Event(pod, "FailedScheduling", message, "Warning"),
    )


def _pod(pod: Manifest, _cluster: Cluster) -> Iterable[Key]:
    return (Key(namespace_of(pod), name_of(pod)),) if _is_waiting(pod) else ()


def _waiting_pods(_node: Manifest, cluster: Cluster) -> Iterable[Key]:
    return [Key(namespace_of(pod), name_of(pod)) for pod in cluster.list(core.POD) if _is_waiting(pod)]


CONTROLLER = Controller("default-scheduler", (Watch(core.POD, _pod), Watch(core.NODE, _waiting_pods)), plan)
