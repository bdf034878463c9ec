"""One suite for every revision log: `test_memory` and `test_sqlite` run it on their backend."""

from collections.abc import Callable

import orjson
import pytest

from hauberk.store.revisions import Entry, Key, Loaded, Operation, Record, RevisionLog

Open = Callable[[], RevisionLog]


def make_entry(name: str, revision: int, *, resource: str = "pods", namespace: str = "a", **fields: object) -> Entry:
    value = {"metadata": {"name": name, "resourceVersion": str(revision)}, **fields}
    return Entry(Key(resource, namespace, name), revision, value, orjson.dumps(value))


def added(name: str, revision: int, **fields: object) -> Record:
    return Record(Operation.ADDED, make_entry(name, revision, **fields))


def modified(name: str, revision: int, previous: Record, **fields: object) -> Record:
    return Record(Operation.MODIFIED, make_entry(name, revision, **fields), previous.entry)


def deleted(name: str, revision: int, previous: Record) -> Record:
    return Record(Operation.DELETED, make_entry(name, revision), previous.entry)


class RevisionLogSuite:
    """What `RevisionLog` promises. Subclasses give the fixture `open_log`, which opens the same log each time it is called."""

    @pytest.fixture
    def log(self, open_log: Open) -> RevisionLog:
        return open_log()

    def test_a_new_log_is_empty(self, log: RevisionLog) -> None:
        assert log.load() == Loaded([], [], compacted=0, revision=0)

    def test_what_was_appended_is_loaded(self, log: RevisionLog) -> None:
        first, second = added("p", 1), added("q", 2)
        log.append([first, second])
        assert log.load() == Loaded([first.entry, second.entry], [first, second], compacted=0, revision=2)

    def test_a_change_replaces_the_current_object_and_knows_the_one_before(self, log: RevisionLog) -> None:
        first = added("p", 1, phase="Pending")
        second = modified("p", 2, first, phase="Running")
        log.append([first])
        log.append([second])
        assert log.load() == Loaded([second.entry], [first, second], compacted=0, revision=2)

    def test_a_deletion_takes_the_object_away_and_stays_in_the_log(self, log: RevisionLog) -> None:
        first = added("p", 1)
        gone = deleted("p", 2, first)
        log.append([first, gone])
        assert log.load() == Loaded([], [first, gone], compacted=0, revision=2)

    def test_a_name_can_be_used_again(self, log: RevisionLog) -> None:
        first = added("p", 1)
        gone, again = deleted("p", 2, first), added("p", 3, phase="Pending")
        log.append([first, gone])
        log.append([again])
        assert log.load() == Loaded([again.entry], [first, gone, again], compacted=0, revision=3)

    def test_objects_come_in_the_order_of_their_keys(self, log: RevisionLog) -> None:
        records = [added("z", 1, namespace="a"), added("a", 2, namespace="b"), added("m", 3, resource="nodes", namespace="")]
        log.append(records)
        assert [entry.key.name for entry in log.load().entries] == ["m", "z", "a"]

    def test_compaction_forgets_records_but_no_object(self, log: RevisionLog) -> None:
        first = added("p", 1)
        second, other = modified("p", 2, first), added("q", 3)
        log.append([first, second, other])
        log.compact(2)
        assert log.load() == Loaded([second.entry, other.entry], [other], compacted=2, revision=3)

    def test_a_record_after_the_compaction_still_knows_the_object_before(self, log: RevisionLog) -> None:
        first = added("p", 1, phase="Pending")
        second = modified("p", 2, first, phase="Running")
        log.append([first, second])
        log.compact(1)
        assert log.load().records == [second]

    def test_a_change_after_the_compaction_of_its_past_knows_the_object_before(self, log: RevisionLog) -> None:
        first = added("p", 1, phase="Pending")
        log.append([first])
        log.compact(1)
        second = modified("p", 2, first, phase="Running")
        log.append([second])
        assert log.load() == Loaded([second.entry], [second], compacted=1, revision=2)

    def test_compaction_never_goes_back(self, log: RevisionLog) -> None:
        log.append([added("p", 1), added("q", 2)])
        log.compact(2)
        log.compact(1)
        assert log.load().compacted == 2

    def test_a_compacted_log_goes_on_counting(self, log: RevisionLog) -> None:
        first = added("p", 1)
        log.append([first, deleted("p", 2, first)])
        log.compact(2)
        assert log.load() == Loaded([], [], compacted=2, revision=2)

    def test_a_closed_log_refuses_to_work(self, log: RevisionLog) -> None:
        log.close()
        with pytest.raises(Exception, match="closed"):
            log.append([added("p", 1)])
