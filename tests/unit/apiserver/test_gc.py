from datetime import timedelta

import pytest

from hauberk.apiserver.gc import Action, Delete, DropFinalizer, DropOwners, FinalizeNamespace, Graph, is_stale_event, plan
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Entry, Key, Operation, Record
from tests.unit.apiserver.builders import NOW


def key(name: str, resource: str = "configmaps", namespace: str = "a") -> Key:
    return Key(resource, namespace, name)


def make(name: str, *owners: str, going: bool = False, finalizers: tuple[str, ...] = (), blocks: bool = True) -> Manifest:
    metadata: Manifest = {"name": name, "uid": name}
    if owners:
        metadata["ownerReferences"] = [{"uid": owner, "name": owner, "blockOwnerDeletion": blocks} for owner in owners]
    if going:
        metadata["deletionTimestamp"] = "2026-03-01T12:00:00Z"
    if finalizers:
        metadata["finalizers"] = list(finalizers)
    return {"metadata": metadata}


def entry(where: Key, value: Manifest) -> Entry:
    return Entry(where, 1, value, b"")


def after(
    operation: Operation, value: Manifest, *others: Manifest, previous: Manifest | None = None, resource: str = "configmaps"
) -> list[Action]:
    """The plan after `operation` on `value`, in a store that holds `others`."""
    where = key(value["metadata"]["name"], resource, "" if resource == "namespaces" else "a")
    before = previous or (value if operation is Operation.DELETED else None)
    objects = [(key(other["metadata"]["name"]), other) for other in others]
    graph = Graph([*objects, *([(where, before)] if before else [])])
    record = Record(operation, entry(where, value), entry(where, before) if before else None)
    graph.apply(record)
    return plan(graph, record)


def test_dependents_go_with_their_last_owner() -> None:
    assert after(Operation.DELETED, make("own"), make("kid", "own"), make("stranger")) == [Delete(key("kid"), "kid")]


def test_a_dependent_with_another_owner_stays_and_forgets_the_gone_one() -> None:
    actions = after(Operation.DELETED, make("own"), make("kid", "own", "other"), make("other"))
    assert actions == [DropOwners(key("kid"), "kid", frozenset(["own"]))]


def test_an_object_whose_owner_never_was_is_collected() -> None:
    assert after(Operation.ADDED, make("kid", "gone")) == [Delete(key("kid"), "kid")]


def test_what_is_going_already_is_left_alone() -> None:
    assert after(Operation.DELETED, make("own"), make("kid", "own", going=True)) == []


def test_in_the_foreground_dependents_go_first() -> None:
    own = make("own", going=True, finalizers=("foregroundDeletion",))
    actions = after(Operation.MODIFIED, own, make("kid", "own"), make("grandkid", "kid"), previous=make("own"))
    assert actions == [Delete(key("kid"), "kid", foreground=True)]


def test_the_owner_goes_when_the_last_blocking_dependent_is_gone() -> None:
    own = make("own", going=True, finalizers=("foregroundDeletion",))
    assert after(Operation.DELETED, make("kid", "own"), own) == [DropFinalizer(key("own"), "own", "foregroundDeletion")]
    assert after(Operation.DELETED, make("kid", "own"), own, make("twin", "own", going=True)) == []
    unblocking = make("twin", "own", going=True, blocks=False)
    assert after(Operation.DELETED, make("kid", "own"), own, unblocking) == [DropFinalizer(key("own"), "own", "foregroundDeletion")]


def test_an_owner_without_dependents_does_not_wait() -> None:
    own = make("own", going=True, finalizers=("foregroundDeletion",))
    assert after(Operation.MODIFIED, own, previous=make("own")) == [DropFinalizer(key("own"), "own", "foregroundDeletion")]


def test_orphans_forget_their_owner_then_it_goes() -> None:
    own = make("own", going=True, finalizers=("orphan",))
    assert after(Operation.MODIFIED, own, make("kid", "own"), previous=make("own")) == [DropOwners(key("kid"), "kid", frozenset(["own"]))]
    assert after(Operation.MODIFIED, make("kid"), own, previous=make("kid", "own")) == [DropFinalizer(key("own"), "own", "orphan")]


def test_other_finalizers_are_not_ours_to_drop() -> None:
    assert after(Operation.MODIFIED, make("own", going=True, finalizers=("x/y",)), previous=make("own")) == []


def test_a_namespace_that_is_going_is_emptied() -> None:
    actions = after(Operation.MODIFIED, make("a", going=True), make("c"), make("d", going=True), previous=make("a"), resource="namespaces")
    assert actions == [Delete(key("c"), "c")]


def test_an_empty_namespace_is_let_go() -> None:
    assert after(Operation.MODIFIED, make("a", going=True), previous=make("a"), resource="namespaces") == [FinalizeNamespace("a", "a")]


def test_the_last_object_lets_its_namespace_go() -> None:
    namespace, last = make("a", going=True), make("c")
    graph = Graph([(Key("namespaces", "", "a"), namespace), (key("c"), last)])
    record = Record(Operation.DELETED, entry(key("c"), last), entry(key("c"), last))
    graph.apply(record)
    assert plan(graph, record) == [FinalizeNamespace("a", "a")]


def test_nothing_follows_from_an_ordinary_write() -> None:
    assert after(Operation.MODIFIED, make("c"), make("d"), previous=make("c")) == []


@pytest.mark.parametrize(
    ("event", "stale"),
    [
        ({"lastTimestamp": "2026-03-01T10:59:00Z"}, True),
        ({"lastTimestamp": "2026-03-01T11:30:00Z"}, False),
        ({"eventTime": "2026-03-01T10:00:00.000000Z"}, True),
        ({"lastTimestamp": None}, False),
        ({"lastTimestamp": "yesterday"}, False),
    ],
)
def test_events_are_kept_for_an_hour(event: Manifest, stale: bool) -> None:
    created = (NOW - timedelta(minutes=5)).isoformat()
    assert is_stale_event({"metadata": {"name": "e", "creationTimestamp": created}} | event, now=NOW) is stale
