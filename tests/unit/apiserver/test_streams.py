import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from starlette.types import Message

from hauberk.apiserver.api import Api
from hauberk.apiserver.objects import encode
from hauberk.apiserver.streams import WatchResponse
from hauberk.apiserver.verbs.watch import WatchStream, plan_watch
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import ask, make_call, make_config_map, tell

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


class Wire:
    """The client's end of an ASGI response."""

    def __init__(self) -> None:
        self._sent: asyncio.Queue[Message] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def send(self, message: Message) -> None:
        await self._sent.put(message)

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def events(self) -> AsyncIterator[Manifest]:
        """The lines of the stream until its end."""
        while True:
            message = await self._sent.get()
            if message["type"] == "http.response.start":
                continue
            for line in message["body"].splitlines():
                yield orjson.loads(line)
            if not message.get("more_body"):
                return


@asynccontextmanager
async def watching(api: Api, query: str = "") -> AsyncIterator[tuple[Wire, asyncio.Event, "asyncio.Task[None]"]]:
    call = make_call("GET", f"{CONFIG_MAPS}?watch=1{query}")
    stream = WatchStream(call, plan_watch(api, call), lambda entry: encode(entry, call.served))
    wire, draining = Wire(), asyncio.Event()
    response = WatchResponse(api.store, stream, headers=[], draining=draining)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        yield wire, draining, group.create_task(response({"type": "http"}, wire.receive, wire.send))


def test_what_is_there_comes_first_then_what_happens() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map("a"))
        async with watching(api) as (wire, draining, _):
            events = wire.events()
            assert (await anext(events))["object"]["metadata"]["name"] == "a"
            await ask(api, "POST", CONFIG_MAPS, make_config_map("b"))
            event = await anext(events)
            assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "b")
            draining.set()
            assert [event async for event in events] == []

    tell(story)


def test_a_client_that_leaves_is_forgotten() -> None:
    async def story(api: Api) -> None:
        async with watching(api) as (wire, _, task):
            wire.gone.set()
            await task

    tell(story)


def test_the_time_is_up_with_a_last_bookmark_before() -> None:
    async def story(api: Api) -> None:
        async with watching(api, "&timeoutSeconds=1&allowWatchBookmarks=true") as (wire, _, task):
            events = [event async for event in wire.events()]
            await task
        assert events[-1]["type"] == "BOOKMARK"
        assert events[-1]["object"]["metadata"]["resourceVersion"] == str(api.store.revision)

    tell(story)


def test_an_expired_revision_ends_the_stream_with_the_reason() -> None:
    async def story(api: Api) -> None:
        api.store.state.compact(3)
        async with watching(api, "&resourceVersion=1") as (wire, _, _task):
            (event,) = [event async for event in wire.events()]
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)

    tell(story)
