from datetime import timedelta
from typing import Any

from hauberk.controllers.actions import Again, Create, Delete, Event, Patch, PatchStatus, Together
from hauberk.controllers.cluster import Key
from hauberk.controllers.workloads.replicaset import CONTROLLER, deletion_order, plan
from hauberk.k8s import apps, core
from hauberk.k8s.kind import Manifest, name_of
from tests.unit.controllers.builders import NOW, STAMP, cluster_of, make_pod, make_replica_set, owner, run

KEY = Key("bookinfo", "web-1")


def pod_of(replica_set: Manifest, name: str, **fields: Any) -> Manifest:
    return make_pod(name, labels={"app": "web"}, ownerReferences=owner(apps.REPLICA_SET, replica_set), **fields)


def reported(**counts: int) -> dict[str, int]:
    zero = dict.fromkeys(("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "terminatingReplicas"), 0)
    return zero | {"observedGeneration": 1} | counts


def test_missing_pods_are_made_from_the_template() -> None:
    replica_set = make_replica_set(replicas=2) | {"status": reported()}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "web-1-",
            "namespace": "bookinfo",
            "labels": {"app": "web"},
            "ownerReferences": owner(apps.REPLICA_SET, replica_set),
        },
        "spec": {"containers": [{"name": "main", "image": "x"}]},
    }
    create = Create(
        core.POD,
        pod,
        succeeded=Event(replica_set, "SuccessfulCreate", "Created pod: {name}"),
        failed=Event(replica_set, "FailedCreate", "Error creating: {error}", "Warning"),
    )
    assert run(plan, KEY, (apps.REPLICA_SET, replica_set)) == [Together((create, create))]


def test_enough_pods_need_nothing_but_the_report() -> None:
    replica_set = make_replica_set()
    pod = pod_of(replica_set, "a", ip="10.0.0.1", ready=True)
    status = reported(replicas=1, fullyLabeledReplicas=1, readyReplicas=1, availableReplicas=1)
    assert run(plan, KEY, (apps.REPLICA_SET, replica_set), (core.POD, pod)) == [PatchStatus(apps.REPLICA_SET, "bookinfo", "web-1", status)]
    assert run(plan, KEY, (apps.REPLICA_SET, replica_set | {"status": status}), (core.POD, pod)) == []


def test_too_many_pods_lose_the_one_that_serves_least() -> None:
    replica_set = make_replica_set() | {"status": reported(replicas=2, fullyLabeledReplicas=2, readyReplicas=1, availableReplicas=1)}
    ready, waiting = pod_of(replica_set, "ready", ip="10.0.0.1", ready=True), pod_of(replica_set, "waiting", ip="10.0.0.2")
    assert run(plan, KEY, (apps.REPLICA_SET, replica_set), (core.POD, ready), (core.POD, waiting)) == [
        Delete(core.POD, "bookinfo", "waiting", "uid-waiting", succeeded=Event(replica_set, "SuccessfulDelete", "Deleted pod: waiting"))
    ]


def test_terminating_and_finished_pods_do_not_count() -> None:
    replica_set = make_replica_set() | {"status": reported(terminatingReplicas=1)}
    going, ended = pod_of(replica_set, "going", deletionTimestamp=STAMP), pod_of(replica_set, "ended", status={"phase": "Failed"})
    actions = run(plan, KEY, (apps.REPLICA_SET, replica_set), (core.POD, going), (core.POD, ended))
    assert [type(action) for action in actions] == [Create]


def test_an_orphan_that_fits_is_adopted_and_what_no_longer_fits_is_released() -> None:
    replica_set = make_replica_set() | {"status": reported(replicas=1, fullyLabeledReplicas=1)}
    orphan = make_pod("orphan", labels={"app": "web"})
    stray = make_pod("stray", labels={"app": "debug"}, ownerReferences=owner(apps.REPLICA_SET, replica_set))
    adoption = {"metadata": {"uid": "uid-orphan", "ownerReferences": owner(apps.REPLICA_SET, replica_set)}}
    assert run(plan, KEY, (apps.REPLICA_SET, replica_set), (core.POD, orphan), (core.POD, stray)) == [
        Patch(core.POD, "bookinfo", "orphan", adoption),
        Patch(core.POD, "bookinfo", "stray", {"metadata": {"uid": "uid-stray", "ownerReferences": None}}),
    ]


def test_a_pod_of_another_replica_set_is_not_touched() -> None:
    replica_set = make_replica_set(replicas=0) | {"status": reported()}
    other = make_pod("p", labels={"app": "web"}, ownerReferences=[{"uid": "x", "controller": True, "kind": "ReplicaSet", "name": "x"}])
    assert run(plan, KEY, (apps.REPLICA_SET, replica_set), (core.POD, other)) == []


def test_a_terminating_replica_set_makes_no_pods() -> None:
    replica_set = make_replica_set(deletionTimestamp=STAMP) | {"status": reported()}
    assert run(plan, KEY, (apps.REPLICA_SET, replica_set)) == []


def test_a_pod_that_is_not_ready_for_long_enough_is_looked_at_again() -> None:
    replica_set = make_replica_set()
    replica_set["spec"]["minReadySeconds"] = 5
    pod = pod_of(replica_set, "a", ip="10.0.0.1", ready=True)
    status = reported(replicas=1, fullyLabeledReplicas=1, readyReplicas=1)
    assert run(plan, KEY, (apps.REPLICA_SET, replica_set), (core.POD, pod)) == [
        PatchStatus(apps.REPLICA_SET, "bookinfo", "web-1", status),
        Again(timedelta(seconds=5)),
    ]


def test_pods_are_deleted_in_upstreams_order() -> None:
    bound = {"nodeName": "local"}
    later = "2026-11-25T12:00:09Z"
    restarted = {"containerStatuses": [{"restartCount": 3}]}
    in_order = [
        make_pod("unassigned"),
        make_pod("pending", spec=bound),
        make_pod("not-ready", ip="1", spec=bound),
        make_pod("cheap", ip="1", ready=True, spec=bound, annotations={"controller.kubernetes.io/pod-deletion-cost": "-1"}),
        make_pod("restarted", ip="1", ready=True, spec=bound, status=restarted),
        make_pod("young", ip="1", ready=True, spec=bound, creationTimestamp=later),
        make_pod("old", ip="1", ready=True, spec=bound),
    ]
    assert [name_of(pod) for pod in sorted(reversed(in_order), key=deletion_order)] == [name_of(pod) for pod in in_order]
    assert deletion_order(in_order[-1], colocated=2) < deletion_order(in_order[-1], colocated=1)


def test_a_pod_concerns_its_replica_set_and_an_orphan_all_that_would_adopt_it() -> None:
    replica_set = make_replica_set()
    cluster = cluster_of((apps.REPLICA_SET, replica_set), (apps.REPLICA_SET, make_replica_set("db-1", app="db")))
    keys = next(watch.keys for watch in CONTROLLER.watches if watch.kind == core.POD)
    assert list(keys(pod_of(replica_set, "a"), cluster)) == [KEY]
    assert list(keys(make_pod("b", labels={"app": "db"}), cluster)) == [Key("bookinfo", "db-1")]
    assert list(CONTROLLER.plan(cluster, Key("bookinfo", "gone"), NOW)) == []
