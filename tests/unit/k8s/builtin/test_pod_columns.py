from datetime import UTC, datetime
from typing import Any

import pytest

from hauberk.k8s.builtin.pod_columns import POD_COLUMNS, PodSummary, summarize_pod
from tests.unit.k8s.builders import make_pod

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)
RUNNING = {"running": {"startedAt": "2025-11-25T10:00:00Z"}}
TWO = {"containers": [{"name": "c"}, {"name": "d"}]}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}


def waiting(reason: str) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason}}}


def exited(**fields: Any) -> dict[str, Any]:
    return {"state": {"terminated": fields}}


@pytest.mark.parametrize(
    ("spec", "status", "word", "ready"),
    [
        ({}, {}, "Pending", "0/1"),
        ({}, {"phase": "Failed", "reason": "Evicted"}, "Evicted", "0/1"),
        ({}, {"phase": "Succeeded"}, "Succeeded", "0/1"),
        ({}, {"containerStatuses": [waiting("ContainerCreating")]}, "ContainerCreating", "0/1"),
        ({}, {"phase": "Running", "containerStatuses": [{"ready": True, "state": RUNNING}]}, "Running", "1/1"),
        ({}, {"phase": "Running", "containerStatuses": [{"ready": False, "state": RUNNING}]}, "Running", "0/1"),
        (
            TWO,
            {"phase": "Running", "containerStatuses": [{"ready": True, "state": RUNNING}, waiting("CrashLoopBackOff")]},
            "CrashLoopBackOff",
            "1/2",
        ),
        (TWO, {"containerStatuses": [waiting("ImagePullBackOff"), waiting("CrashLoopBackOff")]}, "ImagePullBackOff", "0/2"),
        ({}, {"phase": "Succeeded", "containerStatuses": [exited(exitCode=0, reason="Completed")]}, "Completed", "0/1"),
        ({}, {"phase": "Failed", "containerStatuses": [exited(exitCode=3)]}, "ExitCode:3", "0/1"),
        ({}, {"phase": "Failed", "containerStatuses": [exited(exitCode=137, signal=9)]}, "Signal:9", "0/1"),
        (
            TWO,
            READY | {"phase": "Running", "containerStatuses": [exited(exitCode=0, reason="Completed"), {"ready": True, "state": RUNNING}]},
            "Running",
            "1/2",
        ),
        (
            TWO,
            {"phase": "Running", "containerStatuses": [exited(exitCode=0, reason="Completed"), {"ready": True, "state": RUNNING}]},
            "NotReady",
            "1/2",
        ),
        ({}, {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}, "SchedulingGated", "0/1"),
    ],
)
def test_status_and_ready(spec: dict[str, Any], status: dict[str, Any], word: str, ready: str) -> None:
    summary = summarize_pod(make_pod(spec=spec, status=status))
    assert (summary.status, f"{summary.ready}/{summary.total}") == (word, ready)


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        ([{"state": RUNNING}], "Init:0/2"),
        ([exited(exitCode=0), waiting("PodInitializing")], "Init:1/2"),
        ([exited(exitCode=0), waiting("CrashLoopBackOff")], "Init:CrashLoopBackOff"),
        ([exited(exitCode=2)], "Init:ExitCode:2"),
        ([exited(exitCode=2, reason="Error")], "Init:Error"),
        ([exited(exitCode=137, signal=9)], "Init:Signal:9"),
        ([exited(exitCode=0), exited(exitCode=0)], "PodInitializing"),
    ],
)
def test_init_containers(statuses: list[dict[str, Any]], word: str) -> None:
    spec = {"initContainers": [{"name": "a"}, {"name": "b"}]}
    named = [status | {"name": name} for name, status in zip("ab", statuses, strict=False)]
    status = {"initContainerStatuses": named, "containerStatuses": [waiting("PodInitializing")]}
    assert summarize_pod(make_pod(spec=spec, status=status)).status == word


def test_a_sidecar_counts_as_a_container_and_its_restarts_stay() -> None:
    spec = {"initContainers": [{"name": "once"}, {"name": "proxy", "restartPolicy": "Always"}]}
    done = {"name": "once", "restartCount": 4} | exited(exitCode=0)
    proxy = {"name": "proxy", "started": True, "ready": True, "restartCount": 2, "state": RUNNING}
    status = {
        "phase": "Running",
        "initContainerStatuses": [done, proxy],
        "containerStatuses": [{"ready": True, "state": RUNNING, "restartCount": 1}],
    }
    assert summarize_pod(make_pod(spec=spec, status=status)) == PodSummary("Running", ready=2, total=2, restarts=3)


def test_a_deleted_pod_is_terminating_unless_it_is_done_or_lost() -> None:
    for status, word in (({"phase": "Running"}, "Terminating"), ({"phase": "Succeeded"}, "Succeeded"), ({"reason": "NodeLost"}, "Unknown")):
        pod = make_pod(status=status)
        pod["metadata"]["deletionTimestamp"] = "2025-11-25T11:00:00Z"
        assert summarize_pod(pod).status == word


def test_the_row_of_a_pod_narrow_and_wide() -> None:
    last = {"terminated": {"exitCode": 1, "finishedAt": "2025-11-25T11:55:00Z"}}
    spec = {"nodeName": "local", "readinessGates": [{"conditionType": "mesh"}, {"conditionType": "Ready"}]}
    status = READY | {
        "phase": "Running",
        "podIPs": [{"ip": "10.244.1.9"}],
        "containerStatuses": [{"ready": True, "state": RUNNING, "restartCount": 3, "lastState": last}],
    }
    pod = make_pod(spec=spec, status=status)
    row = {column.name: column.value(pod, NOW) for column in POD_COLUMNS}
    assert row == {
        "Name": "web",
        "Ready": "1/1",
        "Status": "Running",
        "Restarts": "3 (5m ago)",
        "Age": "120m",
        "IP": "10.244.1.9",
        "Node": "local",
        "Nominated Node": "<none>",
        "Readiness Gates": "1/2",
    }
    assert [column.name for column in POD_COLUMNS if column.priority] == ["IP", "Node", "Nominated Node", "Readiness Gates"]


def test_a_new_pod_has_nothing_to_show() -> None:
    assert [column.value(make_pod(), NOW) for column in POD_COLUMNS] == ["web", "0/1", "Pending", "0", "120m", *["<none>"] * 4]
