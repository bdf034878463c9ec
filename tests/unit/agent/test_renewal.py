"""When certificates are renewed, as rows and as properties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.agent.renewal import Age, Renewal, age_of, back_off, is_urgent, plan_renewal, plan_retry

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
shares = st.floats(0, 1, exclude_max=True)
lives = st.timedeltas(timedelta(minutes=1), timedelta(days=4000))


@pytest.mark.parametrize(("random", "at"), [(0.0, 0.49), (0.5, 0.5), (0.75, 0.505)])
def test_a_certificate_is_renewed_at_half_life_give_or_take_a_hundredth(random: float, at: float) -> None:
    assert plan_renewal(START, START + 100 * DAY, random=random) == Renewal(START, START + 100 * DAY, START + 100 * at * DAY)


@given(lives, shares)
def test_a_renewal_is_due_well_within_the_life_and_before_it_is_urgent(life: timedelta, random: float) -> None:
    renewal = plan_renewal(START, START + life, random=random)
    assert START + 0.489 * life <= renewal.at <= START + 0.511 * life
    assert not is_urgent(renewal, renewal.at)


@pytest.mark.parametrize(
    ("failures", "random", "seconds"),
    [(1, 0.0, 0.5), (1, 0.5, 0.75), (2, 0.0, 1), (3, 0.0, 2), (6, 0.0, 16), (7, 0.0, 30), (8, 0.0, 30), (10_000, 0.0, 30)],
)
def test_the_back_off_doubles_up_to_a_minute_half_of_it_at_random(failures: int, random: float, seconds: float) -> None:
    assert back_off(failures, random=random) == timedelta(seconds=seconds)


def test_a_shorter_limit_counts() -> None:
    assert back_off(9, random=0.0, longest=timedelta(seconds=2)) == timedelta(seconds=1)


@given(st.integers(1, 200), shares)
def test_the_back_off_is_never_nothing_and_never_above_its_limit(failures: int, random: float) -> None:
    assert timedelta(seconds=0.5) <= back_off(failures, random=random) <= timedelta(minutes=1)


@given(lives, st.lists(shares, min_size=1, max_size=12))
def test_failures_move_the_next_attempt_and_nothing_else(life: timedelta, chances: list[float]) -> None:
    first = renewal = plan_renewal(START, START + life, random=0.5)
    for random in chances:
        now = renewal.at
        renewal = plan_retry(renewal, now, random=random)
        assert renewal.at > now
    assert renewal.failures == len(chances)
    assert (renewal.issued, renewal.not_valid_after) == (first.issued, first.not_valid_after)


@pytest.mark.parametrize(("hours", "urgent"), [(0, False), (79, False), (80, False), (81, True), (100, True), (200, True)])
def test_less_than_a_fifth_of_the_life_is_urgent(hours: int, urgent: bool) -> None:
    renewal = plan_renewal(START, START + timedelta(hours=100), random=0.5)
    assert is_urgent(renewal, START + timedelta(hours=hours)) == urgent


@pytest.mark.parametrize(
    ("hours", "age"), [(0, Age.GOOD), (80, Age.GOOD), (81, Age.URGENT), (99, Age.URGENT), (100, Age.ENDED), (200, Age.ENDED)]
)
def test_a_certificate_ages_whether_or_not_anything_is_tried(hours: int, age: Age) -> None:
    renewal = plan_renewal(START, START + timedelta(hours=100), random=0.5)
    assert age_of(renewal, START + timedelta(hours=hours)) is age
