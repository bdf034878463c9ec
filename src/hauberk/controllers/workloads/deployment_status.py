"""A Deployment's status: counts, and the conditions Available and Progressing. Pure.

Source: kubernetes pkg/controller/deployment/progress.go, sync.go (calculateStatus), util/deployment_util.go.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hauberk.controllers.actions import Action, Again, PatchStatus
from hauberk.controllers.objects import condition_of, merge_difference, parse_time, render_time, set_condition
from hauberk.controllers.workloads.rollout import limits_of, replicas_of
from hauberk.k8s import apps
from hauberk.k8s.kind import Manifest, name_of, namespace_of

__all__ = ["is_complete", "plan_status"]

_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "terminatingReplicas")
_NEW_AVAILABLE = "NewReplicaSetAvailable"
_TIMED_OUT = "ProgressDeadlineExceeded"
_NO_DEADLINE = 2**31 - 1
"""progressDeadlineSeconds of this value means none (upstream's HasProgressDeadline)."""


def plan_status(deployment: Manifest, new: Manifest | None, old: Sequence[Manifest], *, now: datetime) -> list[Action]:
    """The patch that brings `status` up to date, and when to look again for the progress deadline."""
    known = deployment.get("status") or {}
    counts = _counts(new, old)
    conditions = _set(known.get("conditions") or [], _available(deployment, counts), now)
    progressing = _progressing(deployment, new, counts, now)
    if progressing is not None:
        # Real progress moves the time from which the deadline counts, though the status stays True.
        conditions = _set(conditions, progressing, now, touch=progressing["reason"] == "ReplicaSetUpdated")
    status: dict[str, Any] = {field: value for field, value in counts.items() if value or field == "terminatingReplicas"}
    status |= {"observedGeneration": deployment["metadata"].get("generation", 1), "conditions": conditions}
    # Fields that other versions of the API know (collisionCount) are left as they are.
    ours = {field: known[field] for field in (*_COUNTS, "observedGeneration", "conditions") if field in known}
    change = merge_difference(ours, status)
    actions: list[Action] = [PatchStatus(apps.DEPLOYMENT, namespace_of(deployment), name_of(deployment), change)] if change else []
    return [*actions, *_deadline(deployment, conditions, now)]


def _counts(new: Manifest | None, old: Sequence[Manifest]) -> dict[str, int]:
    everything = [*old, *([new] if new else [])]
    available = sum(_number(one, "availableReplicas") for one in everything)
    return {
        "replicas": sum(_number(one, "replicas") for one in everything),
        "updatedReplicas": _number(new, "replicas") if new else 0,
        "readyReplicas": sum(_number(one, "readyReplicas") for one in everything),
        "availableReplicas": available,
        "unavailableReplicas": max(sum(map(replicas_of, everything)) - available, 0),
        "terminatingReplicas": sum(_number(one, "terminatingReplicas") for one in everything),
    }


def _number(obj: Manifest, field: str) -> int:
    return int(obj.get("status", {}).get(field) or 0)


def is_complete(deployment: Manifest, new: Manifest | None, old: Sequence[Manifest]) -> bool:
    """Whether all wanted pods are of the new template and available, and no other is left."""
    return new is not None and _is_complete(deployment, _counts(new, old))


def _is_complete(deployment: Manifest, counts: dict[str, int]) -> bool:
    desired = limits_of(deployment).desired
    return counts["updatedReplicas"] == counts["replicas"] == counts["availableReplicas"] == desired


def _available(deployment: Manifest, counts: dict[str, int]) -> Manifest:
    if counts["availableReplicas"] >= limits_of(deployment).least:
        return _condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return _condition("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def _progressing(deployment: Manifest, new: Manifest | None, counts: dict[str, int], now: datetime) -> Manifest | None:
    """What to say about progress; None leaves the condition as it is."""
    known = condition_of(deployment, "Progressing")
    if deployment["spec"].get("paused"):
        return _condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
    if known is not None and known["reason"] == "DeploymentPaused":
        return _condition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")
    return _rolling(deployment, new, counts, now)


def _rolling(deployment: Manifest, new: Manifest | None, counts: dict[str, int], now: datetime) -> Manifest | None:
    known = condition_of(deployment, "Progressing")
    name = f'ReplicaSet "{name_of(new)}"' if new else f'Deployment "{name_of(deployment)}"'
    if new is not None and _is_complete(deployment, counts):
        return _condition("Progressing", "True", _NEW_AVAILABLE, f"{name} has successfully progressed.")
    if new is not None and known is None:
        return _condition("Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{name_of(new)}"')
    if _has_moved(deployment, counts) or _has_begun(deployment, known, counts):
        return _condition("Progressing", "True", "ReplicaSetUpdated", f"{name} is progressing.")
    if known is not None and known["reason"] != _NEW_AVAILABLE and _due(deployment, known, now) == timedelta():
        return _condition("Progressing", "False", _TIMED_OUT, f"{name} has timed out progressing.")
    return None


def _has_moved(deployment: Manifest, counts: dict[str, int]) -> bool:
    known = deployment.get("status") or {}
    before = {field: int(known.get(field) or 0) for field in _COUNTS}
    return (
        counts["updatedReplicas"] > before["updatedReplicas"]
        or counts["replicas"] - counts["updatedReplicas"] < before["replicas"] - before["updatedReplicas"]
        or counts["readyReplicas"] > before["readyReplicas"]
        or counts["availableReplicas"] > before["availableReplicas"]
    )


def _has_begun(deployment: Manifest, progressing: Manifest | None, counts: dict[str, int]) -> bool:
    """Whether a completed rollout is followed by another, or a scaling; pods that fail by themselves do not make it incomplete."""
    if progressing is None or progressing["reason"] != _NEW_AVAILABLE:
        return False
    # The generation was not observed yet, so the user changed something: a size, a template.
    unseen = deployment["metadata"].get("generation") != deployment.get("status", {}).get("observedGeneration")
    return unseen or counts["updatedReplicas"] != counts["replicas"]


def _deadline(deployment: Manifest, conditions: Sequence[Manifest], now: datetime) -> list[Again]:
    known = condition_of({"status": {"conditions": conditions}}, "Progressing")
    if known is None or known["reason"] in (_NEW_AVAILABLE, _TIMED_OUT, "DeploymentPaused"):
        return []
    due = _due(deployment, known, now)
    return [Again(due)] if due else []


def _due(deployment: Manifest, progressing: Manifest, now: datetime) -> timedelta | None:
    """How long until the progress deadline: zero where it has passed, None where there is none."""
    seconds = deployment["spec"].get("progressDeadlineSeconds", 600)
    if seconds >= _NO_DEADLINE or "lastUpdateTime" not in progressing:
        return None
    return max(timedelta(), parse_time(progressing["lastUpdateTime"]) + timedelta(seconds=seconds) - now)


def _condition(condition: str, status: str, reason: str, message: str) -> Manifest:
    return {"type": condition, "status": status, "reason": reason, "message": message}


def _set(conditions: Sequence[Manifest], condition: Manifest, now: datetime, *, touch: bool = False) -> list[Manifest]:
    """`lastUpdateTime` moves with every change of the condition, and where `touch` says so."""
    known = condition_of({"status": {"conditions": conditions}}, condition["type"]) or {}
    same = not touch and condition.items() <= known.items() and "lastUpdateTime" in known
    updated = known["lastUpdateTime"] if same else render_time(now)
    return set_condition(conditions, condition | {"lastUpdateTime": updated}, now=now)
