"""Buckets by identity."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hauberk.pki.rate import DEFAULT_RATE, Rate, RateLimiter


def test_a_burst_is_served_and_then_so_many_a_second(now: datetime) -> None:
    limiter = RateLimiter(Rate(burst=3, per_second=2))
    assert [limiter.take("a", now) for _ in range(4)] == [True, True, True, False]
    assert limiter.take("b", now)
    later = now + timedelta(seconds=1)
    assert [limiter.take("a", later) for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_gives_nothing_and_breaks_nothing(now: datetime) -> None:
    limiter = RateLimiter(Rate(burst=1, per_second=1))
    assert limiter.take("a", now)
    assert not limiter.take("a", now - timedelta(hours=1))


def test_identities_that_asked_long_ago_are_forgotten(now: datetime) -> None:
    limiter = RateLimiter(Rate(burst=1, per_second=1))
    for number in range(10_000):
        limiter.take(f"old-{number}", now)
    limiter.take("new", now + timedelta(minutes=1))
    assert list(limiter._buckets) == ["new"]


@given(st.lists(st.floats(0, 100), max_size=50))
def test_no_more_than_burst_and_rate_are_ever_let_through(steps: list[float]) -> None:
    start = now = datetime(2026, 1, 1)
    limiter, taken = RateLimiter(Rate(burst=2, per_second=0.5)), 0
    for step in steps:
        now += timedelta(seconds=step)
        taken += limiter.take("a", now)
    assert taken <= 2 + (now - start).total_seconds() * 0.5 + 1e-6


def test_the_rate_says_itself() -> None:
    assert str(DEFAULT_RATE) == "at most 1000 at once and 20 more a second"
