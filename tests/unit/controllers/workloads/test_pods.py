from datetime import timedelta

import pytest

from hauberk.controllers.workloads.pods import available_in, container_port, is_active, is_finished, is_ready
from tests.unit.controllers.builders import NOW, make_pod


@pytest.mark.parametrize(("phase", "finished"), [("Pending", False), ("Running", False), ("Succeeded", True), ("Failed", True)])
def test_a_pod_is_finished_by_its_phase(phase: str, finished: bool) -> None:
    pod = make_pod("p", status={"phase": phase})
    assert is_finished(pod) is finished
    assert is_active(pod) is not finished


def test_a_terminating_pod_is_not_active() -> None:
    assert not is_active(make_pod("p", deletionTimestamp="2026-11-25T12:00:00Z"))


def test_readiness_is_a_condition() -> None:
    assert is_ready(make_pod("p", ip="10.0.0.1", ready=True))
    assert not is_ready(make_pod("p", ip="10.0.0.1"))


@pytest.mark.parametrize(
    ("min_ready", "passed", "expected"),
    [(0, 0, timedelta()), (10, 4, timedelta(seconds=6)), (10, 10, timedelta()), (10, 60, timedelta())],
)
def test_a_pod_is_available_after_it_was_ready_long_enough(min_ready: int, passed: int, expected: timedelta) -> None:
    pod = make_pod("p", ip="10.0.0.1", ready=True)
    assert available_in(pod, min_ready=timedelta(seconds=min_ready), now=NOW + timedelta(seconds=passed)) == expected


def test_a_pod_that_is_not_ready_is_never_available() -> None:
    assert available_in(make_pod("p"), min_ready=timedelta(), now=NOW) is None


def test_ports_are_found_by_name_and_protocol_also_in_sidecars() -> None:
    spec = {
        "containers": [{"name": "a", "image": "x", "ports": [{"name": "web", "containerPort": 80}]}],
        "initContainers": [
            {"name": "s", "image": "x", "restartPolicy": "Always", "ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"}]},
            {"name": "i", "image": "x", "ports": [{"name": "never", "containerPort": 1}]},
        ],
    }
    pod = make_pod("p", spec=spec)
    assert container_port(pod, "web", "TCP") == 80
    assert container_port(pod, "web", "UDP") is None
    assert container_port(pod, "dns", "UDP") == 53
    assert container_port(pod, "never", "TCP") is None
