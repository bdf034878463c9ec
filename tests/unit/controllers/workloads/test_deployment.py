from typing import Any

import pytest

from hauberk.controllers.actions import Create, Delete, Event, Patch
from hauberk.controllers.cluster import Key
from hauberk.controllers.objects import annotations_of, condition_is, digest
from hauberk.controllers.workloads import deployment, replicaset, scheduler
from hauberk.controllers.workloads.deployment import plan
from hauberk.k8s import apps, core
from hauberk.k8s.kind import Manifest, name_of
from tests.unit.controllers.builders import World, make_deployment, make_node, make_pod, make_replica_set, make_template, owner, run

KEY = Key("bookinfo", "web")
SIZES = {"deployment.kubernetes.io/desired-replicas": "1", "deployment.kubernetes.io/max-replicas": "2"}


def world(*objects: tuple[Any, Manifest]) -> World:
    controllers = (deployment.CONTROLLER, replicaset.CONTROLLER, scheduler.CONTROLLER)
    return World(controllers, (core.NODE, make_node()), *objects)


def the_deployment(world: World) -> Manifest:
    return world.get(apps.DEPLOYMENT, *KEY)


def replicas(world: World) -> dict[str, int]:
    """Image of the template to replicas."""
    sets = world.cluster.list(apps.REPLICA_SET)
    return {one["spec"]["template"]["spec"]["containers"][0]["image"]: one["spec"]["replicas"] for one in sets}


def set_image(world: World, image: str) -> None:
    containers = [{"name": "main", "image": image}]
    world.patch(apps.DEPLOYMENT, *KEY, {"spec": {"template": {"spec": {"containers": containers}}}})


def test_a_new_deployment_gets_a_replica_set_named_by_its_template() -> None:
    obj = make_deployment(annotations={"team": "a", "kubectl.kubernetes.io/last-applied-configuration": "{}"})
    hash_ = digest(make_template())
    labels = {"app": "web", "pod-template-hash": hash_}
    replica_set = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"web-{hash_}",
            "namespace": "bookinfo",
            "labels": labels,
            "annotations": {"team": "a", "deployment.kubernetes.io/revision": "1"} | SIZES,
            "ownerReferences": owner(apps.DEPLOYMENT, obj),
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "x"}]}},
        },
    }
    assert run(plan, KEY, (apps.DEPLOYMENT, obj))[0] == Create(
        apps.REPLICA_SET,
        replica_set,
        succeeded=Event(obj, "ScalingReplicaSet", f"Scaled up replica set web-{hash_} from 0 to 1"),
        failed=Event(obj, "ReplicaSetCreateError", f"Failed to create new replica set web-{hash_}: {{error}}", "Warning"),
    )


def test_a_deployment_becomes_available_and_complete() -> None:
    w = world((apps.DEPLOYMENT, make_deployment(replicas=3)))
    w.live()
    assert condition_is(the_deployment(w), "Available")
    assert the_deployment(w)["status"]["availableReplicas"] == 3
    assert annotations_of(the_deployment(w))["deployment.kubernetes.io/revision"] == "1"


def test_a_new_image_is_rolled_out_and_the_old_replica_set_kept_for_a_roll_back() -> None:
    w = world((apps.DEPLOYMENT, make_deployment(replicas=3)))
    w.live()
    set_image(w, "y")
    w.live()
    assert replicas(w) == {"x": 0, "y": 3}
    assert annotations_of(the_deployment(w))["deployment.kubernetes.io/revision"] == "2"
    set_image(w, "x")
    w.live()
    assert replicas(w) == {"x": 3, "y": 0}
    assert annotations_of(the_deployment(w))["deployment.kubernetes.io/revision"] == "3"


def test_an_image_that_does_not_work_takes_no_working_pod_away() -> None:
    w = world((apps.DEPLOYMENT, make_deployment(replicas=2)))
    w.live()
    set_image(w, "broken")
    w.live(ready=False)
    assert replicas(w) == {"x": 2, "broken": 1}
    assert condition_is(the_deployment(w), "Available")


def test_recreate_has_no_pod_of_the_new_image_beside_one_of_the_old() -> None:
    w = world((apps.DEPLOYMENT, make_deployment(replicas=2, spec={"strategy": {"type": "Recreate"}})))
    w.live()
    set_image(w, "y")
    # The pods are held, as by a kubelet that has not yet confirmed their end.
    for pod in list(w.cluster.list(core.POD)):
        w.put(core.POD, pod | {"metadata": pod["metadata"] | {"finalizers": ["test/held"]}})
    w.settle()
    assert replicas(w) == {"x": 0}
    w.live()
    assert replicas(w) == {"x": 0, "y": 2}


def test_scaling_is_no_new_revision() -> None:
    w = world((apps.DEPLOYMENT, make_deployment()))
    w.live()
    w.patch(apps.DEPLOYMENT, *KEY, {"spec": {"replicas": 4}})
    w.live()
    assert replicas(w) == {"x": 4}
    assert annotations_of(the_deployment(w))["deployment.kubernetes.io/revision"] == "1"
    w.patch(apps.DEPLOYMENT, *KEY, {"spec": {"replicas": 0}})
    w.live()
    assert replicas(w) == {"x": 0}


def test_a_paused_deployment_scales_and_does_not_roll_out() -> None:
    w = world((apps.DEPLOYMENT, make_deployment()))
    w.live()
    w.patch(apps.DEPLOYMENT, *KEY, {"spec": {"paused": True, "replicas": 2}})
    set_image(w, "y")
    w.live()
    assert replicas(w) == {"x": 2}
    w.patch(apps.DEPLOYMENT, *KEY, {"spec": {"paused": False}})
    w.live()
    assert replicas(w) == {"x": 0, "y": 2}


def test_history_beyond_the_limit_goes_oldest_first() -> None:
    w = world((apps.DEPLOYMENT, make_deployment(spec={"revisionHistoryLimit": 1})))
    for image in ("x", "y", "z"):
        set_image(w, image)
        w.live()
    assert replicas(w) == {"y": 0, "z": 1}


def test_a_deleted_deployment_takes_replica_sets_and_pods_along() -> None:
    w = world((apps.DEPLOYMENT, make_deployment(replicas=2)))
    w.live()
    w.delete(apps.DEPLOYMENT, *KEY)
    w.live()
    assert w.cluster.list(apps.REPLICA_SET) == []
    assert w.cluster.list(core.POD) == []


def test_an_orphaned_replica_set_of_the_same_template_is_adopted() -> None:
    obj = make_deployment()
    orphan = make_replica_set("web-old", annotations=SIZES | {"deployment.kubernetes.io/revision": "1"})
    orphan["metadata"]["labels"] = {"app": "web"}
    adoption = {"metadata": {"uid": "uid-web-old", "ownerReferences": owner(apps.DEPLOYMENT, obj)}}
    actions = run(plan, KEY, (apps.DEPLOYMENT, obj), (apps.REPLICA_SET, orphan))
    assert actions[0] == Patch(apps.REPLICA_SET, "bookinfo", "web-old", adoption)
    assert not [action for action in actions if isinstance(action, Create | Delete)]


@pytest.mark.parametrize("objects", [(), ((apps.DEPLOYMENT, make_deployment(deletionTimestamp="2026-11-25T12:00:00Z")),)])
def test_a_deployment_that_is_gone_or_going_is_left_to_the_garbage_collector(objects: tuple[Any, ...]) -> None:
    assert run(plan, KEY, *objects) == []


def test_an_old_pod_concerns_the_deployment() -> None:
    w = world((apps.DEPLOYMENT, make_deployment()))
    w.live()
    (pod,) = w.cluster.list(core.POD)
    keys = next(watch.keys for watch in deployment.CONTROLLER.watches if watch.kind == core.POD)
    assert list(keys(pod, w.cluster)) == [KEY]
    assert list(keys(make_pod("loose"), w.cluster)) == []
    assert name_of(pod).startswith("web-")
