"""A steady stream of requests, counted one by one, that runs beside the story."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Self

import httpx2

__all__ = ["Stream", "fetch"]


@dataclass(slots=True)
class Tally:
    """How many requests were answered with 200, and what the others got, in order of arrival."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)


async def fetch(url: str, *, timeout_seconds: float = 5.0) -> httpx2.Response:
    """One GET. Host names below `.localhost` go to loopback, whatever the resolver says (RFC 6761 6.3)."""
    target = httpx2.URL(url)
    async with httpx2.AsyncClient(timeout=timeout_seconds) as client:
        return await client.get(target.copy_with(host="127.0.0.1"), headers={"host": target.netloc.decode()})


class Stream:
    """Requests `url` `per_second` times a second over a few kept connections, until left; every answer is counted.

    A request that is late is not skipped: the count of requests is the rate times the time.
    """

    def __init__(self, url: str, *, per_second: int) -> None:
        self._target = httpx2.URL(url)
        self._interval_seconds = 1 / per_second
        self._stopped = asyncio.Event()
        # No limit on the wait for a connection: a request that is late is sent late.
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(10, pool=None), limits=httpx2.Limits(max_connections=16, max_keepalive_connections=16)
        )
        self.tally = Tally()

    async def __aenter__(self) -> Self:
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._tasks.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        await self._tasks.__aexit__(kind, error, trace)
        await self._client.aclose()

    async def _run(self) -> None:
        begun, sent = monotonic(), 0
        while not self._stopped.is_set():
            self._tasks.create_task(self._one())
            sent += 1
            wait = begun + sent * self._interval_seconds - monotonic()
            if wait > 0:
                try:
                    await asyncio.wait_for(self._stopped.wait(), wait)
                except TimeoutError:
                    continue

    async def _one(self) -> None:
        try:
            response = await self._client.get(self._target.copy_with(host="127.0.0.1"), headers={"host": self._target.netloc.decode()})
        except httpx2.HTTPError as error:
            self.tally.lost.append(f"{type(error).__name__}: {error}")
            return
        if response.status_code == 200:
            self.tally.answered += 1
        else:
            self.tally.lost.append(f"{response.status_code}: {response.text[:120]}")
