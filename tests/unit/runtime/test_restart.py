import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.runtime.restart import CALM_SECONDS, LONGEST_DELAY_SECONDS, RestartState, next_start


@pytest.mark.parametrize(
    ("crashes", "lived_seconds", "expected"),
    [
        (0, 1.0, (1, 0.05)),
        (1, 1.0, (2, 0.1)),
        (4, 1.0, (5, 0.8)),
        (20, 1.0, (21, 5.0)),
        (20, 30.0, (1, 0.05)),
    ],
)
def test_delays_double_and_a_calm_life_forgives(crashes: int, lived_seconds: float, expected: tuple[int, float]) -> None:
    state, delay = next_start(RestartState(crashes), lived_seconds=lived_seconds)
    assert (state.crashes, delay) == (expected[0], pytest.approx(expected[1]))


@given(st.lists(st.floats(min_value=0, max_value=2 * CALM_SECONDS), max_size=60))
def test_no_history_of_crashes_waits_for_ever_or_not_at_all(lives: list[float]) -> None:
    state = RestartState()
    for lived in lives:
        state, delay = next_start(state, lived_seconds=lived)
        assert 0 < delay <= LONGEST_DELAY_SECONDS
