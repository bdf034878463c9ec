"""The edge that runs all controllers: informers feed the `Cluster`, changes become keys, one worker a controller plans and performs.

API ──watch──► Informer ──► Cluster ──keys──► WorkQueue ──► plan(cluster, key, now) ──► Performer ──► API
▲                                                            │
└──────────────── answers to own writes ─────────────────────┘
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import httpx2
import structlog

from hauberk.client.http import ApiClient, ApiStatusError
from hauberk.client.informer import Informer
from hauberk.client.listwatch import Change, ChangeType
from hauberk.controllers.actions import Again
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch
from hauberk.controllers.perform import Performer
from hauberk.controllers.queue import WorkQueue
from hauberk.controllers.registry import ControllerOptions, build_controllers
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of

__all__ = ["ControllerOptions", "run_controllers"]

_log = structlog.get_logger(__name__)


class _Worker:
    """One controller at work: takes keys as they come, one at a time."""

    def __init__(self, controller: Controller, client: ApiClient, cluster: Cluster) -> None:
        self._controller = controller
        self._cluster = cluster
        self._queue = WorkQueue()
        self._woken = asyncio.Event()
        self._performer = Performer(client, cluster, component=controller.name, clock=_utc_now)

    def changed(self, watch: Watch, change: Change) -> None:
        """Add the keys that a changed object concerns."""
        # The old value too: a pod that lost its label concerns the Service that it was behind.
        for obj in (change.object, change.old):
            if obj is not None:
                self._add_keys(watch, obj)
        self._woken.set()

    def _add_keys(self, watch: Watch, obj: Manifest) -> None:
        try:
            for key in watch.keys(obj, self._cluster):
                self._queue.add(key)
        except Exception:  # raised into the informer, one odd object would end the watch for everybody
            where = f"{watch.kind.kind} {namespace_of(obj)}/{name_of(obj)}"
            _log.exception("object cannot be read", controller=self._controller.name, object=where)

    async def run(self) -> None:
        """Work for ever."""
        loop = asyncio.get_running_loop()
        while True:
            # Cleared before the queue is read, so that what is added meanwhile is not slept over.
            self._woken.clear()
            while (key := self._queue.take(now=loop.time())) is not None:
                await self._work(key)
            due = self._queue.next_due()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._woken.wait()

    async def _work(self, key: Key) -> None:
        now = asyncio.get_running_loop().time()
        try:
            actions = self._controller.plan(self._cluster, key, _utc_now())
            await self._performer.perform_all(actions)
        except (ApiStatusError, httpx2.HTTPError) as error:
            delay = self._queue.failed(key, now=now)
            _log.info("reconcile failed", controller=self._controller.name, key="/".join(key), error=str(error), retry_seconds=delay)
        except Exception:  # a fault in one plan must not end the other controllers; it is tried again, slower and slower
            self._queue.failed(key, now=now)
            _log.exception("reconcile broke", controller=self._controller.name, key="/".join(key))
        else:
            self._queue.done(key)
            for action in actions:
                if isinstance(action, Again):
                    self._queue.add_after(key, due=now + action.after.total_seconds())


class _Feed:
    """Takes one kind's changes into the cluster and hands them to the workers that watch it."""

    def __init__(self, kind: Kind, cluster: Cluster, watchers: Sequence[tuple[_Worker, Watch]]) -> None:
        self._kind = kind
        self._cluster = cluster
        self._watchers = watchers

    def __call__(self, change: Change) -> None:
        if change.type is ChangeType.DELETED:
            self._cluster.remove(self._kind, change.object)
        else:
            self._cluster.apply(self._kind, change.object)
        for worker, watch in self._watchers:
            worker.changed(watch, change)


async def run_controllers(client: ApiClient, options: ControllerOptions, stop: asyncio.Event) -> None:
    """Run all controllers until `stop` is set; work begins once every kind was listed.

    Failures of the API are waited out and logged, never raised.
    """
    cluster = Cluster()
    workers = [(_Worker(controller, client, cluster), controller) for controller in build_controllers(options)]
    watchers: defaultdict[str, list[tuple[_Worker, Watch]]] = defaultdict(list)
    kinds: dict[str, Kind] = {}
    for worker, controller in workers:
        for watch in controller.watches:
            name = f"{watch.kind.plural}.{watch.kind.group}"
            kinds[name] = watch.kind
            watchers[name].append((worker, watch))
    informers = [Informer(client, kind, on_change=_Feed(kind, cluster, watchers[name])) for name, kind in kinds.items()]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(informer.run(), name=f"informer {informer.kind.kind}") for informer in informers]
        tasks.append(group.create_task(_work_when_synced(informers, [worker for worker, _ in workers])))
        await stop.wait()
        # Requests under way are cut; the next run sees what became of them.
        for task in tasks:
            task.cancel()


async def _work_when_synced(informers: Sequence[Informer], workers: Sequence[_Worker]) -> None:
    # A plan that sees half of the objects would make the other half anew.
    for informer in informers:
        await informer.synced.wait()
    _log.info("controllers run", kinds=len(informers), controllers=len(workers))
    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker.run())


def _utc_now() -> datetime:
    return datetime.now(UTC)
