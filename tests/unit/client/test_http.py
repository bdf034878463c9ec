import asyncio
from contextlib import aclosing

import pytest

from hauberk.client.http import ApiClient, ApiStatusError, Listing, WatchEvent, status_of
from hauberk.k8s.kind import Kind
from tests.unit.client.conftest import Answer, Asked, Serving, watch_of

POD = Kind("", "v1", "Pod", "pods")
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments")
NOT_FOUND = {"kind": "Status", "code": 404, "reason": "NotFound", "message": 'pods "x" not found'}


def pod(name: str, version: str = "1") -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a", "resourceVersion": version}}


def test_get_asks_for_the_object_at_its_path(serving: Serving) -> None:
    async def story() -> None:
        async with serving(lambda _: Answer(pod("x"))) as (client, server):
            assert await client.get(POD, "x", "a") == pod("x")
            (asked,) = server.asked
            assert (asked.method, asked.path, asked.headers["accept"]) == ("GET", "/api/v1/namespaces/a/pods/x", "application/json")

    asyncio.run(story())


def test_a_failure_status_is_raised_with_its_reason_and_code(serving: Serving) -> None:
    async def story() -> None:
        async with serving(lambda _: Answer(NOT_FOUND, code=404)) as (client, _):
            with pytest.raises(ApiStatusError, match='pods "x" not found') as raised:
                await client.get(POD, "x", "a")
            assert (raised.value.code, raised.value.reason, raised.value.status) == (404, "NotFound", NOT_FOUND)

    asyncio.run(story())


def test_a_list_completes_its_items_with_kind_and_version(serving: Serving) -> None:
    answer = {"kind": "PodList", "metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "x"}}]}

    async def story() -> None:
        async with serving(lambda _: Answer(answer)) as (client, server):
            listing = await client.list(POD, params={"labelSelector": "app=x"})
            assert listing == Listing([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}], "7")
            assert (server.asked[0].path, server.asked[0].query) == ("/api/v1/pods", {"labelSelector": "app=x"})

    asyncio.run(story())


def test_a_list_without_items_is_empty(serving: Serving) -> None:
    async def story() -> None:
        async with serving(lambda _: Answer({"metadata": {"resourceVersion": "7"}, "items": None})) as (client, _):
            assert await client.list(POD) == Listing([], "7")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("call", "method", "path", "content_type"),
    [
        (lambda client: client.create(DEPLOYMENT, pod("x")), "POST", "/apis/apps/v1/namespaces/a/deployments", "application/json"),
        (lambda client: client.update(POD, pod("x")), "PUT", "/api/v1/namespaces/a/pods/x", "application/json"),
        (
            lambda client: client.update(POD, pod("x"), subresource="status"),
            "PUT",
            "/api/v1/namespaces/a/pods/x/status",
            "application/json",
        ),
        (lambda client: client.patch(POD, "x", {}, namespace="a"), "PATCH", "/api/v1/namespaces/a/pods/x", "application/merge-patch+json"),
    ],
)
def test_writes_send_the_object_to_its_path(serving: Serving, call, method: str, path: str, content_type: str) -> None:
    async def story() -> None:
        async with serving(lambda asked: Answer(pod("x"))) as (client, server):
            assert await call(client) == pod("x")
            (asked,) = server.asked
            assert (asked.method, asked.path, asked.headers["content-type"]) == (method, path, content_type)

    asyncio.run(story())


def test_deleting_what_is_gone_is_no_error(serving: Serving) -> None:
    async def story() -> None:
        async with serving(lambda _: Answer(NOT_FOUND, code=404)) as (client, _):
            await client.delete(POD, "x", "a")

    asyncio.run(story())


def test_deleting_what_may_not_be_deleted_is_an_error(serving: Serving) -> None:
    async def story() -> None:
        async with serving(lambda _: Answer({"kind": "Status", "code": 403, "message": "no"}, code=403)) as (client, _):
            with pytest.raises(ApiStatusError, match="no"):
                await client.delete(POD, "x", "a")

    asyncio.run(story())


def test_a_watch_gives_events_in_order_until_the_server_ends_it(serving: Serving) -> None:
    async def story() -> None:
        async with serving(lambda _: watch_of(("ADDED", pod("x")), ("DELETED", pod("x", "2")))) as (client, server):
            events = [event async for event in client.watch(POD, "a", resource_version="5")]
            assert events == [WatchEvent("ADDED", pod("x")), WatchEvent("DELETED", pod("x", "2"))]
            assert server.asked[0].query == {"watch": "true", "resourceVersion": "5", "allowWatchBookmarks": "true"}

    asyncio.run(story())


def test_a_refused_watch_is_an_error_event(serving: Serving) -> None:
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}

    async def story() -> None:
        async with serving(lambda _: Answer(gone, code=410)) as (client, _):
            assert [event async for event in client.watch(POD, resource_version="1")] == [WatchEvent("ERROR", gone)]

    asyncio.run(story())


def test_a_stream_gives_bytes_as_they_come(serving: Serving) -> None:
    async def story() -> None:
        async with serving(lambda _: Answer(chunks=[b"one\n", b"two\n"], hold=True)) as (client, _):
            got = b""
            async with aclosing(client.stream("/log")) as chunks:
                async for chunk in chunks:
                    got += chunk
                    if got == b"one\ntwo\n":
                        break

    asyncio.run(story())


def test_a_refused_stream_raises_its_status(serving: Serving) -> None:
    async def story() -> None:
        async with serving(lambda _: Answer(NOT_FOUND, code=404)) as (client, _):
            with pytest.raises(ApiStatusError, match="not found"):
                async for _chunk in client.stream("/log"):
                    pass

    asyncio.run(story())


def test_an_answer_that_is_no_object_is_an_error(serving: Serving) -> None:
    async def script(client: ApiClient) -> None:
        with pytest.raises(ApiStatusError, match="answered no object"):
            await client.get(POD, "x", "a")

    async def story() -> None:
        async with serving(lambda _: Answer([1])) as (client, _):
            await script(client)

    asyncio.run(story())


def test_many_requests_at_once_do_not_wait_for_each_other(serving: Serving) -> None:
    def script(asked: Asked) -> Answer:
        return watch_of(hold=True) if "watch" in asked.query else Answer(pod("x"))

    async def story() -> None:
        async with serving(script) as (client, _), asyncio.TaskGroup() as group:

            async def watch() -> None:
                async for _ in client.watch(POD, resource_version="1"):
                    pass

            watches = [group.create_task(watch()) for _ in range(30)]
            await asyncio.wait_for(client.get(POD, "x", "a"), 5)
            for task in watches:
                task.cancel()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"upstream is down", "upstream is down"), (b'{"kind":"Pod"}', '{"kind":"Pod"}'), (b"\xff", "\N{REPLACEMENT CHARACTER}")],
)
def test_a_failure_without_a_status_becomes_one(body: bytes, message: str) -> None:
    assert status_of(502, body) == {"kind": "Status", "code": 502, "message": message, "reason": ""}
