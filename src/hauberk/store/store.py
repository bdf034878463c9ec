"""The asyncio edge of the store: commits in groups on a writer thread, watches without the disk.

Why a thread: a commit waits for the disk's sync (0.1 to 10 ms), which on the event loop would stop every watch and request
for as long. Whatever waits while one sync is under way goes into the next transaction together (group commit).
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from hauberk.store.broadcast import QUEUE_LIMIT, Broadcast, Subscription
from hauberk.store.ledger import Ledger, Stamp
from hauberk.store.revisions import Change, Entry, Key, Record, RevisionLog
from hauberk.store.state import State

__all__ = ["Store", "Watch"]

_log = structlog.get_logger(__name__)

_KEEP_RECORDS = 10_000
"""Watches can resume this many writes back: minutes of a busy mesh, an afternoon of a quiet one."""
_COMPACT_EVERY = 1_000


@dataclass(slots=True)
class _Commit:
    """Records on their way to the writer, or (no records) a compaction up to `compact`. `done` is told on the event loop."""

    records: Sequence[Record]
    epoch: int
    done: Callable[[Sequence["_Commit"], Exception | None], None]
    future: "asyncio.Future[None] | None" = None
    compact: int = 0


class Watch:
    """An async view of a subscription: batches of records, each batch as soon as there is one."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._ready = asyncio.Event()
        subscription.wake = self._ready.set

    async def batch(self) -> list[Record]:
        """The next records, oldest first; empty when the store closed the watch (too slow, or the store is closing)."""
        while not self._subscription.closed:
            if not self._subscription.empty:
                return self._subscription.take()
            self._ready.clear()
            await self._ready.wait()
        return []


class Store:
    """Objects of an API, durable through `log`.

    Reads (`get`, `entries`, `state`) answer what is on disk; `heads` answers what the next write must build on. Use as an async
    context manager; the log is closed with it.
    """

    def __init__(self, log: RevisionLog, stamp: Stamp, *, keep_records: int = _KEEP_RECORDS) -> None:
        self._log = log
        self.state = State(log.load())
        self.heads = Ledger(self.state, stamp)
        self._broadcast = Broadcast()
        self._keep = keep_records
        self._commits: queue.SimpleQueue[_Commit | None] = queue.SimpleQueue()
        self._epoch = 0
        self._writer = _Writer(log, self._commits)

    async def __aenter__(self) -> "Store":
        self._writer.start(asyncio.get_running_loop())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._broadcast.close()
        self._commits.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._writer.join)
        self._log.close()

    @property
    def revision(self) -> int:
        """The last durable revision."""
        return self.state.revision

    def get(self, key: Key) -> Entry | None:
        """The object at `key` as it is on disk."""
        return self.state.get(key)

    def entries(self, resource: str, namespace: str | None = None) -> list[Entry]:
        """The objects of `resource` as they are on disk, in the order of keys."""
        return self.state.entries(resource, namespace)

    def begin(self, changes: Sequence[Change]) -> "Pending":
        """Give `changes` their revisions and send them to the writer; from here on `heads` shows them.

        Between reading `heads` and this call there must be no await, or the caller meets its own Conflict.
        Raises: Conflict.
        """
        records = self.heads.record(changes)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._commits.put(_Commit(records, self._epoch, self._settle, future))
        return Pending(records, future)

    async def commit(self, *changes: Change) -> Sequence[Record]:
        """`begin`, and wait until it is on disk.

        Raises: Conflict; OSError or sqlite3.Error where the disk refused (nothing is kept then).
        """
        pending = self.begin(changes)
        await pending.durable()
        return pending.records

    @asynccontextmanager
    async def watch(self, resource: str | None, since: int | None = None, *, limit: int = QUEUE_LIMIT) -> AsyncIterator[Watch]:
        """The records of `resource` after revision `since`, then the new ones; without `since`, new ones only.

        None as resource means all of them, which cannot be replayed. Replay and subscription are one step (nothing is awaited
        between), so no record is missed or seen twice.
        Raises: Compacted, Future.
        """
        replay = self.state.since(resource, since) if resource is not None and since is not None else []
        subscription = self._broadcast.subscribe(resource, replay, limit=limit)
        try:
            yield Watch(subscription)
        finally:
            self._broadcast.unsubscribe(resource, subscription)

    def _settle(self, commits: Sequence[_Commit], error: Exception | None) -> None:
        """The writer is done with `commits`: show them to readers and watches, or take them back."""
        if error is not None:
            self._take_back(commits, error)
            return
        for commit in commits:
            self.state.apply(commit.records)
            self.heads.settle(commit.records)
            self._broadcast.publish(commit.records)
        for commit in commits:
            if commit.future is not None and not commit.future.done():
                commit.future.set_result(None)
        if self.state.window >= self._keep + _COMPACT_EVERY:
            self._compact()

    def _take_back(self, commits: Sequence[_Commit], error: Exception) -> None:
        if commits[0].epoch == self._epoch:
            _log.error("the store could not write", error=str(error), writes=len(commits))
            self._epoch += 1  # later commits of this epoch build on what was not kept: the writer refuses them too
            self.heads.reset()
        for commit in commits:
            if commit.future is not None and not commit.future.done():
                commit.future.set_exception(error)

    def _compact(self) -> None:
        upto = self.state.oldest_but(self._keep)
        self.state.compact(upto)
        self._commits.put(_Commit((), self._epoch, self._settle, compact=upto))


@dataclass(frozen=True, slots=True)
class Pending:
    """Changes that have their revisions and are on their way to the disk."""

    records: Sequence[Record]
    _future: "asyncio.Future[None]"

    async def durable(self) -> None:
        """Wait for the disk. A caller that is cancelled meanwhile does not undo the write.

        Raises: OSError or sqlite3.Error where the disk refused.
        """
        await asyncio.shield(self._future)


class _Writer:
    """The one thread that touches the log once it is loaded."""

    def __init__(self, log: RevisionLog, commits: "queue.SimpleQueue[_Commit | None]") -> None:
        self._log = log
        self._commits = commits
        self._failed_epoch = -1
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to write; results are told on `loop`."""
        self._loop = loop
        self._thread.start()

    def join(self) -> None:
        """Wait until everything queued before the end mark is written."""
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            group, last = self._next_group()
            if group:
                self._write(group)

    def _next_group(self) -> tuple[list[_Commit], bool]:
        """All that waits now, at least one; and whether the end mark was among it."""
        group = []
        item = self._commits.get()
        while item is not None:
            group.append(item)
            try:
                item = self._commits.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _write(self, group: list[_Commit]) -> None:
        stale = [commit for commit in group if commit.epoch <= self._failed_epoch]
        fresh = [commit for commit in group if commit.epoch > self._failed_epoch]
        if stale:
            self._tell(stale, OSError("an earlier write that this one builds on failed"))
        if not fresh:
            return
        try:
            records = [record for commit in fresh for record in commit.records]
            if records:
                self._log.append(records)
            for commit in fresh:
                if commit.compact:
                    self._log.compact(commit.compact)
        except Exception as error:
            self._failed_epoch = fresh[-1].epoch
            self._tell(fresh, error)
        else:
            self._tell(fresh, None)

    def _tell(self, commits: Sequence[_Commit], error: Exception | None) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(commits[0].done, commits, error)
