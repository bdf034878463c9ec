from collections.abc import Mapping

import orjson
import pytest

from hauberk.apiserver.api import Api
from hauberk.apiserver.objects import encode
from hauberk.apiserver.selectors import Selection, parse_labels
from hauberk.apiserver.status import ApiError
from hauberk.apiserver.verbs.watch import WatchPlan, WatchStream, plan_watch
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Entry, Operation, Record
from tests.unit.apiserver.builders import ask, make_call, make_config_map, make_entry, tell

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def make_stream(plan: WatchPlan, path: str = CONFIG_MAPS) -> WatchStream:
    call = make_call("GET", path, query={"watch": "1"})
    return WatchStream(call, plan, lambda entry: encode(entry, call.served))


def entry(name: str, revision: int, namespace: str = "default", **labels: str) -> Entry:
    return make_entry(core.CONFIG_MAP, make_config_map(name, namespace, labels=labels), revision)


def events(data: bytes) -> list[tuple[str, str, str]]:
    """Type, name and revision of each line."""
    parsed = [orjson.loads(line) for line in data.splitlines()]
    return [(one["type"], one["object"]["metadata"].get("name", ""), one["object"]["metadata"]["resourceVersion"]) for one in parsed]


def test_records_are_events_of_the_namespace() -> None:
    old, new = entry("c", 3), entry("c", 4)
    records = [
        Record(Operation.ADDED, old),
        Record(Operation.ADDED, entry("d", 5, "other")),
        Record(Operation.MODIFIED, new, old),
        Record(Operation.DELETED, entry("c", 6), new),
    ]
    stream = make_stream(WatchPlan(Selection(), 2))
    assert events(stream.lines(records)) == [("ADDED", "c", "3"), ("MODIFIED", "c", "4"), ("DELETED", "c", "6")]
    assert events(make_stream(WatchPlan(Selection(), 2), "/api/v1/configmaps").lines(records))[1] == ("ADDED", "d", "5")


def test_with_a_selector_objects_come_and_go_as_they_match() -> None:
    plain, chosen = entry("c", 3), entry("c", 4, app="x")
    stream = make_stream(WatchPlan(Selection(parse_labels("app=x")), 2))
    assert events(stream.lines([Record(Operation.ADDED, plain)])) == []
    assert events(stream.lines([Record(Operation.MODIFIED, chosen, plain)])) == [("ADDED", "c", "4")]
    assert events(stream.lines([Record(Operation.MODIFIED, entry("c", 5, app="x"), chosen)])) == [("MODIFIED", "c", "5")]
    assert events(stream.lines([Record(Operation.MODIFIED, entry("c", 6), chosen)])) == [("DELETED", "c", "6")]
    assert events(stream.lines([Record(Operation.DELETED, entry("c", 7), plain)])) == []


def test_an_object_whose_past_is_compacted_is_told_either_way() -> None:
    stream = make_stream(WatchPlan(Selection(parse_labels("app=x")), 2))
    assert events(stream.lines([Record(Operation.MODIFIED, entry("c", 5))])) == [("DELETED", "c", "5")]
    assert events(stream.lines([Record(Operation.MODIFIED, entry("d", 6, app="x"))])) == [("MODIFIED", "d", "6")]


def test_a_bookmark_says_how_far_the_watch_is() -> None:
    stream = make_stream(WatchPlan(Selection(), 2, bookmarks=True))
    stream.lines([Record(Operation.ADDED, entry("d", 9, "other"))])
    assert orjson.loads(stream.bookmark()) == {
        "type": "BOOKMARK",
        "object": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": "9", "creationTimestamp": None}},
    }


def planned(api: Api, query: Mapping[str, str]) -> WatchPlan:
    return plan_watch(api, make_call("GET", CONFIG_MAPS, query={"watch": "1"} | dict(query)))


@pytest.mark.parametrize(("query", "initial"), [({}, ["a", "b"]), ({"resourceVersion": "0"}, ["a", "b"]), ({"resourceVersion": "5"}, [])])
def test_a_watch_starts_with_what_is_there_unless_it_says_what_it_knows(query: dict[str, str], initial: list[str]) -> None:
    async def story(api: Api) -> None:
        for name in ("a", "b"):
            await ask(api, "POST", CONFIG_MAPS, make_config_map(name))
        plan = planned(api, query)
        assert [one.key.name for one in plan.initial] == initial
        assert plan.since == (5 if query.get("resourceVersion") == "5" else api.store.revision)
        assert [kind for kind, _, _ in events(make_stream(plan).opening())] == ["ADDED"] * len(initial)

    tell(story)


def test_a_list_can_be_had_as_a_watch() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map("a"))
        query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan", "resourceVersion": "3"}
        lines = [orjson.loads(line) for line in make_stream(planned(api, query)).opening().splitlines()]
        assert [line["type"] for line in lines] == ["ADDED", "BOOKMARK"]
        assert lines[1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}

    tell(story)


def refusal_of(plan: WatchPlan) -> Manifest:
    (line,) = make_stream(plan).opening().splitlines()
    event = orjson.loads(line)
    assert event["type"] == "ERROR"
    status: Manifest = event["object"]
    return status


def test_an_expired_revision_is_an_error_event() -> None:
    async def story(api: Api) -> None:
        api.store.state.compact(3)
        status = refusal_of(planned(api, {"resourceVersion": "2"}))
        assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")

    tell(story)


def test_a_revision_of_the_future_is_an_error_event() -> None:
    async def story(api: Api) -> None:
        assert refusal_of(planned(api, {"resourceVersion": "999"}))["code"] == 504

    tell(story)


@pytest.mark.parametrize("query", [{"resourceVersion": "abc"}, {"timeoutSeconds": "soon"}, {"labelSelector": "a=b=c"}])
def test_mistakes_are_refused_before_the_stream(query: dict[str, str]) -> None:
    async def story(api: Api) -> None:
        with pytest.raises(ApiError) as caught:
            planned(api, query)
        assert caught.value.code == 400

    tell(story)


@pytest.mark.parametrize(("asked", "seconds"), [("5", 5), ("", 3600), ("0", 3600), ("999999", 3600)])
def test_no_watch_is_for_ever(asked: str, seconds: int) -> None:
    async def story(api: Api) -> None:
        assert planned(api, {"timeoutSeconds": asked}).timeout_seconds == seconds

    tell(story)
