from datetime import timedelta
from typing import Any

from hauberk.controllers.actions import Again, PatchStatus
from hauberk.controllers.workloads.deployment_status import is_complete, plan_status
from hauberk.k8s import apps
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import NOW, STAMP, make_deployment, make_replica_set

AVAILABLE = {
    "type": "Available",
    "status": "True",
    "reason": "MinimumReplicasAvailable",
    "message": "Deployment has minimum availability.",
    "lastUpdateTime": STAMP,
    "lastTransitionTime": STAMP,
}


def progressing(reason: str, message: str, status: str = "True") -> Manifest:
    times = {"lastUpdateTime": STAMP, "lastTransitionTime": STAMP}
    return {"type": "Progressing", "status": status, "reason": reason, "message": message} | times


def replica_set(replicas: int, available: int, name: str = "web-1", **fields: Any) -> Manifest:
    status = {"replicas": replicas, "readyReplicas": available, "availableReplicas": available}
    return make_replica_set(name, replicas=replicas, **fields) | {"status": status}


def patched(deployment: Manifest, new: Manifest | None, *old: Manifest, later: float = 0) -> tuple[dict[str, Any], list[Any]]:
    actions = plan_status(deployment, new, old, now=NOW + timedelta(seconds=later))
    statuses = [action.status for action in actions if isinstance(action, PatchStatus)]
    return (statuses[0] if statuses else {}), [action for action in actions if not isinstance(action, PatchStatus)]


def test_a_finished_rollout_is_reported_as_upstream_does() -> None:
    status, rest = patched(make_deployment(), replica_set(1, 1))
    assert status == {
        "replicas": 1,
        "updatedReplicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
        "terminatingReplicas": 0,
        "observedGeneration": 1,
        "conditions": [AVAILABLE, progressing("NewReplicaSetAvailable", 'ReplicaSet "web-1" has successfully progressed.')],
    }
    assert rest == []


def test_a_beginning_rollout_is_not_available_and_has_a_deadline() -> None:
    status, rest = patched(make_deployment(), replica_set(1, 0))
    assert status["unavailableReplicas"] == 1
    assert [(one["type"], one["status"], one["reason"]) for one in status["conditions"]] == [
        ("Available", "False", "MinimumReplicasUnavailable"),
        ("Progressing", "True", "NewReplicaSetCreated"),
    ]
    assert rest == [Again(timedelta(seconds=600))]


def with_status(deployment: Manifest, conditions: list[Manifest], **counts: int) -> Manifest:
    return deployment | {"status": {"observedGeneration": 1, "conditions": conditions, "terminatingReplicas": 0} | counts}


def test_a_rollout_that_stands_still_times_out() -> None:
    stuck = [AVAILABLE | {"status": "False"}, progressing("NewReplicaSetCreated", "")]
    deployment = with_status(make_deployment(), stuck, replicas=1, updatedReplicas=1, unavailableReplicas=1)
    status, rest = patched(deployment, replica_set(1, 0), later=601)
    assert status["conditions"][1] == {
        "type": "Progressing",
        "status": "False",
        "reason": "ProgressDeadlineExceeded",
        "message": 'ReplicaSet "web-1" has timed out progressing.',
        "lastUpdateTime": "2026-11-25T12:10:01Z",
        "lastTransitionTime": "2026-11-25T12:10:01Z",
    }
    assert rest == []


def test_progress_moves_the_deadline() -> None:
    begun = [AVAILABLE | {"status": "False"}, progressing("ReplicaSetUpdated", 'ReplicaSet "web-1" is progressing.')]
    deployment = with_status(make_deployment(replicas=3), begun, replicas=3, updatedReplicas=3, unavailableReplicas=3)
    status, rest = patched(deployment, replica_set(3, 1), later=300)
    assert status["conditions"][1]["lastUpdateTime"] == "2026-11-25T12:05:00Z"
    assert status["conditions"][1]["lastTransitionTime"] == STAMP
    assert rest == [Again(timedelta(seconds=600))]


def test_a_pod_that_fails_later_does_not_make_a_finished_rollout_unfinished() -> None:
    done = progressing("NewReplicaSetAvailable", 'ReplicaSet "web-1" has successfully progressed.')
    deployment = with_status(make_deployment(), [AVAILABLE, done], replicas=1, updatedReplicas=1, readyReplicas=1, availableReplicas=1)
    status, rest = patched(deployment, replica_set(1, 0))
    assert [one["reason"] for one in status["conditions"]] == ["MinimumReplicasUnavailable", "NewReplicaSetAvailable"]
    assert rest == []


def test_a_new_template_begins_another_rollout() -> None:
    done = progressing("NewReplicaSetAvailable", "")
    deployment = with_status(make_deployment(generation=2), [AVAILABLE, done], replicas=1, updatedReplicas=1, availableReplicas=1)
    status, _ = patched(deployment, None, replica_set(1, 1))
    assert status["conditions"][1]["reason"] == "ReplicaSetUpdated"
    assert status["observedGeneration"] == 2
    assert status["updatedReplicas"] is None


def test_a_paused_deployment_says_so_and_that_it_was_resumed() -> None:
    paused, _ = patched(make_deployment(spec={"paused": True}), replica_set(1, 1))
    assert (paused["conditions"][1]["status"], paused["conditions"][1]["reason"]) == ("Unknown", "DeploymentPaused")
    resumed, _ = patched(with_status(make_deployment(), paused["conditions"]), replica_set(1, 1))
    assert resumed["conditions"][1]["reason"] == "DeploymentResumed"


def test_a_status_that_is_right_is_not_written() -> None:
    first, _ = patched(make_deployment(), replica_set(1, 1))
    assert patched(make_deployment() | {"status": first}, replica_set(1, 1)) == ({}, [])


def test_without_a_deadline_nobody_looks_again() -> None:
    _, rest = patched(make_deployment(spec={"progressDeadlineSeconds": 2**31 - 1}), replica_set(1, 0))
    assert rest == []


def test_complete_means_all_of_the_new_template_available_and_no_other() -> None:
    assert is_complete(make_deployment(), replica_set(1, 1), [replica_set(0, 0, "old")])
    assert not is_complete(make_deployment(), replica_set(1, 1), [replica_set(1, 1, "old")])
    assert not is_complete(make_deployment(), replica_set(1, 0), [])
    assert not is_complete(make_deployment(), None, [replica_set(1, 1, "old")])
    assert apps.DEPLOYMENT.status
