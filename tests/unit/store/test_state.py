import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.store.memory import MemoryLog
from hauberk.store.revisions import Key, Loaded, Operation, Record
from hauberk.store.state import Compacted, Future, State
from tests.unit.store.log_suite import added, deleted, make_entry, modified

EMPTY = Loaded([], [], compacted=0, revision=0)


def make_state(*records: Record) -> State:
    state = State(EMPTY)
    state.apply(records)
    return state


def test_lists_are_in_the_order_of_keys_and_of_one_namespace_if_asked() -> None:
    state = make_state(added("z", 1), added("a", 2), added("m", 3, namespace="ab"), added("n", 4, resource="nodes", namespace=""))
    assert [entry.key.name for entry in state.entries("pods")] == ["a", "z", "m"]
    assert [entry.key.name for entry in state.entries("pods", "a")] == ["a", "z"]
    assert state.entries("services") == []


def test_a_deleted_object_is_in_no_list() -> None:
    first = added("p", 1)
    state = make_state(first, added("q", 2), deleted("p", 3, first))
    assert [entry.key.name for entry in state.entries("pods")] == ["q"]
    assert state.get(Key("pods", "a", "p")) is None


def test_a_list_can_be_had_as_it_was() -> None:
    first, other = added("p", 1, phase="Pending"), added("q", 2)
    second = modified("p", 3, first, phase="Running")
    state = make_state(first, other, second, deleted("q", 4, other))
    assert state.entries_at("pods", 2) == [first.entry, other.entry]
    assert state.entries_at("pods", 3) == [second.entry, other.entry]
    assert state.entries_at("pods", 4) == [second.entry]


def test_the_records_since_a_revision_are_of_one_resource() -> None:
    records = [added("p", 1), added("n", 2, resource="nodes"), added("q", 3)]
    assert make_state(*records).since("pods", 1) == [records[2]]


def test_the_past_before_the_compaction_and_the_future_are_refused() -> None:
    state = make_state(added("p", 1), added("q", 2), added("r", 3))
    state.compact(2)
    assert [record.revision for record in state.since("pods", 2)] == [3]
    with pytest.raises(Compacted) as compacted:
        state.since("pods", 1)
    assert (compacted.value.revision, compacted.value.oldest) == (1, 2)
    with pytest.raises(Future) as future:
        state.entries_at("pods", 4)
    assert (future.value.revision, future.value.current) == (4, 3)


def test_what_to_compact_leaves_as_many_records_as_asked() -> None:
    state = make_state(*(added(f"p{number}", number) for number in range(1, 11)))
    assert state.oldest_but(3) == 7
    state.compact(7)
    assert (state.window, state.oldest_but(3)) == (3, 7)


def test_a_state_starts_from_what_the_log_holds() -> None:
    log = MemoryLog()
    log.append([added("p", 1), added("q", 2)])
    log.compact(1)
    state = State(log.load())
    assert (state.revision, state.compacted, state.window) == (2, 1, 1)
    assert [entry.key.name for entry in state.entries("pods")] == ["p", "q"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_undoing_records_always_gives_the_list_that_was(steps: list[tuple[str, bool]]) -> None:
    state, history = State(EMPTY), {0: []}
    for revision, (name, removes) in enumerate(steps, start=1):
        there = state.get(Key("pods", "a", name))
        operation = (Operation.DELETED if removes else Operation.MODIFIED) if there else Operation.ADDED
        state.apply([Record(operation, make_entry(name, revision), there)])
        history[revision] = state.entries("pods")
    for revision, entries in history.items():
        assert state.entries_at("pods", revision) == entries
