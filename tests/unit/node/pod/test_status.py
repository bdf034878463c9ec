"""States as statuses, and back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hauberk.names import NO_IMAGE
from hauberk.node.pod.events import Begin, ContainerExited, ContainerNotStarted, ContainerStarted, Event, NetworkReady
from hauberk.node.pod.machine import is_finished, step
from hauberk.node.pod.state import NetworkPhase, PodState, Run, plan_containers
from hauberk.node.pod.status import build_pod_status, parse_time, render_time, restore_state

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
STARTED = (Begin(), NetworkReady("10.244.0.7"), ContainerStarted("app", "hauberk://1"))


def make_pod(status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "app", "image": NO_IMAGE}]
    return {
        "metadata": {"name": "web", "namespace": "shop", "uid": "u1"},
        "spec": {"containers": containers, **spec},
        "status": status or {},
    }


def after(pod: dict[str, Any], *events: Event) -> PodState:
    state = plan_containers(pod)
    for event in events:
        state, _ = step(state, event, NOW)
    return state


def status_after(pod: dict[str, Any], *events: Event, now: datetime = NOW) -> dict[str, Any]:
    return build_pod_status(pod, after(pod, *events), host_ip="10.244.0.1", now=now)


def conditions(status: dict[str, Any]) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in status["conditions"]}


def condition(kind: str, value: str, **more: str) -> dict[str, Any]:
    return {"type": kind, "status": value, "lastProbeTime": None, **more, "lastTransitionTime": "2026-11-25T02:30:00Z"}


def test_a_running_pods_whole_status() -> None:
    assert status_after(make_pod(), *STARTED) == {
        "phase": "Running",
        "conditions": [
            condition("PodReadyToStartContainers", "True"),
            condition("Initialized", "True"),
            condition("Ready", "True"),
            condition("ContainersReady", "True"),
            condition("PodScheduled", "True"),
        ],
        "hostIP": "10.244.0.1",
        "hostIPs": [{"ip": "10.244.0.1"}],
        "podIP": "10.244.0.7",
        "podIPs": [{"ip": "10.244.0.7"}],
        "startTime": "2026-11-25T02:30:00Z",
        "containerStatuses": [
            {
                "name": "app",
                "state": {"running": {"startedAt": "2026-11-25T02:30:00Z"}},
                "lastState": {},
                "ready": True,
                "started": True,
                "restartCount": 0,
                "image": NO_IMAGE,
                "imageID": NO_IMAGE,
                "containerID": "hauberk://1",
            }
        ],
        "qosClass": "BestEffort",
    }


def test_a_pending_pod_says_what_it_waits_for() -> None:
    status = status_after(make_pod(initContainers=[{"name": "init", "image": NO_IMAGE}]), Begin())
    assert status["phase"] == "Pending"
    assert status["conditions"][1:3] == [
        condition("Initialized", "False", reason="ContainersNotInitialized", message="containers with incomplete status: [init]"),
        condition("Ready", "False", reason="ContainersNotReady", message="containers with unready status: [app]"),
    ]
    assert status["initContainerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "PodInitializing"}}


def test_a_start_that_failed_shows_its_reason() -> None:
    status = status_after(make_pod(), *STARTED[:2], ContainerNotStarted("app", "ErrImagePull", "no program"))
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "ErrImagePull", "message": "no program"}}


def test_a_refused_pod_shows_what_is_not_implemented() -> None:
    pod = make_pod()
    state = replace(after(pod, Begin()), refusal="volume x: hostPath is not implemented")
    status = build_pod_status(pod, state, host_ip="h", now=NOW)
    assert (status["phase"], status["reason"], status["message"]) == ("Pending", "NotImplemented", "volume x: hostPath is not implemented")
    assert status["containerStatuses"][0]["state"]["waiting"]["reason"] == "CreateContainerConfigError"


@pytest.mark.parametrize(
    ("policy", "code", "phase", "reason"),
    [
        ("Never", 0, "Succeeded", "PodCompleted"),
        ("Never", 3, "Failed", "PodFailed"),
        ("OnFailure", 0, "Succeeded", "PodCompleted"),
        ("OnFailure", 3, "Running", "ContainersNotReady"),
        ("Always", 0, "Running", "ContainersNotReady"),
    ],
)
def test_phases_after_an_exit(policy: str, code: int, phase: str, reason: str) -> None:
    status = status_after(make_pod(restartPolicy=policy), *STARTED, ContainerExited("app", code))
    assert (status["phase"], status["conditions"][2]["reason"]) == (phase, reason)


def test_an_exit_is_told_with_its_code_and_times() -> None:
    status = status_after(make_pod(restartPolicy="Never"), *STARTED, ContainerExited("app", 3))
    assert status["containerStatuses"][0]["state"] == {
        "terminated": {
            "exitCode": 3,
            "reason": "Error",
            "startedAt": "2026-11-25T02:30:00Z",
            "finishedAt": "2026-11-25T02:30:00Z",
            "containerID": "hauberk://1",
        }
    }
    assert conditions(status) == {
        "PodReadyToStartContainers": "False",
        "Initialized": "True",
        "Ready": "False",
        "ContainersReady": "False",
        "PodScheduled": "True",
    }


def test_a_restarted_container_keeps_the_end_before() -> None:
    status = status_after(make_pod(), *STARTED, ContainerExited("app", 3), ContainerStarted("app", "hauberk://2"))
    container = status["containerStatuses"][0]
    assert (container["restartCount"], container["containerID"]) == (1, "hauberk://2")
    assert container["lastState"]["terminated"]["exitCode"] == 3


def test_a_condition_keeps_the_time_of_its_last_change() -> None:
    pod = make_pod(status=status_after(make_pod(), *STARTED))
    later = NOW + timedelta(minutes=1)
    status = build_pod_status(pod, after(pod, *STARTED, ContainerExited("app", 1)), host_ip="h", now=later)
    times = {entry["type"]: entry["lastTransitionTime"] for entry in status["conditions"]}
    assert times["Initialized"] == render_time(NOW)
    assert times["Ready"] == render_time(later)


@pytest.mark.parametrize(
    ("resources", "qos"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
    ],
)
def test_the_class_of_service_follows_the_resources(resources: dict[str, Any], qos: str) -> None:
    pod = make_pod(containers=[{"name": "app", "image": NO_IMAGE, "resources": resources}])
    assert status_after(pod, Begin())["qosClass"] == qos


def test_times_are_read_as_they_are_written() -> None:
    assert parse_time(render_time(NOW)) == NOW


def test_a_running_pod_starts_anew_after_the_node_with_its_restarts_counted() -> None:
    before = make_pod(status=status_after(make_pod(), *STARTED))
    state = restore_state(before, NOW + timedelta(hours=1))
    assert (state.network, state.ip, state.started_at) == (NetworkPhase.ABSENT, "", NOW)
    container = state["app"]
    assert container.run is Run.WAITING
    assert container.last is not None
    assert (container.last.exit_code, container.last.reason, container.last.container_id) == (137, "ContainerStatusUnknown", "hauberk://1")
    state, _ = step(state, Begin(), NOW)
    state, _ = step(state, NetworkReady("10.244.0.9"), NOW)
    assert state["app"].restarts == 1


def test_a_pod_that_never_restarts_has_failed_with_its_node() -> None:
    before = make_pod(status=status_after(make_pod(restartPolicy="Never"), *STARTED), restartPolicy="Never")
    state = restore_state(before, NOW)
    assert is_finished(state)
    assert build_pod_status(before, state, host_ip="h", now=NOW)["phase"] == "Failed"


def test_a_pod_that_never_restarts_and_had_not_begun_begins() -> None:
    before = make_pod(status=status_after(make_pod(restartPolicy="Never"), Begin()), restartPolicy="Never")
    assert not is_finished(restore_state(before, NOW))


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_a_completed_pod_stays_completed_and_keeps_its_address(policy: str) -> None:
    pod = make_pod(restartPolicy=policy)
    status = status_after(pod, *STARTED, ContainerExited("app", 0))
    state = restore_state(pod | {"status": status}, NOW)
    assert (state.network, state.ip) == (NetworkPhase.GONE, "10.244.0.7")
    assert build_pod_status(pod | {"status": status}, state, host_ip="10.244.0.1", now=NOW) == status


def test_what_completed_beside_others_does_not_run_again() -> None:
    containers = [{"name": "app", "image": NO_IMAGE}, {"name": "other", "image": NO_IMAGE}]
    pod = make_pod(containers=containers, restartPolicy="OnFailure")
    status = status_after(pod, *STARTED, ContainerStarted("other", "hauberk://2"), ContainerExited("app", 0))
    state = restore_state(pod | {"status": status}, NOW)
    assert [state[name].run for name in ("app", "other")] == [Run.EXITED, Run.WAITING]
