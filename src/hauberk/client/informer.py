"""The edge of the list-watch machine: a copy of one kind's objects, kept by requests to the API."""

import asyncio
import random as _random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager

import httpx2
import structlog

from hauberk.client.http import ApiClient, ApiStatusError
from hauberk.client.listwatch import (
    Apply,
    Change,
    ChangeType,
    Effect,
    Empty,
    Ended,
    Event,
    Failed,
    Happened,
    Key,
    List,
    Listed,
    Request,
    Started,
    State,
    Synced,
    Wait,
    Waited,
    Watch,
    backoff_seconds,
    key_of,
    step,
)
from hauberk.k8s.kind import Kind, Manifest

__all__ = ["Change", "ChangeType", "Informer", "Key", "informing"]

_log = structlog.get_logger(__name__)


def _ignore(_change: Change) -> None:
    return None


class Informer:
    """A copy of the objects of `kind` in `store`, keyed (namespace, name), as long as `run()` runs.

    `on_change` is called after the store was changed, once for each change, in order; it must not block. What it raises
    ends `run()`. `synced` is set once the first list is in the store; the changes of that list come before it. `params` go
    with each request (labelSelector, fieldSelector). `random` answers floats in [0, 1) for the backoff's jitter.
    """

    def __init__(
        self,
        client: ApiClient,
        kind: Kind,
        *,
        namespace: str | None = None,
        params: Mapping[str, str] | None = None,
        on_change: Callable[[Change], None] = _ignore,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self.kind = kind
        self.store: dict[Key, Manifest] = {}
        self.synced = asyncio.Event()
        self._client = client
        self._namespace = namespace
        self._params = params
        self._on_change = on_change
        self._random = random

    async def run(self) -> None:
        """Keep the copy for ever; failures of the API are waited out and logged, never raised."""
        state: State
        state, effects = step(Empty(), Started(), self.store)
        while True:
            request = self._perform(effects)
            if request is None:  # the machine always names the next request when one came to its end
                raise AssertionError(f"list-watch stopped in {state}")
            async with aclosing(self._ask(request)) as events:
                async for event in events:
                    state, effects = step(state, event, self.store)
                    if effects and isinstance(effects[-1], Request):
                        break
                    self._perform(effects)

    def _perform(self, effects: tuple[Effect, ...]) -> Request | None:
        for effect in effects:
            match effect:
                case Apply(change):
                    self._apply(change)
                case Synced():
                    self.synced.set()
                case _:
                    return effect
        return None

    def _apply(self, change: Change) -> None:
        if change.type is ChangeType.DELETED:
            self.store.pop(key_of(change.object), None)
        else:
            self.store[key_of(change.object)] = change.object
        self._on_change(change)

    async def _ask(self, request: Request) -> AsyncGenerator[Event]:
        try:
            match request:
                case Wait(failures):
                    await asyncio.sleep(backoff_seconds(failures, random=self._random))
                    yield Waited()
                case List():
                    listing = await self._client.list(self.kind, self._namespace, params=self._params)
                    yield Listed(listing.items, listing.resource_version)
                case Watch(resource_version):
                    watch = self._client.watch(self.kind, self._namespace, resource_version=resource_version, params=self._params)
                    async with aclosing(watch) as events:
                        async for event in events:
                            yield Happened(event.type, event.object)
                    yield Ended()
        except ApiStatusError as error:
            _log.warning("list-watch refused", kind=self.kind.kind, code=error.code, reason=str(error))
            yield Failed(error.code)
        except (httpx2.HTTPError, ValueError) as error:  # ValueError: a line cut off in its middle is no JSON
            _log.info("list-watch interrupted", kind=self.kind.kind, reason=f"{type(error).__name__}: {error}")
            yield Failed()


@asynccontextmanager
async def informing(*informers: Informer) -> AsyncIterator[None]:
    """Run informers side by side; the body begins once all are synced, and they end with it.

    What an informer's `on_change` raises ends the body too (ExceptionGroup).
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(informer.run(), name=f"informer {informer.kind.kind}") for informer in informers]
        try:
            for informer in informers:
                await informer.synced.wait()
            yield
        finally:
            for task in tasks:
                task.cancel()
