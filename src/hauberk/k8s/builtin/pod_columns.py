"""The columns of pods: what `kubectl get pods` makes of a pod's status.

Source: kubernetes pkg/printers/internalversion/printers.go `printPod`; the order of the cases is upstream's and matters.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hauberk.k8s.columns import AGE, NAME, NONE, dig, text
from hauberk.k8s.durations import since
from hauberk.k8s.kind import Column, Manifest

__all__ = ["POD_COLUMNS", "PodSummary", "summarize_pod"]


@dataclass(slots=True)
class PodSummary:
    """What the READY, STATUS and RESTARTS columns tell; `last_restart` is an RFC 3339 time, empty where there was none."""

    status: str
    ready: int = 0
    total: int = 0
    restarts: int = 0
    last_restart: str = ""

    def count(self, container: Manifest) -> None:
        """Add a container's restarts."""
        self.restarts += int(container.get("restartCount") or 0)
        self.last_restart = max(self.last_restart, dig(container, "lastState", "terminated", "finishedAt") or "")


def summarize_pod(pod: Manifest) -> PodSummary:
    """Sum up a pod as upstream does."""
    status = pod.get("status") or {}
    restartable = {entry.get("name") for entry in dig(pod, "spec", "initContainers") or () if entry.get("restartPolicy") == "Always"}
    summary = PodSummary(status.get("reason") or status.get("phase") or "")
    if any(_is(entry, "PodScheduled") and entry.get("reason") == "SchedulingGated" for entry in status.get("conditions") or ()):
        summary.status = "SchedulingGated"
    summary.total = len(dig(pod, "spec", "containers") or ()) + len(restartable)
    sidecars = PodSummary("")
    initializing = _sum_init_containers(pod, restartable, summary, sidecars)
    if not initializing or _has_true(status, "Initialized"):
        # From here on only sidecars' restarts count among those of init containers.
        summary.restarts, summary.last_restart = sidecars.restarts, sidecars.last_restart
        _sum_containers(status, summary)
    if dig(pod, "metadata", "deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            summary.status = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            summary.status = "Terminating"
    return summary


def _sum_init_containers(pod: Manifest, restartable: set[str | None], summary: PodSummary, sidecars: PodSummary) -> bool:
    """Go through init containers up to the one under way; answers whether there is one."""
    for index, container in enumerate(dig(pod, "status", "initContainerStatuses") or ()):
        summary.count(container)
        terminated, waiting = dig(container, "state", "terminated"), dig(container, "state", "waiting", "reason")
        is_sidecar = container.get("name") in restartable
        if is_sidecar:
            sidecars.count(container)
        if terminated is not None and not terminated.get("exitCode"):
            continue
        if is_sidecar and container.get("started"):
            summary.ready += bool(container.get("ready"))
            continue
        if terminated is not None:
            summary.status = "Init:" + (terminated.get("reason") or _exit_word(terminated))
        elif waiting and waiting != "PodInitializing":
            summary.status = f"Init:{waiting}"
        else:
            summary.status = f"Init:{index}/{len(dig(pod, 'spec', 'initContainers') or ())}"
        return True
    return False


def _sum_containers(status: Manifest, summary: PodSummary) -> None:
    running = False
    # Backwards, so that the first container's word is the one that stays.
    for container in reversed(status.get("containerStatuses") or ()):
        summary.count(container)
        terminated, waiting = dig(container, "state", "terminated"), dig(container, "state", "waiting", "reason")
        if waiting:
            summary.status = waiting
        elif terminated is not None:
            summary.status = terminated.get("reason") or _exit_word(terminated)
        elif container.get("ready") and dig(container, "state", "running") is not None:
            running = True
            summary.ready += 1
    if summary.status == "Completed" and running:
        summary.status = "Running" if _has_true(status, "Ready") else "NotReady"


def _exit_word(terminated: Manifest) -> str:
    signal = terminated.get("signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{terminated.get('exitCode', 0)}"


def _is(condition: Manifest, kind: str) -> bool:
    return condition.get("type") == kind


def _has_true(status: Manifest, kind: str) -> bool:
    return any(_is(entry, kind) and entry.get("status") == "True" for entry in status.get("conditions") or ())


def _ready(pod: Manifest, _now: datetime) -> str:
    summary = summarize_pod(pod)
    return f"{summary.ready}/{summary.total}"


def _restarts(pod: Manifest, now: datetime) -> str:
    summary = summarize_pod(pod)
    if summary.restarts and summary.last_restart:
        return f"{summary.restarts} ({since(summary.last_restart, now)} ago)"
    return str(summary.restarts)


def _ip(pod: Manifest, _now: datetime) -> str:
    addresses = dig(pod, "status", "podIPs") or ()
    return (addresses[0].get("ip") if addresses else dig(pod, "status", "podIP")) or NONE


def _gates(pod: Manifest, _now: datetime) -> str:
    gates = dig(pod, "spec", "readinessGates") or ()
    passed = sum(_has_true(pod.get("status") or {}, gate.get("conditionType", "")) for gate in gates)
    return f"{passed}/{len(gates)}" if gates else NONE


POD_COLUMNS: Final = (
    NAME,
    Column("Ready", _ready, description="Containers that are ready, of all that should be."),
    Column("Status", lambda pod, _now: summarize_pod(pod).status, description="The phase, or what keeps the pod from it."),
    Column("Restarts", _restarts, description="How often its containers were started again, and when last."),
    AGE,
    Column("IP", _ip, priority=1, description="The pod's address."),
    text("Node", "spec", "nodeName", empty=NONE, priority=1, description="The node that runs the pod."),
    text("Nominated Node", "status", "nominatedNodeName", empty=NONE, priority=1, description="Where it would go after preemption."),
    Column("Readiness Gates", _gates, priority=1, description="Extra conditions that hold, of those asked for."),
)
