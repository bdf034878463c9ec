import asyncio
from collections.abc import Callable

import pytest

from hauberk.client.informer import Change, ChangeType, Informer, informing
from hauberk.k8s.kind import Kind
from tests.unit.client.conftest import Answer, Asked, Script, Serving, watch_of

POD = Kind("", "v1", "Pod", "pods")


def pod(name: str, version: str = "1") -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a", "resourceVersion": version}}


def list_of(version: str, *pods: dict[str, object]) -> Answer:
    return Answer({"kind": "PodList", "metadata": {"resourceVersion": version}, "items": list(pods)})


def in_turn(lists: list[Answer], watches: list[Answer]) -> Script:
    """Answers lists and watches in their order; the last watch stays open."""

    def script(asked: Asked) -> Answer:
        queue = watches if "watch" in asked.query else lists
        return queue.pop(0) if queue else watch_of(hold=True)

    return script


async def follow(serving: Serving, script: Script, until: int) -> tuple[list[Change], list[Asked]]:
    """Run an informer until it reported `until` changes."""
    changes: list[Change] = []
    done = asyncio.Event()

    def on_change(change: Change) -> None:
        changes.append(change)
        if len(changes) == until:
            done.set()

    async with serving(script) as (client, server):
        async with informing(Informer(client, POD, on_change=on_change, random=lambda: 0.999)):
            await asyncio.wait_for(done.wait(), 10)
        return changes, server.asked


def test_the_store_holds_the_list_once_synced(serving: Serving) -> None:
    async def story() -> None:
        async with serving(in_turn([list_of("5", pod("x"))], [])) as (client, server):
            informer = Informer(client, POD, namespace="a", params={"labelSelector": "app=x"})
            async with informing(informer):
                assert informer.store == {("a", "x"): pod("x")}
            assert server.asked[0].target == "/api/v1/namespaces/a/pods?labelSelector=app%3Dx"

    asyncio.run(story())


def test_changes_come_in_order_with_what_was_before(serving: Serving) -> None:
    script = in_turn(
        [list_of("5", pod("x"))],
        [watch_of(("ADDED", pod("y", "6")), ("MODIFIED", pod("y", "7")), ("DELETED", pod("x", "8")), hold=True)],
    )
    changes, _ = asyncio.run(follow(serving, script, 4))
    assert changes == [
        Change(ChangeType.ADDED, pod("x")),
        Change(ChangeType.ADDED, pod("y", "6")),
        Change(ChangeType.MODIFIED, pod("y", "7"), pod("y", "6")),
        Change(ChangeType.DELETED, pod("x", "8"), pod("x")),
    ]


def test_an_expired_revision_is_healed_by_a_list_that_shows_what_went_in_the_gap(serving: Serving) -> None:
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    script = in_turn([list_of("5", pod("x"), pod("y")), list_of("90", pod("y", "80"))], [watch_of(("ERROR", gone))])
    changes, asked = asyncio.run(follow(serving, script, 4))
    assert changes[2:] == [Change(ChangeType.MODIFIED, pod("y", "80"), pod("y")), Change(ChangeType.DELETED, pod("x"), pod("x"))]
    assert [one.query.get("resourceVersion") for one in asked[:3]] == [None, "5", None]


def test_a_watch_that_ends_or_breaks_goes_on_from_the_last_revision(serving: Serving) -> None:
    script = in_turn(
        [list_of("5")],
        [watch_of(("ADDED", pod("x", "6"))), watch_of(("ADDED", pod("y", "7")), cut=True), watch_of(("ADDED", pod("z", "8")))],
    )
    changes, asked = asyncio.run(follow(serving, script, 3))
    assert [change.object["metadata"]["name"] for change in changes] == ["x", "y", "z"]
    assert [one.query["resourceVersion"] for one in asked[1:4]] == ["5", "6", "7"]


def test_a_refused_list_is_asked_again(serving: Serving) -> None:
    refused = Answer({"kind": "Status", "code": 503, "message": "starting"}, code=503)
    changes, _ = asyncio.run(follow(serving, in_turn([refused, list_of("5", pod("x"))], []), 1))
    assert changes == [Change(ChangeType.ADDED, pod("x"))]


def test_a_line_cut_off_in_its_middle_is_waited_out(serving: Serving) -> None:
    script = in_turn([list_of("5")], [Answer(chunks=[b'{"type":"ADD']), watch_of(("ADDED", pod("x", "6")))])
    changes, asked = asyncio.run(follow(serving, script, 1))
    assert changes == [Change(ChangeType.ADDED, pod("x", "6"))]
    assert asked[2].query["resourceVersion"] == "5"


def test_what_a_listener_raises_ends_the_body(serving: Serving) -> None:
    def break_down(_change: Change) -> None:
        raise LookupError("listener")

    async def story() -> None:
        async with serving(in_turn([list_of("5", pod("x"))], [])) as (client, _), informing(Informer(client, POD, on_change=break_down)):
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(asyncio.wait_for(story(), 10))
    assert raised.group_contains(LookupError)


def test_several_informers_are_all_synced_when_the_body_begins(serving: Serving) -> None:
    service = Kind("", "v1", "Service", "services")
    answers: dict[str, Callable[[], Answer]] = {"/api/v1/pods": lambda: list_of("5", pod("x")), "/api/v1/services": lambda: list_of("5")}

    def script(asked: Asked) -> Answer:
        return watch_of(hold=True) if "watch" in asked.query else answers[asked.path]()

    async def story() -> None:
        async with serving(script) as (client, _):
            pods, services = Informer(client, POD), Informer(client, service)
            async with informing(pods, services):
                assert (pods.synced.is_set(), services.synced.is_set()) == (True, True)
                assert (list(pods.store), list(services.store)) == ([("a", "x")], [])

    asyncio.run(story())
