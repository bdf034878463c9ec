"""The edge of `gc`: watches every object, and does what the plan says through the same verbs as everybody."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import Any

import structlog

from hauberk.apiserver.api import Api
from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.gc import Action, Delete, DropFinalizer, DropOwners, FinalizeNamespace, Graph, is_stale_event, plan
from hauberk.apiserver.request import Call, Target, User
from hauberk.apiserver.status import ApiError
from hauberk.apiserver.verbs.delete import FOREGROUND, DeleteOptions, delete_entry
from hauberk.apiserver.verbs.write import finish, plan_replace
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Entry, Key, Operation, Record
from hauberk.store.store import Watch

__all__ = ["Collector"]

_log = structlog.get_logger(__name__)

_USER = User("system:serviceaccount:kube-system:generic-garbage-collector", ("system:masters",))
_EVENT_SWEEP_SECONDS = 60


class Collector:
    """Collects in the background while it is entered."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._group: asyncio.TaskGroup | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Collector":
        self._group = await asyncio.TaskGroup().__aenter__()
        self._tasks = [self._group.create_task(self._forever(loop)) for loop in (self._collect, self._sweep_events)]
        return self

    async def __aexit__(self, *_exc: Any) -> None:
        for task in self._tasks:
            task.cancel()
        if self._group:
            await self._group.__aexit__(None, None, None)

    async def _forever(self, loop: Callable[[], Awaitable[None]]) -> None:
        """A bug in the collector must not end the API server: it is logged, and the collector starts anew."""
        while True:
            try:
                await loop()
            except Exception:
                _log.exception("the garbage collector stumbled")
            await asyncio.sleep(1)

    async def _collect(self) -> None:
        """Follow all writes; at the start, look at everything once as if it had just been written."""
        store = self._api.store
        async with store.watch(None, limit=1_000_000) as watch:
            entries = [entry for resource in store.state.resources() for entry in store.entries(resource)]
            graph = Graph((entry.key, entry.value) for entry in entries)
            for entry in entries:
                await self._perform_all(plan(graph, Record(Operation.ADDED, entry)))
            await self._follow(watch, graph)

    async def _follow(self, watch: Watch, graph: Graph) -> None:
        while records := await watch.batch():
            for record in records:
                graph.apply(record)
            for record in records:
                await self._perform_all(plan(graph, record))

    async def _perform_all(self, actions: list[Action]) -> None:
        """All at once, so that they share a commit."""
        async with asyncio.TaskGroup() as group:
            for action in actions:
                group.create_task(self._try(action))

    async def _try(self, action: Action) -> None:
        try:
            await self._perform(action)
        except ApiError as error:
            _log.info("the garbage collector was refused", action=type(action).__name__, error=str(error))

    async def _perform(self, action: Action) -> None:
        if isinstance(action, FinalizeNamespace):
            key = Served(core.NAMESPACE, "v1").key(None, action.name)
            await self._edit(key, action.uid, _without_spec_finalizers, subresource="finalize")
        elif isinstance(action, Delete):
            await self._delete(action)
        elif isinstance(action, DropOwners):
            await self._edit(action.key, action.uid, lambda obj: _without_owners(obj, action.owners))
        elif isinstance(action, DropFinalizer):
            await self._edit(action.key, action.uid, lambda obj: _without_finalizer(obj, action.finalizer))

    async def _delete(self, action: Delete) -> None:
        found = self._head(action.key, action.uid)
        if found:
            options = DeleteOptions(finalizer=FOREGROUND if action.foreground else "", uid=action.uid)
            await delete_entry(self._api, self._call(found[0], action.key, "delete"), found[1], options)

    async def _edit(self, key: Key, uid: str, edit: Callable[[Manifest], None], *, subresource: str = "") -> None:
        found = self._head(key, uid)
        if not found:
            return
        served, entry = found
        obj = deepcopy(entry.value)
        edit(obj)
        call = self._call(served, key, "update", subresource)
        await finish(self._api, call, plan_replace(self._api, call, entry, obj))

    def _head(self, key: Key, uid: str) -> tuple[Served, Entry] | None:
        """The object as it is now, None where it is gone or another one of the same name."""
        served, entry = self._api.catalogue.of_resource(key.resource), self._api.store.heads.get(key)
        if served is None or entry is None or entry.value["metadata"]["uid"] != uid:
            return None
        return served, entry

    def _call(self, served: Served, key: Key, verb: str, subresource: str = "") -> Call:
        kind = served.kind
        target = Target(verb, "", kind.group, served.version, kind.plural, key.namespace, key.name, subresource)
        return Call(target, served, _USER)

    async def _sweep_events(self) -> None:
        """Delete Events that are an hour old."""
        resource = Served(core.EVENT, "v1").resource
        while True:
            now = self._api.source.now()
            for entry in self._api.store.entries(resource):
                if is_stale_event(entry.value, now=now):
                    await self._perform_all([Delete(entry.key, entry.value["metadata"]["uid"])])
            await asyncio.sleep(_EVENT_SWEEP_SECONDS)


def _without_spec_finalizers(obj: Manifest) -> None:
    obj.get("spec", {}).pop("finalizers", None)


def _without_owners(obj: Manifest, owners: frozenset[str]) -> None:
    metadata = obj["metadata"]
    metadata["ownerReferences"] = [owner for owner in metadata.get("ownerReferences", []) if owner["uid"] not in owners]


def _without_finalizer(obj: Manifest, finalizer: str) -> None:
    metadata = obj["metadata"]
    metadata["finalizers"] = [name for name in metadata.get("finalizers", []) if name != finalizer]
