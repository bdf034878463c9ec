"""When a process of ours that ended is started again: pure, time is passed in."""

from dataclasses import dataclass, replace

__all__ = ["RestartState", "next_start"]

FIRST_DELAY_SECONDS = 0.05
"""A crash is rare and costs users; the first restart is all but at once."""
LONGEST_DELAY_SECONDS = 5.0
CALM_SECONDS = 30.0
"""A process that lived this long has recovered: the next crash counts as the first."""


@dataclass(frozen=True, slots=True)
class RestartState:
    """`crashes` in a row, without a calm life between."""

    crashes: int = 0


def next_start(state: RestartState, *, lived_seconds: float) -> tuple[RestartState, float]:
    """The state after a crash and how many seconds to wait before the next start.

    The delay doubles from 0.05 s to 5 s with crashes in a row.
    """
    crashes = 1 if lived_seconds >= CALM_SECONDS else state.crashes + 1
    delay = min(FIRST_DELAY_SECONDS * 2 ** (crashes - 1), LONGEST_DELAY_SECONDS)
    return replace(state, crashes=crashes), delay
