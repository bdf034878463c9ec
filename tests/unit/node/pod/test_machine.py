"""The life of pods, told as events and the effects that they must have."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.names import NO_IMAGE, PROXY_IMAGE
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
from hauberk.node.pod.machine import is_finished, next_wake, step
from hauberk.node.pod.state import NetworkPhase, PodState, Run, plan_containers

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
IP = "10.244.0.7"


def make_pod(*names: str, inits: tuple[dict[str, Any], ...] = (), **spec: Any) -> PodState:
    containers = [{"name": name, "image": PROXY_IMAGE if name == "istio-proxy" else NO_IMAGE} for name in names]
    metadata = {"name": "web", "namespace": "shop", "uid": "u1"}
    return plan_containers({"metadata": metadata, "spec": {"containers": containers, "initContainers": list(inits), **spec}})


class Play:
    """Events in, effects out; the clock stands still unless told."""

    def __init__(self, state: PodState) -> None:
        self.state = state
        self.now = NOW

    def after(self, seconds: float) -> "Play":
        self.now += timedelta(seconds=seconds)
        return self

    def on(self, event: Event) -> list[Effect]:
        """What is to be done, reports left out."""
        self.state, effects = step(self.state, event, self.now)
        return [effect for effect in effects if not isinstance(effect, Report)]

    def reports(self, event: Event) -> list[tuple[str, str]]:
        self.state, effects = step(self.state, event, self.now)
        return [(effect.reason, effect.message) for effect in effects if isinstance(effect, Report)]

    def begun(self) -> "Play":
        assert self.on(Begin()) == [CreateNetwork()]
        self.first = self.on(NetworkReady(IP))
        return self

    def run(self, *names: str) -> "Play":
        for name in names:
            self.on(ContainerStarted(name, f"hauberk://{name}"))
        return self

    def crash(self, name: str, code: int = 1) -> list[Effect]:
        return self.on(ContainerExited(name, code))


def test_a_pod_gets_its_network_and_then_all_its_containers() -> None:
    play = Play(make_pod("a", "b"))
    assert play.on(Begin()) == [CreateNetwork()]
    assert play.on(Tick()) == []
    assert play.on(NetworkReady(IP)) == [StartContainer("a", 0), StartContainer("b", 0)]
    assert play.state.ip == IP


def test_a_network_that_cannot_be_made_is_tried_again_after_five_seconds() -> None:
    play = Play(make_pod("a"))
    play.on(Begin())
    assert play.reports(NetworkFailed("no veth")) == [("FailedCreatePodSandBox", "Failed to create the pod's network: no veth")]
    assert play.on(Tick()) == []
    assert next_wake(play.state, play.now) == NOW + timedelta(seconds=5)
    assert play.after(5).on(Tick()) == [CreateNetwork()]


def test_the_sidecar_is_ready_before_anything_else_starts() -> None:
    play = Play(make_pod("app", "istio-proxy", inits=({"name": "init", "image": NO_IMAGE},))).begun()
    assert play.first == [StartContainer("istio-proxy", 0)]
    assert play.on(ContainerStarted("istio-proxy", "id")) == []
    assert play.on(ReadinessChanged("istio-proxy", ready=True)) == [StartContainer("init", 0)]
    assert play.on(ContainerStarted("init", "id")) == []
    assert play.on(ContainerExited("init", 0)) == [StartContainer("app", 0)]


def test_a_gateways_proxy_is_the_application() -> None:
    play = Play(make_pod("istio-proxy")).begun().run("istio-proxy")
    assert play.first == [StartContainer("istio-proxy", 0)]
    assert not is_finished(play.state)
    assert not play.state["istio-proxy"].ready


def test_init_containers_run_one_after_another_and_a_native_sidecar_only_has_to_start() -> None:
    native = {"name": "log", "image": NO_IMAGE, "restartPolicy": "Always"}
    play = Play(make_pod("app", inits=({"name": "one", "image": NO_IMAGE}, native, {"name": "two", "image": NO_IMAGE}))).begun()
    assert play.first == [StartContainer("one", 0)]
    play.run("one")
    assert play.on(ContainerExited("one", 0)) == [StartContainer("log", 0)]
    assert play.on(ContainerStarted("log", "id")) == [StartContainer("two", 0)]
    play.run("two")
    assert play.on(ContainerExited("two", 0)) == [StartContainer("app", 0)]


def test_a_failed_init_container_is_tried_again_unless_the_pod_never_restarts() -> None:
    init = ({"name": "init", "image": NO_IMAGE},)
    play = Play(make_pod("app", inits=init)).begun().run("init")
    assert play.crash("init") == [StartContainer("init", 1)]
    play = Play(make_pod("app", inits=init, restartPolicy="Never")).begun().run("init")
    assert play.crash("init") == [Teardown()]
    assert is_finished(play.state)


def test_crashes_are_backed_off_as_kubelet_does() -> None:
    play = Play(make_pod("a")).begun().run("a")
    assert play.crash("a") == [StartContainer("a", 1)]  # the first restart is at once
    waits = []
    for attempt in range(2, 9):
        play.run("a")
        assert play.crash("a") == []
        wake = next_wake(play.state, play.now)
        assert wake is not None
        waits.append((wake - play.now).total_seconds())
        assert play.after(waits[-1]).on(Tick()) == [StartContainer("a", attempt)]
    assert waits == [10, 20, 40, 80, 160, 300, 300]


def test_a_container_that_ran_ten_minutes_is_forgiven() -> None:
    play = Play(make_pod("a")).begun().run("a")
    play.crash("a")
    play.run("a")
    play.crash("a")
    play.after(10).on(Tick())
    play.run("a")
    assert play.after(601).crash("a") == [StartContainer("a", 3)]


def test_a_waiting_crash_tells_its_back_off() -> None:
    play = Play(make_pod("a")).begun().run("a")
    play.crash("a")
    play.run("a")
    assert play.reports(ContainerExited("a", 7)) == [("BackOff", "Back-off restarting failed container a in pod web_shop(u1)")]
    container = play.state["a"]
    assert (container.reason, container.message) == ("CrashLoopBackOff", "back-off 10s restarting failed container=a pod=web_shop(u1)")
    assert container.last is not None
    assert (container.last.exit_code, container.last.reason) == (7, "Error")


@pytest.mark.parametrize(
    ("policy", "code", "effects"),
    [
        ("Always", 0, [StartContainer("a", 1)]),
        ("Always", 1, [StartContainer("a", 1)]),
        ("OnFailure", 1, [StartContainer("a", 1)]),
        ("OnFailure", 0, [Teardown()]),
        ("Never", 1, [Teardown()]),
        ("Never", 0, [Teardown()]),
    ],
)
def test_the_restart_policy_decides_what_follows_an_exit(policy: str, code: int, effects: list[Effect]) -> None:
    play = Play(make_pod("a", restartPolicy=policy)).begun().run("a")
    assert play.crash("a", code) == effects


def test_a_job_with_a_sidecar_completes() -> None:
    play = Play(make_pod("job", "istio-proxy", restartPolicy="Never")).begun().run("istio-proxy")
    play.on(ReadinessChanged("istio-proxy", ready=True))
    play.run("job")
    assert play.on(ContainerExited("job", 0)) == [StopContainer("istio-proxy")]
    assert play.on(ContainerExited("istio-proxy", 0)) == [Teardown()]
    assert play.state["istio-proxy"].run is Run.EXITED


def test_a_sidecar_that_crashes_beside_a_job_comes_back() -> None:
    play = Play(make_pod("job", "istio-proxy", restartPolicy="Never")).begun().run("istio-proxy")
    play.on(ReadinessChanged("istio-proxy", ready=True))
    play.run("job")
    assert play.crash("istio-proxy", 139) == [StartContainer("istio-proxy", 1)]


def test_images_that_nobody_has_are_looked_for_again_and_again() -> None:
    play = Play(make_pod("a")).begun()
    failed = ContainerNotStarted("a", "ErrImagePull", "no local program")
    assert play.reports(failed) == [("Failed", "ErrImagePull: no local program")]
    assert play.state["a"].reason == "ErrImagePull"
    assert play.after(10).on(Tick()) == [StartContainer("a", 0)]
    play.on(failed)
    assert (play.state["a"].reason, play.state["a"].message) == ("ImagePullBackOff", "no local program")
    assert next_wake(play.state, play.now) == play.now + timedelta(seconds=20)


def test_a_volume_that_cannot_be_mounted_yet_is_tried_again_soon() -> None:
    play = Play(make_pod("a")).begun()
    failed = ContainerNotStarted("a", "FailedMount", 'configmap "x" not found')
    waits = []
    for _ in range(10):
        assert play.reports(failed) == [("FailedMount", 'configmap "x" not found')]
        wake = next_wake(play.state, play.now)
        assert wake is not None
        waits.append((wake - play.now).total_seconds())
        assert play.after(waits[-1]).on(Tick()) == [StartContainer("a", 0)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 64, 122, 122]
    play.on(failed)
    assert (play.state["a"].reason, play.state["a"].message) == ("ContainerCreating", 'configmap "x" not found')


def test_a_delayed_start_shows_why_until_it_runs() -> None:
    play = Play(make_pod("istio-proxy")).begun()
    play.on(StartDelayed("istio-proxy", "ContainerCreating", "the CA is away"))
    assert play.state["istio-proxy"].message == "the CA is away"
    play.run("istio-proxy")
    assert play.state["istio-proxy"].message == ""


def test_a_program_that_cannot_be_executed_counts_as_an_exit() -> None:
    play = Play(make_pod("a", restartPolicy="Never")).begun()
    assert play.on(ContainerExited("a", 128, reason="StartError", message="exec: no such file: x")) == [Teardown()]
    ended = play.state["a"].ended
    assert ended is not None
    assert (ended.exit_code, ended.reason, ended.message, ended.started_at) == (128, "StartError", "exec: no such file: x", NOW)


def test_readiness_waits_for_the_startup_probe() -> None:
    probed = {"name": "a", "image": NO_IMAGE, "startupProbe": {}, "readinessProbe": {}}
    play = Play(plan_containers({"metadata": {"name": "p"}, "spec": {"containers": [probed]}})).begun().run("a")
    play.on(ReadinessChanged("a", ready=True))
    assert not play.state["a"].ready
    play.on(StartupPassed("a"))
    assert not play.state["a"].ready
    play.on(ReadinessChanged("a", ready=True))
    assert play.state["a"].ready


def test_a_failed_liveness_probe_restarts_the_container_and_kills_it_if_need_be() -> None:
    play = Play(make_pod("a", terminationGracePeriodSeconds=5)).begun().run("a")
    assert play.on(LivenessFailed("a", "liveness")) == [StopContainer("a")]
    assert play.on(LivenessFailed("a", "liveness")) == []
    assert play.after(5).on(Tick()) == [KillContainer("a")]
    assert play.on(ContainerExited("a", 137)) == [StartContainer("a", 1)]


def test_deletion_stops_applications_then_sidecars_then_takes_all_away() -> None:
    play = Play(make_pod("app", "istio-proxy")).begun().run("istio-proxy")
    play.on(ReadinessChanged("istio-proxy", ready=True))
    play.run("app")
    assert play.on(Deleted(timedelta(seconds=30))) == [StopContainer("app")]
    assert play.on(Deleted(timedelta(seconds=30))) == []
    assert play.on(ContainerExited("app", 143)) == [StopContainer("istio-proxy")]
    assert play.on(ContainerExited("istio-proxy", 0)) == [Teardown(), ConfirmDeletion()]
    assert play.state.removed
    assert play.on(Tick()) == []


def test_what_outlives_its_grace_is_killed_and_the_sidecar_has_two_seconds_more() -> None:
    play = Play(make_pod("app", "istio-proxy")).begun().run("istio-proxy")
    play.on(ReadinessChanged("istio-proxy", ready=True))
    play.run("app")
    play.on(Deleted(timedelta(seconds=30)))
    assert next_wake(play.state, play.now) == NOW + timedelta(seconds=30)
    assert play.after(30).on(Tick()) == [KillContainer("app")]
    assert next_wake(play.state, play.now) is None
    assert play.on(ContainerExited("app", 137)) == [StopContainer("istio-proxy")]
    assert next_wake(play.state, play.now) == NOW + timedelta(seconds=32)


def test_a_deletion_that_cannot_wait_kills_at_once() -> None:
    play = Play(make_pod("app")).begun().run("app")
    assert play.on(Deleted(timedelta(0))) == [KillContainer("app")]
    play = Play(make_pod("app")).begun().run("app")
    play.on(Deleted(timedelta(seconds=30)))
    assert play.on(Deleted(timedelta(0))) == [KillContainer("app")]


def test_a_deleted_pod_gives_up_its_starts_quietly() -> None:
    play = Play(make_pod("app")).begun()
    assert play.on(Deleted(timedelta(seconds=30))) == [StopContainer("app")]
    state, effects = step(play.state, ContainerNotStarted("app", "ContainerCreating", "given up"), play.now)
    assert effects == (Teardown(), ConfirmDeletion())
    assert state.removed


def test_a_deletion_waits_for_a_network_that_is_just_being_made() -> None:
    play = Play(make_pod("app"))
    play.on(Begin())
    assert play.on(Deleted(timedelta(0))) == []
    assert play.on(NetworkReady(IP)) == [Teardown(), ConfirmDeletion()]


def test_a_completed_pod_only_needs_its_deletion_confirmed() -> None:
    play = Play(make_pod("a", restartPolicy="Never")).begun().run("a")
    play.crash("a", 0)
    assert play.state.network is NetworkPhase.GONE
    assert play.on(Deleted(timedelta(seconds=30))) == [ConfirmDeletion()]


def test_a_refused_pod_says_why_and_never_starts() -> None:
    play = Play(replace(make_pod("a"), refusal="volume x: hostPath is not implemented"))
    assert play.reports(Begin()) == [("Failed", "This pod cannot run here: volume x: hostPath is not implemented")]
    assert play.on(Tick()) == []
    assert play.on(Deleted(timedelta(0))) == [Teardown(), ConfirmDeletion()]


def test_an_event_about_an_unknown_container_is_a_bug() -> None:
    with pytest.raises(KeyError):
        step(make_pod("a"), ContainerStarted("b", "id"), NOW)


_NAMES = ("istio-proxy", "app", "other", "init")
_names = st.sampled_from(_NAMES)
_events = st.one_of(
    st.builds(Tick),
    st.builds(Begin),
    st.just(NetworkReady(IP)),
    st.just(NetworkFailed("x")),
    st.builds(ContainerStarted, _names, st.just("id")),
    st.builds(ContainerNotStarted, _names, st.just("ErrImagePull"), st.just("m")),
    st.builds(ContainerExited, _names, st.integers(0, 2)),
    st.builds(ReadinessChanged, _names, st.booleans()),
    st.builds(LivenessFailed, _names, st.just("liveness")),
    st.builds(Deleted, st.integers(0, 40).map(lambda seconds: timedelta(seconds=seconds))),
)


@given(st.lists(st.tuples(_events, st.integers(0, 400)), max_size=40), st.sampled_from(["Always", "OnFailure", "Never"]))
def test_whatever_happens_containers_start_only_on_a_network_and_a_removed_pod_stays_removed(
    happening: list[tuple[Event, int]], policy: str
) -> None:
    play = Play(make_pod("istio-proxy", "app", "other", inits=({"name": "init", "image": NO_IMAGE},), restartPolicy=policy))
    for event, seconds in happening:
        removed, deleting = play.state.removed, play.state.delete_by is not None
        effects = play.after(seconds).on(event)
        starts = [effect for effect in effects if isinstance(effect, StartContainer)]
        assert not starts or (play.state.network is NetworkPhase.READY and not deleting)
        assert not removed or effects == []
        wake = next_wake(play.state, play.now)
        assert wake is None or wake > play.now


@given(st.data())
def test_every_deleted_pod_ends_when_its_processes_do(data: st.DataObject) -> None:
    play = Play(make_pod("istio-proxy", "app", inits=({"name": "init", "image": NO_IMAGE},)))
    play.on(Begin())
    for event, seconds in data.draw(st.lists(st.tuples(_events, st.integers(0, 60)), max_size=20)):
        if getattr(event, "name", "") != "other":
            play.after(seconds).on(event)
    play.on(Deleted(timedelta(0)))
    for _ in range(10):
        if play.state.network is NetworkPhase.CREATING:
            play.on(NetworkFailed("x"))
        for name in [name for name, container in play.state.containers.items() if container.alive]:
            play.on(ContainerExited(name, 137))
    assert play.state.removed
