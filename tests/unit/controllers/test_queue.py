from hypothesis import given
from hypothesis import strategies as st

from hauberk.controllers.cluster import Key
from hauberk.controllers.queue import WorkQueue

A, B = Key("n", "a"), Key("n", "b")


def test_a_key_waits_once_and_in_its_turn() -> None:
    queue = WorkQueue()
    for key in (A, B, A):
        queue.add(key)
    assert [queue.take(now=0), queue.take(now=0), queue.take(now=0)] == [A, B, None]


def test_a_key_that_is_added_while_it_is_planned_comes_again() -> None:
    queue = WorkQueue()
    queue.add(A)
    queue.take(now=0)
    queue.add(A)
    queue.done(A)
    assert queue.take(now=0) == A


def test_a_failed_key_waits_longer_each_time_and_thirty_seconds_at_most() -> None:
    queue = WorkQueue()
    delays = [queue.failed(A, now=0) for _ in range(14)]
    assert delays[:4] == [0.02, 0.04, 0.08, 0.16]
    assert delays[-1] == 30.0


def test_success_forgets_failures() -> None:
    queue = WorkQueue()
    queue.failed(A, now=0)
    queue.failed(A, now=0)
    queue.done(A)
    assert queue.failed(A, now=0) == 0.02


def test_a_delayed_key_is_taken_when_it_is_due() -> None:
    queue = WorkQueue()
    queue.add_after(B, due=5.0)
    queue.add_after(A, due=3.0)
    assert queue.take(now=2.9) is None
    assert queue.next_due() == 3.0
    assert queue.take(now=5.0) == A
    assert queue.take(now=5.0) == B
    assert queue.next_due() is None


@given(st.lists(st.sampled_from([A, B, Key("m", "a")]), max_size=20))
def test_every_key_that_was_added_is_taken_exactly_once(keys: list[Key]) -> None:
    queue = WorkQueue()
    for key in keys:
        queue.add(key)
    assert len(queue) == len(set(keys))
    taken = [queue.take(now=0) for _ in set(keys)]
    assert taken == list(dict.fromkeys(keys))
    assert queue.take(now=0) is None
