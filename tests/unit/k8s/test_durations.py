from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.k8s.durations import age, human_duration, parse_go_duration, parse_time, since

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("elapsed", "shown"),
    [
        (timedelta(seconds=-2), "<invalid>"),
        (timedelta(seconds=-1), "0s"),
        (timedelta(seconds=0), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(seconds=120), "2m"),
        (timedelta(seconds=200), "3m20s"),
        (timedelta(minutes=10, seconds=30), "10m"),
        (timedelta(minutes=179), "179m"),
        (timedelta(hours=3), "3h"),
        (timedelta(hours=5, minutes=7), "5h7m"),
        (timedelta(hours=8, minutes=30), "8h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2), "2d"),
        (timedelta(days=3, hours=5), "3d5h"),
        (timedelta(days=8, hours=5), "8d"),
        (timedelta(days=729), "729d"),
        (timedelta(days=730), "2y"),
        (timedelta(days=735), "2y5d"),
        (timedelta(days=365 * 9), "9y"),
    ],
)
def test_ages_are_shown_as_kubectl_shows_them(elapsed: timedelta, shown: str) -> None:
    assert human_duration(elapsed) == shown


def test_the_age_of_an_object() -> None:
    assert age({"metadata": {"creationTimestamp": "2025-11-25T11:59:55Z"}}, NOW) == "5s"
    assert [since(value, NOW) for value in (None, "", "yesterday", "2025-11-25", 5)] == ["<unknown>"] * 5


def test_times_are_read_with_fractions_and_zones() -> None:
    assert parse_time("2025-11-25T13:00:00.500000+01:00") == NOW + timedelta(milliseconds=500)
    with pytest.raises(ValueError, match="no time zone"):
        parse_time("2025-11-25T13:00:00")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("10s", 10), ("1h30m", 5400), ("1.5h", 5400), (".5s", 0.5), ("-3ms", -0.003), ("+1m", 60), ("2us", 2e-6)],
)
def test_go_durations(text: str, seconds: float) -> None:
    assert parse_go_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "7d", "1y", "20%", "10", "s", "1h 30m", "1hx", "--1s"])
def test_what_go_does_not_take(text: str) -> None:
    assert parse_go_duration(text) is None


@given(st.integers(min_value=0, max_value=10**6), st.sampled_from(["ms", "s", "m"]))
def test_whole_numbers_of_a_unit(number: int, unit: str) -> None:
    assert (
        parse_go_duration(f"{number}{unit}")
        == number * {"ms": timedelta(milliseconds=1), "s": timedelta(seconds=1), "m": timedelta(minutes=1)}[unit]
    )
