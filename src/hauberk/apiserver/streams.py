"""The wire of watches: an ASGI response that goes on until the client leaves, the time is up, or the server drains."""

import asyncio
from collections.abc import Sequence

from starlette.types import Message, Receive, Scope, Send

from hauberk.apiserver.verbs.watch import WatchStream
from hauberk.store.store import Store, Watch

__all__ = ["WatchResponse"]

_BOOKMARK_SECONDS = 60
"""As upstream: a quiet watch then resumes at most a minute back."""
_LAST_BOOKMARK_SECONDS = 2
"""One more shortly before the end, so that the next watch starts where this one stopped."""


class WatchResponse:
    """An ASGI app that sends `stream`, fed from `store`, until `draining` is set."""

    def __init__(self, store: Store, stream: WatchStream, *, headers: Sequence[tuple[bytes, bytes]], draining: asyncio.Event) -> None:
        self._store = store
        self._stream = stream
        self._headers = headers
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; ends quietly when the client is gone."""
        await send({"type": "http.response.start", "status": 200, "headers": list(self._headers)})
        ends = [_until_disconnect(receive), _until_set(self._draining), self._send_all(send)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(end) for end in ends]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        except* OSError:
            pass  # the client is gone in the middle of a write; uvicorn takes what is sent after and drops it
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_all(self, send: Send) -> None:
        plan = self._stream.plan
        if plan.refusal:
            await send(_chunk(self._stream.opening()))
            return
        async with self._store.watch(self._stream.call.served.resource, plan.since) as watch:
            # headers and the objects as they are go out at once: clients wait for the first bytes
            await send(_chunk(self._stream.opening()))
            await self._follow(watch, send)

    async def _follow(self, watch: Watch, send: Send) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + self._stream.plan.timeout_seconds
        last_bookmark = max(end - _LAST_BOOKMARK_SECONDS, clock() + 0.9 * (end - clock()) / 2)
        due = min(clock() + _BOOKMARK_SECONDS, last_bookmark)
        while clock() < end:
            try:
                async with asyncio.timeout_at(min(due, end)):
                    records = await watch.batch()
            except TimeoutError:
                if self._stream.plan.bookmarks and clock() < end:
                    await send(_chunk(self._stream.bookmark()))
                due = last_bookmark if due < last_bookmark <= due + _BOOKMARK_SECONDS else due + _BOOKMARK_SECONDS
                continue
            if not records:
                return  # closed by the store
            lines = self._stream.lines(records)
            if lines:
                await send(_chunk(lines))


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _until_set(event: asyncio.Event) -> None:
    await event.wait()


def _chunk(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}
