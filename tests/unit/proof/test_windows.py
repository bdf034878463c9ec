from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hauberk.proof.windows import KEPT, Growth, Series, Window

NOW = datetime(2026, 1, 1, tzinfo=UTC)
A: Series = ("a", (("port", "80"),))
B: Series = ("b", ())


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_the_first_sample_is_where_counting_starts() -> None:
    window = Window()
    assert not window.take({A: 100}, at(0))
    assert window.take({A: 103, B: 2}, at(2))
    assert window.since(at(0)) == {A: Growth(3, at(2)), B: Growth(2, at(2))}


def test_all_that_a_proxy_counted_is_news_where_it_started_after_we_began_to_look() -> None:
    window = Window()
    assert window.take({A: 7}, at(0), from_zero=True)
    assert window.since(at(-1)) == {A: Growth(7, at(0))}


def test_a_counter_that_went_down_started_again_from_zero() -> None:
    window = Window()
    for seconds, value in enumerate((50, 60, 4, 5)):
        window.take({A: value}, at(seconds))
    assert window.since(at(0)) == {A: Growth(10 + 4 + 1, at(3))}


def test_a_counter_that_was_gone_comes_back_from_zero() -> None:
    window = Window()
    window.take({A: 50}, at(0))
    window.take({}, at(1))
    window.take({A: 3}, at(2))
    assert window.since(at(0)) == {A: Growth(3, at(2))}


def test_only_what_is_in_the_window_counts() -> None:
    window = Window()
    for seconds in range(5):
        window.take({A: seconds * 10}, at(seconds))
    assert window.since(at(2)) == {A: Growth(20, at(4))}
    assert window.since(at(4)) == {}


def test_what_is_older_than_an_hour_is_let_go() -> None:
    window = Window()
    window.take({A: 0}, at(0), from_zero=True)
    window.take({A: 1}, at(1))
    window.take({A: 2}, at(2) + KEPT)
    assert window.since(at(0)) == {A: Growth(1, at(2) + KEPT)}


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_growth_is_never_negative_and_adds_up(values: list[int]) -> None:
    window = Window()
    for seconds, value in enumerate(values):
        window.take({A: value}, at(seconds))
    whole = window.since(at(-1)).get(A)
    steps = [later - earlier if later >= earlier else later for earlier, later in pairwise(values)]
    assert (whole.amount if whole else 0) == sum(steps)
