"""The status that kubelet writes, from the state of a pod; and back, after the node was restarted. No I/O.

Source: Kubernetes v1.36 pkg/kubelet/kubelet_pods.go (getPhase, convertToAPIContainerStatuses), status/generate.go (conditions).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hauberk.k8s.kind import Manifest
from hauberk.node.pod.machine import is_finished
from hauberk.node.pod.state import ContainerPlan, ContainerState, Ended, NetworkPhase, PodState, RestartPolicy, Role, Run, plan_containers

__all__ = ["build_pod_status", "parse_time", "render_time", "restore_state"]

CONTAINER_LOST = Ended(
    137, datetime.min.replace(tzinfo=UTC), reason="ContainerStatusUnknown", message="The container was lost with its node"
)


def render_time(moment: datetime) -> str:
    """As the API writes times: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """A time of the API (RFC 3339)."""
    return datetime.fromisoformat(text)


# -- State to status --------------------------------------------------------------------------------------------------
def build_pod_status(pod: Manifest, state: PodState, *, host_ip: str, now: datetime) -> Manifest:
    """The whole status of `pod`; conditions whose value did not change keep their lastTransitionTime.

    Conditions of other writers (PodScheduled) are kept as they are.
    """
    phase = _phase(state)
    status: Manifest = {"phase": phase, "conditions": _conditions(pod, state, phase, now)}
    if state.refusal or state.failure:
        status |= {"reason": state.failure or "NotImplemented", "message": state.refusal or state.failure}
    status |= {"hostIP": host_ip, "hostIPs": [{"ip": host_ip}]}
    if state.ip:
        status |= {"podIP": state.ip, "podIPs": [{"ip": state.ip}]}
    status["startTime"] = render_time(state.started_at or now)
    inits = [plan for plan in state.plans if plan.role in (Role.INIT, Role.NATIVE)]
    if inits:
        status["initContainerStatuses"] = [_container_status(plan, state) for plan in inits]
    others = sorted((plan for plan in state.plans if plan not in inits), key=lambda plan: plan.name)
    status["containerStatuses"] = [_container_status(plan, state) for plan in others]
    status["qosClass"] = (pod.get("status") or {}).get("qosClass") or _qos_class(pod)
    return status


def _phase(state: PodState) -> str:
    """Sidecars do not count: a pod is what its applications are."""
    if state.failure or any(c.run is Run.EXITED and c.ended and not c.ended.succeeded for _, c in state.of_role(Role.INIT)):
        return "Failed"
    if not _initialized(state):
        return "Pending"
    apps = [container for _, container in state.of_role(Role.APP)]
    if any(c.run is Run.WAITING and c.last is None for c in apps) or any(c.run is Run.STARTING and c.last is None for c in apps):
        return "Pending"
    ends = [c.ended for c in apps if c.run is Run.EXITED]
    if len(ends) < len(apps) or (state.restart_policy is RestartPolicy.ALWAYS and state.delete_by is None):
        return "Running"
    return "Succeeded" if all(end is not None and end.succeeded for end in ends) else "Failed"


def _initialized(state: PodState) -> bool:
    inits = all(c.ended is not None and c.ended.succeeded for _, c in state.of_role(Role.INIT))
    # native sidecars stop once the applications are done, which does not undo that they had started
    return inits and all(c.startup_passed or c.run is Run.EXITED or c.last is not None for _, c in state.of_role(Role.NATIVE))


def _conditions(pod: Manifest, state: PodState, phase: str, now: datetime) -> list[Manifest]:
    over = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(phase)
    unready = [plan.name for plan in state.plans if plan.role is not Role.INIT and not state[plan.name].ready]
    incomplete = [p.name for p, c in state.of_role(Role.INIT) if not (c.ended and c.ended.succeeded)]
    reason: tuple[str, str] = (over, "") if over else ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
    initialized = _initialized(state)
    not_initialized = ("ContainersNotInitialized", f"containers with incomplete status: [{' '.join(incomplete)}]")
    wanted = [
        _condition("PodReadyToStartContainers", state.network is NetworkPhase.READY),
        _condition("Initialized", initialized, (over or "", "") if initialized else not_initialized),
        _condition("Ready", not unready and not over, reason),
        _condition("ContainersReady", not unready and not over, reason),
    ]
    known = {condition["type"]: condition for condition in (pod.get("status") or {}).get("conditions") or []}
    scheduled = known.get("PodScheduled") or _condition("PodScheduled", value=True)
    return [_with_transition(condition, known.get(condition["type"]), now) for condition in [*wanted, scheduled]]


def _condition(kind: str, value: bool, why: tuple[str, str] = ("", "")) -> Manifest:
    condition: Manifest = {"type": kind, "status": "True" if value else "False", "lastProbeTime": None}
    if why[0] and (not value or why[0] == "PodCompleted"):
        condition["reason"] = why[0]
        if why[1]:
            condition["message"] = why[1]
    return condition


def _with_transition(condition: Manifest, known: Mapping[str, Any] | None, now: datetime) -> Manifest:
    same = known is not None and known.get("status") == condition["status"]
    since = (known or {}).get("lastTransitionTime") if same else None
    return condition | {"lastTransitionTime": since or render_time(now)}


def _container_status(plan: ContainerPlan, state: PodState) -> Manifest:
    container = state[plan.name]
    ready = container.ended is not None and container.ended.succeeded if plan.role is Role.INIT else container.ready
    return {
        "name": plan.name,
        "state": _state_of(plan, container, state),
        "lastState": _terminated(container.last) if container.last else {},
        "ready": ready,
        "started": container.run is Run.RUNNING and container.startup_passed,
        "restartCount": container.restarts,
        "image": plan.image,
        "imageID": plan.image if container.container_id else "",
        "containerID": container.container_id,
    }


def _state_of(plan: ContainerPlan, container: ContainerState, state: PodState) -> Manifest:
    if container.run is Run.RUNNING and container.started_at:
        return {"running": {"startedAt": render_time(container.started_at)}}
    if container.ended:
        return _terminated(container.ended)
    if state.refusal:
        return {"waiting": {"reason": "CreateContainerConfigError", "message": state.refusal}}
    first = next(iter(state.plans))
    turn = "ContainerCreating" if plan == first or container.run is Run.STARTING else "PodInitializing"
    waiting = {"reason": container.reason or turn}
    return {"waiting": waiting | ({"message": container.message} if container.message else {})}


def _terminated(ended: Ended) -> Manifest:
    result: Manifest = {"exitCode": ended.exit_code, "reason": ended.reason}
    result |= {"signal": ended.signal} if ended.signal else {}
    result |= {"message": ended.message} if ended.message else {}
    result["startedAt"] = render_time(ended.started_at) if ended.started_at else None
    return {"terminated": result | {"finishedAt": render_time(ended.finished_at), "containerID": ended.container_id}}


def _qos_class(pod: Manifest) -> str:
    """Guaranteed: every container limits cpu and memory and requests no less; BestEffort: none says anything."""
    spec = pod["spec"]
    resources = [c.get("resources") or {} for c in [*(spec.get("initContainers") or []), *spec["containers"]]]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"

    def guaranteed(resource: Manifest) -> bool:
        limits = resource.get("limits") or {}
        return {"cpu", "memory"} <= limits.keys() and (limits | (resource.get("requests") or {})) == limits

    return "Guaranteed" if all(guaranteed(r) for r in resources) else "Burstable"


# -- Status to state --------------------------------------------------------------------------------------------------
def restore_state(pod: Manifest, now: datetime) -> PodState:
    """The state from which a node goes on with a pod that it, or the node before it, had already: nothing of it runs.

    What had ended for good stays so. A pod of restartPolicy Never that had started has failed (its containers are lost);
    every other one starts anew, init containers included, with its counts of restarts going on.
    """
    state = plan_containers(pod)
    status = pod.get("status") or {}
    statuses = {s["name"]: s for s in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]}
    over = status.get("phase") in ("Succeeded", "Failed")
    lost = replace(CONTAINER_LOST, finished_at=now)
    had_started = any(s.get("containerID") for s in statuses.values())
    for plan in state.plans:
        known = statuses.get(plan.name)
        if known is not None:
            keeps = over or (had_started and state.restart_policy is RestartPolicy.NEVER)
            state = state.having(plan.name, _restored(plan, known, lost, keeps_ended=keeps))
    finished = over or is_finished(state)
    started = status.get("startTime")
    return replace(
        state,
        ip=status.get("podIP", "") if finished else "",
        network=NetworkPhase.GONE if finished else NetworkPhase.ABSENT,
        started_at=parse_time(started) if started else None,
    )


def _restored(plan: ContainerPlan, known: Manifest, lost: Ended, *, keeps_ended: bool) -> ContainerState:
    identity = str(known.get("containerID") or "")
    ended = _parse_terminated(_current(known, "terminated"))
    started = _current(known, "running").get("startedAt")
    gone = replace(lost, container_id=identity, started_at=parse_time(started) if started else None)
    container = ContainerState(container_id=identity, restarts=int(known.get("restartCount") or 0))
    if keeps_ended:
        return replace(container, run=Run.EXITED, ended=ended or gone)
    if ended and ended.succeeded and plan.role is Role.APP and plan.restart is RestartPolicy.ON_FAILURE:
        return replace(container, run=Run.EXITED, ended=ended)
    return replace(container, last=(ended or gone) if identity else None)


def _current(known: Manifest, key: str) -> Manifest:
    return (known.get("state") or {}).get(key) or {}


def _parse_terminated(terminated: Manifest) -> Ended | None:
    if not terminated:
        return None
    started = terminated.get("startedAt")
    return Ended(
        exit_code=int(terminated.get("exitCode", 0)),
        finished_at=parse_time(terminated["finishedAt"]),
        started_at=parse_time(started) if started else None,
        signal=int(terminated.get("signal") or 0),
        container_id=str(terminated.get("containerID") or ""),
        reason=str(terminated.get("reason") or ""),
        message=str(terminated.get("message") or ""),
    )
