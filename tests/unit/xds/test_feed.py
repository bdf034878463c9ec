from typing import Any

from hauberk.model.identity import TrustDomain
from hauberk.model.mesh import MeshSettings
from hauberk.model.objects import ObjectRef
from hauberk.view.changes import Delete, Put
from hauberk.xds.feed import FEED_KINDS, Closed, Feed, FeedEffect, Moved, Opened, Skipped

MESH = ObjectRef("ServiceMeshControlPlane", "istio-system", "basic")


def make(api_version: str, kind: str, namespace: str, name: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace, "name": name}, **rest}


def make_plane(namespace: str = "istio-system", name: str = "basic", **spec: Any) -> dict[str, Any]:
    return make("maistra.io/v2", "ServiceMeshControlPlane", namespace, name, spec={"version": "v2.1", **spec})


def make_roll(*members: str, namespace: str = "istio-system", name: str = "default") -> dict[str, Any]:
    status = {"configuredMembers": list(members)}
    return make("maistra.io/v1", "ServiceMeshMemberRoll", namespace, name, spec={"members": list(members)}, status=status)


def make_service(name: str, vip: str) -> dict[str, Any]:
    spec = {"clusterIP": vip, "ports": [{"name": "http", "port": 80, "targetPort": 80}], "selector": {"app": name}}
    return make("v1", "Service", "books", name, spec=spec)


def opened_feed(*members: str) -> Feed:
    feed = Feed()
    feed.take(make_roll(*members))
    feed.take(make_plane())
    return feed


def service_change(feed: Feed, manifest: dict[str, Any]) -> Put:
    (moved,) = feed.take(manifest)
    assert isinstance(moved, Moved)
    (change,) = moved.changes
    assert isinstance(change, Put)
    return change


def test_a_control_plane_opens_a_mesh_with_its_members_and_all_that_is_known() -> None:
    feed = Feed()
    assert feed.take(make_service("a", "10.96.0.1")) == ()
    assert feed.take(make_roll("books")) == ()
    (opened,) = feed.take(make_plane())
    assert isinstance(opened, Opened)
    assert opened.settings == MeshSettings("istio-system", "basic", TrustDomain("cluster.local"), members=frozenset({"books"}))
    assert [getattr(change, "obj", change).ref for change in opened.changes] == [ObjectRef("Service", "books", "a")]


def test_an_object_that_changes_moves_every_mesh() -> None:
    feed = opened_feed("books")
    feed.take(make_plane("other-system", "other"))
    effects = feed.take(make_service("a", "10.96.0.1"))
    assert [effect.mesh.namespace for effect in effects if isinstance(effect, Moved)] == ["istio-system", "other-system"]


def test_a_write_that_no_view_would_see_moves_nothing() -> None:
    feed = opened_feed("books")
    service_change(feed, make_service("a", "10.96.0.1"))
    assert feed.take(make_service("a", "10.96.0.1") | {"status": {"loadBalancer": {}}}) == ()


def test_an_object_that_is_deleted_leaves_the_views_once() -> None:
    feed = opened_feed("books")
    service_change(feed, make_service("a", "10.96.0.1"))
    assert feed.take(make_service("a", "10.96.0.1"), deleted=True) == (Moved(MESH, (Delete(ObjectRef("Service", "books", "a")),)),)
    assert feed.take(make_service("a", "10.96.0.1"), deleted=True) == ()


def test_a_member_roll_moves_the_settings_of_the_mesh_in_its_namespace() -> None:
    feed = opened_feed("books")
    (moved,) = feed.take(make_roll("books", "shop"))
    assert isinstance(moved, Moved)
    (change,) = moved.changes
    assert isinstance(change, Put)
    assert isinstance(change.obj, MeshSettings)
    assert (moved.mesh, change.obj.members) == (MESH, {"books", "shop"})
    assert feed.take(make_roll("books", "shop")) == ()
    assert feed.take(make_roll("elsewhere", namespace="other")) == ()


def test_a_member_roll_of_another_name_counts_for_nothing() -> None:
    assert opened_feed("books").take(make_roll("shop", name="mine")) == ()


def test_a_deleted_member_roll_leaves_the_mesh_without_members() -> None:
    (moved,) = opened_feed("books").take(make_roll("books"), deleted=True)
    assert isinstance(moved, Moved)
    assert moved.changes == (Put(MeshSettings("istio-system", "basic", TrustDomain("cluster.local"))),)


def test_a_deleted_control_plane_closes_its_mesh() -> None:
    feed = opened_feed("books")
    assert feed.take(make_plane(), deleted=True) == (Closed(MESH),)
    assert feed.meshes == {}
    assert feed.take(make_plane(), deleted=True) == ()


def test_what_cannot_be_used_is_skipped_and_what_was_known_stays() -> None:
    feed = opened_feed("books")
    bad = make_plane(security={"trust": {"domain": "Not A Domain"}})
    (skipped,) = feed.take(bad)
    assert isinstance(skipped, Skipped)
    assert (skipped.ref, "Not A Domain" in skipped.reason) == (MESH, True)
    assert feed.meshes[MESH].trust_domain == TrustDomain("cluster.local")


def test_kinds_that_no_view_is_made_of_are_passed_over() -> None:
    effects: tuple[FeedEffect, ...] = opened_feed().take(make("v1", "ConfigMap", "books", "x"))
    assert effects == ()


def test_every_kind_that_a_view_is_made_of_is_watched() -> None:
    from hauberk.view.manifests import VIEW_KINDS

    settings = {"ServiceMeshControlPlane", "ServiceMeshMemberRoll"}
    assert {kind.kind for kind in FEED_KINDS} == {*VIEW_KINDS} | settings
