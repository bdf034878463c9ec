import pytest

from hauberk.store.ledger import Conflict, Ledger
from hauberk.store.memory import MemoryLog
from hauberk.store.revisions import Change, Key, Operation, Value
from hauberk.store.state import State

KEY, OTHER = Key("pods", "a", "p"), Key("pods", "a", "q")


def stamp(value: Value, revision: int) -> Value:
    return value | {"revision": revision}


@pytest.fixture
def state() -> State:
    return State(MemoryLog().load())


@pytest.fixture
def ledger(state: State) -> Ledger:
    return Ledger(state, stamp)


def test_a_change_gets_the_next_revision_in_its_value_and_bytes(ledger: Ledger) -> None:
    (record,) = ledger.record([Change(KEY, {"x": 1}, expected=0)])
    assert (record.operation, record.revision, record.previous) == (Operation.ADDED, 1, None)
    assert record.entry.value == {"x": 1, "revision": 1}
    assert record.entry.data == b'{"x":1,"revision":1}'


def test_the_next_change_builds_on_one_that_is_not_durable_yet(ledger: Ledger, state: State) -> None:
    (first,) = ledger.record([Change(KEY, {"x": 1}, expected=0)])
    (second,) = ledger.record([Change(KEY, {"x": 2}, expected=1)])
    assert (second.operation, second.previous) == (Operation.MODIFIED, first.entry)
    assert ledger.get(KEY) == second.entry
    assert state.get(KEY) is None


def test_a_stale_change_is_a_conflict_and_uses_up_no_revision(ledger: Ledger) -> None:
    ledger.record([Change(KEY, {"x": 1}, expected=0)])
    with pytest.raises(Conflict, match="pods/a/p is at revision 1, not at 0"):
        ledger.record([Change(OTHER, {}, expected=0), Change(KEY, {"x": 2}, expected=0)])
    (next_one,) = ledger.record([Change(OTHER, {}, expected=0)])
    assert next_one.revision == 2


def test_a_deletion_tells_the_last_state_under_its_own_revision(ledger: Ledger) -> None:
    ledger.record([Change(KEY, {"x": 1}, expected=0)])
    (gone,) = ledger.record([Change(KEY, None, expected=1)])
    assert (gone.operation, gone.entry.value) == (Operation.DELETED, {"x": 1, "revision": 2})
    assert ledger.get(KEY) is None


def test_a_deletion_may_leave_another_last_state(ledger: Ledger) -> None:
    ledger.record([Change(KEY, {"x": 1}, expected=0)])
    (gone,) = ledger.record([Change(KEY, None, expected=1, last={"x": "last"})])
    assert gone.entry.value == {"x": "last", "revision": 2}


def test_lists_show_what_is_under_way(ledger: Ledger, state: State) -> None:
    first, second = ledger.record([Change(KEY, {}, expected=0), Change(OTHER, {}, expected=0)])
    state.apply([first, second])
    ledger.settle([first, second])
    ledger.record(
        [Change(KEY, None, expected=1), Change(Key("pods", "a", "r"), {}, expected=0), Change(Key("nodes", "", "n"), {}, expected=0)]
    )
    assert [entry.key.name for entry in ledger.entries("pods", "a")] == ["q", "r"]
    assert [entry.key.name for entry in state.entries("pods", "a")] == ["p", "q"]


def test_settling_keeps_a_later_change_of_the_same_key(ledger: Ledger, state: State) -> None:
    (first,) = ledger.record([Change(KEY, {"x": 1}, expected=0)])
    (second,) = ledger.record([Change(KEY, {"x": 2}, expected=1)])
    state.apply([first])
    ledger.settle([first])
    assert ledger.get(KEY) == second.entry


def test_a_reset_goes_back_to_what_is_durable(ledger: Ledger) -> None:
    ledger.record([Change(KEY, {"x": 1}, expected=0)])
    ledger.reset()
    assert ledger.get(KEY) is None
    (again,) = ledger.record([Change(KEY, {"x": 1}, expected=0)])
    assert again.revision == 1
