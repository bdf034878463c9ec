import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.client.listwatch import (
    Apply,
    Change,
    ChangeType,
    Empty,
    Ended,
    Event,
    Failed,
    Happened,
    Key,
    List,
    Listed,
    Listing,
    Started,
    State,
    Synced,
    Wait,
    Waited,
    Waiting,
    Watch,
    Watching,
    backoff_seconds,
    difference,
    key_of,
    step,
)
from hauberk.k8s.kind import Manifest

GONE = Happened("ERROR", {"kind": "Status", "code": 410})
BOOKMARK = Happened("BOOKMARK", {"metadata": {"resourceVersion": "8"}})


def obj(name: str, version: str = "1", uid: str = "u") -> Manifest:
    return {"metadata": {"namespace": "a", "name": name, "uid": uid, "resourceVersion": version}}


def added(new: Manifest) -> Apply:
    return Apply(Change(ChangeType.ADDED, new))


def modified(old: Manifest, new: Manifest) -> Apply:
    return Apply(Change(ChangeType.MODIFIED, new, old))


def deleted(old: Manifest, last: Manifest | None = None) -> Apply:
    return Apply(Change(ChangeType.DELETED, last or old, old))


KNOWN = {("a", "x"): obj("x")}

TABLE: list[tuple[str, State, Event, tuple[State, tuple[object, ...]]]] = [
    ("a start lists", Empty(), Started(), (Listing(), (List(),))),
    (
        "a list is compared with what is known, then watched on",
        Listing(),
        Listed([obj("x", "2"), obj("y")], "9"),
        (Watching("9"), (modified(obj("x"), obj("x", "2")), added(obj("y")), Synced(), Watch("9"))),
    ),
    ("what a list leaves out is deleted", Listing(), Listed([], "9"), (Watching("9"), (deleted(obj("x")), Synced(), Watch("9")))),
    ("what a list has as it is known is no change", Listing(), Listed([obj("x")], "9"), (Watching("9"), (Synced(), Watch("9")))),
    ("a failed list waits", Listing(2), Failed(), (Waiting(Listing(3)), (Wait(2),))),
    ("after the wait the list is asked again", Waiting(Listing(3)), Waited(), (Listing(3), (List(),))),
    ("an object appears", Watching("1", 4), Happened("ADDED", obj("y", "2")), (Watching("2"), (added(obj("y", "2")),))),
    ("an object changes", Watching("1"), Happened("MODIFIED", obj("x", "2")), (Watching("2"), (modified(obj("x"), obj("x", "2")),))),
    ("an object goes", Watching("1"), Happened("DELETED", obj("x", "2")), (Watching("2"), (deleted(obj("x"), obj("x", "2")),))),
    ("an event that is known changes nothing", Watching("0"), Happened("ADDED", obj("x", "1")), (Watching("1"), ())),
    ("the end of an unknown object changes nothing", Watching("1"), Happened("DELETED", obj("z", "2")), (Watching("2"), ())),
    (
        "a bookmark moves the revision only",
        Watching("1", 3),
        Happened("BOOKMARK", {"metadata": {"resourceVersion": "8"}}),
        (Watching("8"), ()),
    ),
    ("an expired revision lists at once", Watching("1"), GONE, (Listing(1), (List(),))),
    ("a revision that expires again and again waits", Watching("1", 2), GONE, (Waiting(Listing(3)), (Wait(2),))),
    ("a refusal with 410 is an expired revision too", Watching("1"), Failed(410), (Listing(1), (List(),))),
    ("another error of the watch lists after a wait", Watching("1"), Happened("ERROR", {"code": 500}), (Waiting(Listing(1)), (Wait(0),))),
    ("an ended watch goes on where it was", Watching("5"), Ended(), (Waiting(Watching("5", 1)), (Wait(0),))),
    ("a broken watch goes on where it was", Watching("5", 3), Failed(), (Waiting(Watching("5", 4)), (Wait(3),))),
    ("after the wait the watch is asked again", Waiting(Watching("5", 1)), Waited(), (Watching("5", 1), (Watch("5"),))),
    ("an event out of place is ignored", Waiting(Watching("5")), Listed([], "9"), (Waiting(Watching("5")), ())),
    ("a list in a watch is ignored", Watching("5"), Listed([], "9"), (Watching("5"), ())),
    ("the end of a watch in a list is ignored", Listing(), Ended(), (Listing(), ())),
]


@pytest.mark.parametrize(("state", "event", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_step(state: State, event: Event, expected: tuple[State, tuple[object, ...]]) -> None:
    assert step(state, event, KNOWN) == expected


def test_a_list_after_an_expired_revision_keeps_its_failures_until_the_watch_tells_something() -> None:
    state, _ = step(Listing(1), Listed([], "9"), {})
    assert state == Watching("9", 1)
    assert step(state, GONE, {})[0] == Waiting(Listing(2))


def test_an_object_made_anew_under_the_same_name_and_revision_is_a_change() -> None:
    assert list(difference(KNOWN, [obj("x", "1", uid="other")])) == [Change(ChangeType.MODIFIED, obj("x", "1", uid="other"), obj("x"))]


def test_keys_of_cluster_scoped_objects_have_no_namespace() -> None:
    assert key_of({"metadata": {"name": "n"}}) == ("", "n")


@pytest.mark.parametrize(("failures", "jitter", "seconds"), [(0, 0.0, 0.1), (1, 0.0, 0.2), (3, 0.0, 0.8), (99, 0.0, 5.0), (99, 0.5, 3.75)])
def test_backoff_doubles_to_five_seconds_and_jitter_takes_away_up_to_half(failures: int, jitter: float, seconds: float) -> None:
    assert backoff_seconds(failures, random=lambda: jitter) == pytest.approx(seconds)


VERSIONS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("123"))


@given(VERSIONS, VERSIONS)
def test_applying_the_difference_makes_the_copy_equal_to_the_list(before: dict[str, str], after: dict[str, str]) -> None:
    known: dict[Key, Manifest] = {("a", name): obj(name, version) for name, version in before.items()}
    items = [obj(name, version) for name, version in after.items()]
    for change in list(difference(known, items)):
        if change.type is ChangeType.DELETED:
            del known[key_of(change.object)]
        else:
            known[key_of(change.object)] = change.object
    assert known == {key_of(item): item for item in items}
