from hauberk.controllers.cluster import Cluster, Key
from hauberk.k8s import apps, core
from hauberk.k8s.kind import Kind, Manifest, name_of
from tests.unit.controllers.builders import cluster_of, make_deployment, make_pod, make_replica_set, owner


def at_revision(obj: Manifest, revision: int, **metadata: object) -> Manifest:
    return obj | {"metadata": obj["metadata"] | {"resourceVersion": str(revision)} | metadata}


def test_objects_are_found_by_name_and_by_namespace() -> None:
    pod = make_pod("p")
    cluster = cluster_of((core.POD, pod), (core.POD, make_pod("p", "other", uid="u2")))
    assert cluster.get(core.POD, "bookinfo", "p") == pod
    assert cluster.get(core.POD, "bookinfo", "q") is None
    assert cluster.get(core.SERVICE, "bookinfo", "p") is None
    assert cluster.list(core.POD, "bookinfo") == [pod]
    assert len(cluster.list(core.POD)) == 2


def test_objects_are_found_by_their_owner() -> None:
    deployment = make_deployment()
    owned = make_replica_set(ownerReferences=owner(apps.DEPLOYMENT, deployment))
    loose = make_pod("p", ownerReferences=[{"uid": "uid-web"}])
    cluster = cluster_of((apps.DEPLOYMENT, deployment), (apps.REPLICA_SET, owned), (core.POD, loose))
    assert cluster.controlled(apps.REPLICA_SET, "uid-web") == [owned]
    assert cluster.controlled(core.POD, "uid-web") == []
    assert cluster.owned("uid-web") == [(apps.REPLICA_SET, owned), (core.POD, loose)]


def test_an_older_revision_is_not_taken() -> None:
    cluster = Cluster()
    assert cluster.apply(core.POD, at_revision(make_pod("p"), 5))
    assert not cluster.apply(core.POD, at_revision(make_pod("p"), 4))
    assert not cluster.apply(core.POD, at_revision(make_pod("p"), 5))
    assert cluster.apply(core.POD, at_revision(make_pod("p"), 10))


def test_an_owner_that_changes_moves_the_object_in_the_index() -> None:
    cluster = cluster_of((core.POD, at_revision(make_pod("p", ownerReferences=[{"uid": "a", "controller": True}]), 1)))
    cluster.apply(core.POD, at_revision(make_pod("p", ownerReferences=[{"uid": "b", "controller": True}]), 2))
    assert cluster.owned("a") == []
    assert [name_of(obj) for _, obj in cluster.owned("b")] == ["p"]


def test_what_we_deleted_does_not_come_back_by_late_news() -> None:
    cluster = cluster_of((core.POD, at_revision(make_pod("p"), 1)))
    cluster.deleted(core.POD, Key("bookinfo", "p"), "uid-p")
    assert cluster.get(core.POD, "bookinfo", "p") is None
    assert not cluster.apply(core.POD, at_revision(make_pod("p"), 2))
    assert cluster.apply(core.POD, at_revision(make_pod("p"), 3, deletionTimestamp="2026-11-25T12:00:00Z"))


def test_another_object_of_the_same_name_may_come() -> None:
    cluster = cluster_of((core.POD, at_revision(make_pod("p"), 1)))
    cluster.deleted(core.POD, Key("bookinfo", "p"), "uid-p")
    assert cluster.apply(core.POD, at_revision(make_pod("p", uid="second"), 4))


def test_an_answer_from_before_the_end_does_not_bring_a_gone_object_back() -> None:
    cluster = cluster_of((core.POD, at_revision(make_pod("p"), 1)))
    cluster.remove(core.POD, at_revision(make_pod("p"), 2))
    assert not cluster.apply(core.POD, at_revision(make_pod("p"), 2))
    assert cluster.list(core.POD) == []


def test_an_object_that_is_already_terminating_stays_when_we_delete_it() -> None:
    cluster = cluster_of((core.POD, make_pod("p", deletionTimestamp="2026-11-25T12:00:00Z")))
    cluster.deleted(core.POD, Key("bookinfo", "p"), "uid-p")
    assert cluster.get(core.POD, "bookinfo", "p") is not None


def test_the_end_of_an_earlier_object_does_not_end_its_successor() -> None:
    cluster = cluster_of((core.POD, at_revision(make_pod("p", uid="second"), 7)))
    cluster.remove(core.POD, at_revision(make_pod("p"), 5))
    assert cluster.get(core.POD, "bookinfo", "p") is not None


def test_kinds_of_the_same_plural_in_other_groups_are_kept_apart() -> None:
    other = Kind("example.com", "v1", "Pod", "pods")
    cluster = cluster_of((other, make_pod("p")))
    assert cluster.list(core.POD) == []
