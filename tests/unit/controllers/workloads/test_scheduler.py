from typing import Any

import pytest

from hauberk.controllers.actions import Bind, Event, PatchStatus
from hauberk.controllers.cluster import Key
from hauberk.controllers.workloads.scheduler import CONTROLLER, plan
from hauberk.k8s import core
from tests.unit.controllers.builders import NOW, STAMP, cluster_of, make_node, make_pod, run

KEY = Key("bookinfo", "p")


def test_a_pod_goes_to_the_ready_node() -> None:
    pod = make_pod("p")
    assert run(plan, KEY, (core.POD, pod), (core.NODE, make_node())) == [
        Bind("bookinfo", "p", "local"),
        Event(pod, "Scheduled", "Successfully assigned bookinfo/p to local"),
    ]


@pytest.mark.parametrize(
    "pod",
    [
        make_pod("p", spec={"nodeName": "local"}),
        make_pod("p", deletionTimestamp=STAMP),
        make_pod("p", status={"phase": "Succeeded"}),
    ],
)
def test_a_pod_that_has_a_node_or_an_end_is_left_alone(pod: dict[str, Any]) -> None:
    assert run(plan, KEY, (core.POD, pod), (core.NODE, make_node())) == []


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "no nodes available to schedule pods"),
        ([make_node(ready=False)], "0/1 nodes are available: 1 node(s) were not ready or unschedulable."),
        (
            [make_node() | {"spec": {"unschedulable": True}}],
            "0/1 nodes are available: 1 node(s) were not ready or unschedulable.",
        ),
    ],
)
def test_without_a_node_the_pod_says_why(nodes: list[dict[str, Any]], message: str) -> None:
    pod = make_pod("p")
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message, "lastTransitionTime": STAMP}
    assert run(plan, KEY, (core.POD, pod), *((core.NODE, node) for node in nodes)) == [
        PatchStatus(core.POD, "bookinfo", "p", {"conditions": [condition]}),
        Event(pod, "FailedScheduling", message, "Warning"),
    ]


def test_what_was_said_is_not_said_again() -> None:
    said = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no nodes available to schedule pods"}
    assert run(plan, KEY, (core.POD, make_pod("p", status={"conditions": [said]}))) == []


def test_a_node_selector_is_kept() -> None:
    pod = make_pod("p", spec={"nodeSelector": {"disk": "ssd"}})
    (status, _event) = run(plan, KEY, (core.POD, pod), (core.NODE, make_node()))
    assert isinstance(status, PatchStatus)
    assert "didn't match Pod's node affinity/selector" in status.status["conditions"][0]["message"]
    assert Bind("bookinfo", "p", "local") in run(plan, KEY, (core.POD, pod), (core.NODE, make_node(labels={"disk": "ssd"})))


def test_a_node_that_becomes_ready_concerns_all_waiting_pods() -> None:
    cluster = cluster_of((core.POD, make_pod("p")), (core.POD, make_pod("q", spec={"nodeName": "local"})))
    node_watch = next(watch for watch in CONTROLLER.watches if watch.kind == core.NODE)
    assert list(node_watch.keys(make_node(), cluster)) == [KEY]
    assert list(CONTROLLER.plan(cluster, Key("bookinfo", "gone"), NOW)) == []
