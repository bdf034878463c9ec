"""A pod's life as a state machine: `step(state, event, now) -> (state, effects)`.

    bound ─► network ─► istio-proxy, ready ─► init containers, one after another ─► applications ─► all ended ─► sidecars stop ─► torn down
                                                                                        │
                                 deletion: SIGTERM to applications ─► SIGTERM to sidecars ─► torn down ─► deletion confirmed
                                           (whatever runs when the grace is over: SIGKILL)

Each step first takes in the event, then looks at the whole pod and does all that is due. So no event can be missed: what
one leaves undone, the next finds. Pure; time is an argument. The back-off is kubelet's: the first restart is at once, the
next after 10 s, doubling to 5 min, forgotten after 10 min without a restart.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hauberk.node.pod.events import (
    Begin,
    ConfirmDeletion,
    ContainerExited,
    ContainerNotStarted,
    ContainerStarted,
    CreateNetwork,
    Deleted,
    Effect,
    Event,
    KillContainer,
    LivenessFailed,
    NetworkFailed,
    NetworkReady,
    ReadinessChanged,
    Report,
    StartContainer,
    StartDelayed,
    StartupPassed,
    StopContainer,
    Teardown,
    Tick,
)
from hauberk.node.pod.state import (
    ContainerPlan,
    ContainerState,
    Ended,
    NetworkPhase,
    PodState,
    RestartPolicy,
    Role,
    Run,
)

__all__ = ["is_finished", "next_wake", "step"]

CRASH_DELAY = timedelta(seconds=10)
CRASH_DELAY_MAX = timedelta(minutes=5)
CRASH_FORGOTTEN_AFTER = timedelta(minutes=10)
MOUNT_RETRY = timedelta(milliseconds=500)
MOUNT_RETRY_MAX = timedelta(minutes=2, seconds=2)
"""Kubelet's for volumes (pkg/util/goroutinemap/exponentialbackoff): what is missing often comes a moment later."""
NETWORK_RETRY = timedelta(seconds=5)
SIDECAR_GRACE_MIN = timedelta(seconds=2)
"""What sidecars get at least, after applications used up the pod's grace (kubelet's minimumGracePeriodInSeconds)."""

_SIDECARS = (Role.SIDECAR, Role.NATIVE)
_Step = tuple[PodState, tuple[Effect, ...]]


def step(state: PodState, event: Event, now: datetime) -> _Step:
    """Take in `event` and do all that is due at `now`; an event about a container that the pod lacks raises KeyError."""
    if state.removed:
        return state, ()
    state, first = _ON_EVENT[type(event)](state, event, now)
    state, rest = _advance(state, now)
    return state, first + rest


def next_wake(state: PodState, now: datetime) -> datetime | None:
    """When a Tick is wanted at the latest; None where only another event can change anything."""
    times = [state.network_retry_at, *(c.retry_at for c in state.containers.values() if c.run is Run.WAITING)]
    times += [c.kill_at for c in state.containers.values() if c.alive and not c.killed]
    return min((time for time in times if time is not None and time > now), default=None)


def is_finished(state: PodState) -> bool:
    """Whether no application will run any more (never so for restartPolicy Always, unless the pod failed as a whole)."""
    if state.failure or any(c.run is Run.EXITED and c.ended and not c.ended.succeeded for _, c in state.of_role(Role.INIT)):
        return True
    return all(c.run is Run.EXITED for _, c in state.of_role(Role.APP))


# -- Taking events in -------------------------------------------------------------------------------------------------
def _on_begin(state: PodState, _event: Begin, now: datetime) -> _Step:
    reports = (Report("Warning", "Failed", f"This pod cannot run here: {state.refusal}"),) if state.refusal else ()
    return replace(state, started_at=state.started_at or now), reports


def _on_tick(state: PodState, _event: Tick, _now: datetime) -> _Step:
    return state, ()


def _on_network_ready(state: PodState, event: NetworkReady, _now: datetime) -> _Step:
    return replace(state, network=NetworkPhase.READY, ip=event.ip, network_retry_at=None), ()


def _on_network_failed(state: PodState, event: NetworkFailed, now: datetime) -> _Step:
    message = f"Failed to create the pod's network: {event.message}"
    state = replace(state, network=NetworkPhase.ABSENT, network_retry_at=now + NETWORK_RETRY)
    return state, (Report("Warning", "FailedCreatePodSandBox", message),)


def _on_start_delayed(state: PodState, event: StartDelayed, _now: datetime) -> _Step:
    container = state[event.name]
    if container.run is not Run.STARTING:
        return state, ()
    return state.having(event.name, replace(container, reason=event.reason, message=event.message)), ()


def _on_started(state: PodState, event: ContainerStarted, now: datetime) -> _Step:
    plan, container = state.plan(event.name), state[event.name]
    startup_passed = not plan.has_startup_probe
    container = replace(
        container,
        run=Run.RUNNING,
        reason="",
        message="",
        container_id=event.container_id,
        started_at=now,
        retry_at=None,
        start_failures=0,
        startup_passed=startup_passed,
        ready=startup_passed and not plan.has_readiness_probe,
    )
    created = Report("Normal", "Created", f"Created container: {event.name}", event.name)
    return state.having(event.name, container), (created, Report("Normal", "Started", f"Started container {event.name}", event.name))


def _on_not_started(state: PodState, event: ContainerNotStarted, now: datetime) -> _Step:
    container = state[event.name]
    given_up = container.kill_at is not None
    failures = container.start_failures + 1
    unmounted = event.reason == "FailedMount"
    first, longest = (MOUNT_RETRY, MOUNT_RETRY_MAX) if unmounted else (CRASH_DELAY, CRASH_DELAY_MAX)
    container = replace(
        container,
        run=Run.WAITING,
        reason=_waiting_reason(event.reason, failures),
        message=event.message,
        start_failures=failures,
        retry_at=now + min(first * 2 ** min(failures - 1, 10), longest),
        kill_at=None,
    )
    state = state.having(event.name, container)
    if given_up:
        return state, ()
    if unmounted:
        return state, (Report("Warning", "FailedMount", event.message),)
    return state, (Report("Warning", "Failed", f"{event.reason}: {event.message}", event.name),)


def _waiting_reason(reason: str, failures: int) -> str:
    """Kubelet's words: mounting is part of creating, and an image that is missing again is backed off."""
    if reason == "FailedMount":
        return "ContainerCreating"
    return "ImagePullBackOff" if reason == "ErrImagePull" and failures > 1 else reason


def _on_exited(state: PodState, event: ContainerExited, now: datetime) -> _Step:
    plan, container = state.plan(event.name), state[event.name]
    reason = event.reason or ("Completed" if event.exit_code == 0 else "Error")
    started_at = container.started_at if container.run is Run.RUNNING else now
    ended = Ended(event.exit_code, now, started_at, event.signal, container.container_id, reason, event.message)
    over = replace(container, run=Run.EXITED, ended=ended, ready=False, startup_passed=False, kill_at=None, killed=False, start_failures=0)
    state = state.having(event.name, over)
    reports = (Report("Warning", "Failed", f"{reason}: {event.message}", event.name),) if event.message else ()
    if not _restarts(state, plan, ended):
        return state, reports
    delay = _crash_delay(over, now)
    waiting = replace(over, run=Run.WAITING, ended=None, last=ended, retry_at=now + delay)
    if not delay:
        return state.having(event.name, waiting), reports
    message = f"back-off {_go_duration(delay)} restarting failed container={event.name} pod={state.full_name}"
    waiting = replace(waiting, reason="CrashLoopBackOff", message=message)
    told = f"Back-off restarting failed container {event.name} in pod {state.full_name}"
    return state.having(event.name, waiting), (*reports, Report("Warning", "BackOff", told, event.name))


def _on_startup_passed(state: PodState, event: StartupPassed, _now: datetime) -> _Step:
    container = state[event.name]
    if container.run is not Run.RUNNING:
        return state, ()
    ready = not state.plan(event.name).has_readiness_probe
    return state.having(event.name, replace(container, startup_passed=True, ready=ready)), ()


def _on_readiness(state: PodState, event: ReadinessChanged, _now: datetime) -> _Step:
    container = state[event.name]
    if container.run is not Run.RUNNING:
        return state, ()
    return state.having(event.name, replace(container, ready=event.ready and container.startup_passed)), ()


def _on_liveness(state: PodState, event: LivenessFailed, now: datetime) -> _Step:
    container = state[event.name]
    if container.run is not Run.RUNNING or container.kill_at:
        return state, ()
    grace = state.grace if event.grace is None else event.grace
    state = state.having(event.name, replace(container, kill_at=now + grace))
    message = f"Container {event.name} failed {event.probe} probe, will be restarted"
    return state, (Report("Normal", "Killing", message, event.name), StopContainer(event.name))


def _on_deleted(state: PodState, event: Deleted, now: datetime) -> _Step:
    by = now + event.grace
    if state.delete_by is not None and state.delete_by <= by:
        return state, ()
    shortened = {
        name: replace(container, kill_at=min(container.kill_at, by)) if container.kill_at else container
        for name, container in state.containers.items()
    }
    return replace(state, delete_by=by, containers=shortened), ()


# The key is the type of the second argument, which a dict's type cannot say.
_ON_EVENT: dict[type[Event], Callable[[PodState, Any, datetime], _Step]] = {
    Begin: _on_begin,
    Tick: _on_tick,
    NetworkReady: _on_network_ready,
    NetworkFailed: _on_network_failed,
    StartDelayed: _on_start_delayed,
    ContainerStarted: _on_started,
    ContainerNotStarted: _on_not_started,
    ContainerExited: _on_exited,
    StartupPassed: _on_startup_passed,
    ReadinessChanged: _on_readiness,
    LivenessFailed: _on_liveness,
    Deleted: _on_deleted,
}


def _restarts(state: PodState, plan: ContainerPlan, ended: Ended) -> bool:
    if state.delete_by is not None or (plan.role in _SIDECARS and is_finished(state)):
        return False
    return plan.restart is RestartPolicy.ALWAYS or (plan.restart is RestartPolicy.ON_FAILURE and not ended.succeeded)


def _crash_delay(container: ContainerState, now: datetime) -> timedelta:
    if container.crash_delay is None or container.restarted_at is None or now - container.restarted_at > CRASH_FORGOTTEN_AFTER:
        return timedelta(0)
    return container.crash_delay


# -- Doing what is due ------------------------------------------------------------------------------------------------
def _advance(state: PodState, now: datetime) -> _Step:
    state, kills = _kill_overdue(state, now)
    if state.delete_by is not None or is_finished(state):
        state, effects = _wind_down(state, now)
    elif state.refusal:
        effects = ()
    elif state.network is NetworkPhase.READY:
        state, effects = _start_due(state, now)
    else:
        state, effects = _want_network(state, now)
    return state, kills + effects


def _want_network(state: PodState, now: datetime) -> _Step:
    if state.network is not NetworkPhase.ABSENT or (state.network_retry_at and state.network_retry_at > now):
        return state, ()
    return replace(state, network=NetworkPhase.CREATING, network_retry_at=None), (CreateNetwork(),)


def _start_due(state: PodState, now: datetime) -> _Step:
    effects: list[Effect] = []
    for plan in state.plans:
        container = state[plan.name]
        if container.run is Run.WAITING and (container.retry_at is None or container.retry_at <= now):
            container = _starting(container, now)
            state = state.having(plan.name, container)
            effects.append(StartContainer(plan.name, container.restarts))
        if not _lets_pass(plan, container):
            break
    return state, tuple(effects)


def _starting(container: ContainerState, now: datetime) -> ContainerState:
    # kept until it runs: why the start before this one failed, so that the status does not flap between reasons
    starting = replace(container, run=Run.STARTING, retry_at=None)
    if container.last is None or container.start_failures:
        return starting
    delay = _crash_delay(container, now)
    return replace(
        starting,
        reason="",
        message="",
        restarts=container.restarts + 1,
        restarted_at=now,
        crash_delay=min(delay * 2, CRASH_DELAY_MAX) if delay else CRASH_DELAY,
    )


def _lets_pass(plan: ContainerPlan, container: ContainerState) -> bool:
    """Whether the containers after this one may start."""
    if plan.role is Role.SIDECAR:
        return container.ready
    if plan.role is Role.NATIVE:
        return container.run is Run.RUNNING and container.startup_passed
    return plan.role is Role.APP or (container.ended is not None and container.ended.succeeded)


def _kill_overdue(state: PodState, now: datetime) -> _Step:
    effects: list[Effect] = []
    for plan in state.plans:
        container = state[plan.name]
        if container.alive and container.kill_at and container.kill_at <= now and not container.killed:
            state = state.having(plan.name, replace(container, killed=True))
            effects.append(KillContainer(plan.name))
    return state, tuple(effects)


def _wind_down(state: PodState, now: datetime) -> _Step:
    effects: list[Effect] = []
    for roles in ((Role.INIT, Role.APP), _SIDECARS):
        alive = [plan.name for plan, container in state.of_role(*roles) if container.alive]
        for name in alive:
            state, stops = _stop(state, name, now)
            effects += stops
        if alive:
            return state, tuple(effects)
    state, rest = _take_away(state)
    return state, (*effects, *rest)


def _stop(state: PodState, name: str, now: datetime) -> _Step:
    container = state[name]
    if container.kill_at is not None:
        return state, ()
    by = now + state.grace if state.delete_by is None else state.delete_by
    forced = by <= now and state.plan(name).role not in _SIDECARS
    if state.plan(name).role in _SIDECARS and state.grace:
        by = max(by, now + SIDECAR_GRACE_MIN)
    state = state.having(name, replace(container, kill_at=by, killed=forced))
    reports = (Report("Normal", "Killing", f"Stopping container {name}", name),)
    return state, (*reports, KillContainer(name) if forced else StopContainer(name))


def _take_away(state: PodState) -> _Step:
    if state.network is NetworkPhase.CREATING:
        return state, ()  # its answer comes; taking away what is being made would race with it
    effects: list[Effect] = []
    if state.network is not NetworkPhase.GONE:
        state = replace(state, network=NetworkPhase.GONE)
        effects.append(Teardown())
    if state.delete_by is not None:
        state = replace(state, removed=True)
        effects.append(ConfirmDeletion())
    return state, tuple(effects)


def _go_duration(delay: timedelta) -> str:
    """As Go prints it, and kubelet's messages with it: `10s`, `1m20s`, `5m0s`."""
    minutes, seconds = divmod(int(delay.total_seconds()), 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
