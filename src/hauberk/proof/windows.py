"""Counters over a window of time, from cumulative samples: how much each grew, and when last. Pure.

Only growth is kept, so an idle proxy costs nothing but its last sample. A counter that went down, or came back after it was
gone, started again from 0: its Envoy restarted or a filter chain was replaced.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

__all__ = ["KEPT", "Growth", "Series", "Window"]

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A counter's name and its labels, sorted."""

KEPT: Final = timedelta(hours=1)
"""How far back one can look."""
_MOST_SAMPLES: Final = 2048
"""An hour of samples that all grew, each 2 seconds apart, is 1,800."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How much a counter grew, and when it was last seen to."""

    amount: int
    last_seen: datetime


@dataclass(slots=True)
class Window:
    """What one proxy's counters did in the last hour."""

    _last: Mapping[Series, int] | None = None
    _grown: deque[tuple[datetime, Mapping[Series, int]]] = field(default_factory=deque)

    def take(self, sample: Mapping[Series, int], now: datetime, *, from_zero: bool = False) -> bool:
        """Note a sample; whether anything grew.

        The first sample is where counting starts, unless `from_zero`: then the proxy started after we began to look, and all
        that it has counted is news.
        """
        before = self._last
        self._last = sample
        while self._grown and (self._grown[0][0] <= now - KEPT or len(self._grown) >= _MOST_SAMPLES):
            self._grown.popleft()
        if before is None:
            before = {} if from_zero else sample
        grown = {series: value - _base(before.get(series, 0), value) for series, value in sample.items()}
        grown = {series: amount for series, amount in grown.items() if amount}
        if grown:
            self._grown.append((now, grown))
        return bool(grown)

    def since(self, begin: datetime) -> dict[Series, Growth]:
        """What grew in samples after `begin`."""
        found: dict[Series, Growth] = {}
        for at, grown in self._grown:
            if at > begin:
                for series, amount in grown.items():
                    known = found.get(series)
                    found[series] = Growth(amount + (known.amount if known else 0), at)
        return found


def _base(before: int, now: int) -> int:
    return before if before <= now else 0
