import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hauberk.store.ledger import Conflict
from hauberk.store.memory import MemoryLog
from hauberk.store.revisions import Change, Key, Record, RevisionLog, Value
from hauberk.store.sqlite import SqliteLog
from hauberk.store.state import Compacted
from hauberk.store.store import Store


def stamp(value: Value, revision: int) -> Value:
    return value | {"revision": revision}


def key(name: str) -> Key:
    return Key("pods", "a", name)


def put(name: str, expected: int = 0, **value: object) -> Change:
    return Change(key(name), value, expected=expected)


MakeLog = Callable[[], RevisionLog]


@pytest.fixture(params=["memory", "sqlite"])
def make_log(request: pytest.FixtureRequest, tmp_path: Path) -> MakeLog:
    """A log of each backend; the same file, or the same list, each time it is called."""
    if request.param == "memory":
        log = _Reopenable()
        return lambda: log
    return lambda: SqliteLog(tmp_path / "state.db")


class _Reopenable(MemoryLog):
    def close(self) -> None:
        """Stay open: the test opens it again."""


class _Gate(MemoryLog):
    """A log whose appends wait for `open`, and may fail: the writer's pace in the test's hand."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.groups: list[int] = []
        self.fails = False

    def append(self, records: Sequence[Record]) -> None:
        self.open.wait(10)
        self.groups.append(len(records))
        if self.fails:
            raise OSError("no space left on device")
        super().append(records)


def test_what_was_committed_is_there_after_a_restart(make_log: MakeLog) -> None:
    async def story() -> None:
        async with Store(make_log(), stamp) as store:
            await store.commit(put("p", x=1))
            await store.commit(put("p", 1, x=2), put("q"))
        async with Store(make_log(), stamp) as again:
            assert again.revision == 3
            assert [(entry.key.name, entry.value) for entry in again.entries("pods")] == [
                ("p", {"x": 2, "revision": 2}),
                ("q", {"revision": 3}),
            ]
            (record,) = await again.commit(put("r"))
            assert record.revision == 4

    asyncio.run(story())


def test_watches_resume_from_before_a_restart(make_log: MakeLog) -> None:
    async def story() -> None:
        async with Store(make_log(), stamp) as store:
            for name in "pqr":
                await store.commit(put(name))
        async with Store(make_log(), stamp) as again, again.watch("pods", 1) as watch:
            assert [record.revision for record in await watch.batch()] == [2, 3]

    asyncio.run(story())


def test_readers_see_only_what_is_durable_writers_see_all() -> None:
    async def story() -> None:
        log = _Gate()
        async with Store(log, stamp) as store:
            pending = store.begin([put("p")])
            assert (store.get(key("p")), store.heads.get(key("p")) is not None) == (None, True)
            log.open.set()
            await pending.durable()
            assert store.get(key("p")) == store.heads.get(key("p"))

    asyncio.run(story())


def test_writes_that_wait_share_one_commit() -> None:
    async def story() -> None:
        log = _Gate()
        async with Store(log, stamp) as store:
            pending = [store.begin([put(f"p{number}")]) for number in range(20)]
            log.open.set()
            for one in pending:
                await one.durable()
        assert sum(log.groups) == 20
        assert len(log.groups) <= 2  # the first may go alone, the rest had to wait for it

    asyncio.run(story())


def test_a_conflict_is_told_before_anything_is_written(make_log: MakeLog) -> None:
    async def story() -> None:
        async with Store(make_log(), stamp) as store:
            await store.commit(put("p"))
            with pytest.raises(Conflict):
                await store.commit(put("p"))
            assert store.revision == 1

    asyncio.run(story())


def test_a_full_disk_fails_the_write_and_those_built_on_it_then_the_store_goes_on() -> None:
    async def story() -> None:
        log = _Gate()
        log.fails = True
        async with Store(log, stamp) as store:
            first, second = store.begin([put("p")]), store.begin([put("p", 1)])
            log.open.set()
            with pytest.raises(OSError, match="no space left"):
                await first.durable()
            with pytest.raises(OSError, match=r"no space left|an earlier write"):
                await second.durable()
            assert store.heads.get(key("p")) is None
            log.fails = False
            (record,) = await store.commit(put("p"))
            assert (record.revision, store.revision) == (1, 1)

    asyncio.run(story())


def test_a_watch_gets_the_past_then_the_present_each_once(make_log: MakeLog) -> None:
    async def story() -> None:
        async with Store(make_log(), stamp) as store:
            await store.commit(put("p"))
            await store.commit(put("q"))
            async with store.watch("pods", 1) as watch:
                await store.commit(put("r"))
                seen: list[int] = []
                while len(seen) < 2:
                    seen += [record.revision for record in await watch.batch()]
            assert seen == [2, 3]

    asyncio.run(story())


def test_a_watch_that_waits_is_woken_by_the_write() -> None:
    async def story() -> None:
        async with Store(MemoryLog(), stamp) as store, store.watch("pods") as watch, asyncio.TaskGroup() as group:
            waiting = group.create_task(watch.batch())
            await asyncio.sleep(0)
            await store.commit(put("p"))
            assert [record.key.name for record in await waiting] == ["p"]

    asyncio.run(story())


def test_a_slow_watch_ends_and_can_come_back() -> None:
    async def story() -> None:
        async with Store(MemoryLog(), stamp) as store:
            async with store.watch("pods", limit=2) as slow:
                for name in "pqrs":
                    await store.commit(put(name))
                assert await slow.batch() == []
            async with store.watch("pods", 0) as again:
                assert len(await again.batch()) == 4

    asyncio.run(story())


def test_watches_end_when_the_store_closes() -> None:
    async def story() -> None:
        store = Store(MemoryLog(), stamp)
        async with asyncio.TaskGroup() as group, store, store.watch("pods") as watch:
            waiting = group.create_task(watch.batch())
            await asyncio.sleep(0)
            await store.__aexit__(None, None, None)
            assert await waiting == []

    asyncio.run(story())


def test_old_records_are_compacted_and_a_watch_from_before_is_told(make_log: MakeLog) -> None:
    async def story() -> None:
        async with Store(make_log(), stamp, keep_records=10) as store:
            await store.commit(put("p"))
            for revision in range(1, 1100):
                await store.commit(put("p", revision))
            assert store.state.window < 1010
            with pytest.raises(Compacted):
                async with store.watch("pods", 1):
                    pass
        async with Store(make_log(), stamp) as again:
            assert again.state.compacted >= 1000
            assert again.get(key("p")) is not None

    asyncio.run(story())


def test_a_cancelled_writer_does_not_undo_the_write() -> None:
    async def story() -> None:
        log = _Gate()
        async with Store(log, stamp) as store:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(store.commit(put("p")))
                await asyncio.sleep(0)
                task.cancel()
            log.open.set()
            await store.commit(put("q"))
            assert [entry.key.name for entry in store.entries("pods")] == ["p", "q"]

    asyncio.run(story())
