"""How often one identity may ask the CA: a bucket of tokens each. Pure; the clock is an argument.

Pods of one ServiceAccount share an identity, so the burst has to let a large Deployment start at once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

__all__ = ["DEFAULT_RATE", "Rate", "RateLimiter"]

_REMEMBERED: Final = 10_000
"""Identities; full buckets are forgotten first, which changes nothing for anybody."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once, and `per_second` more each second."""

    burst: int = 1000
    per_second: float = 20.0

    def __str__(self) -> str:
        return f"at most {self.burst} at once and {self.per_second:g} more a second"


DEFAULT_RATE: Final = Rate()


class RateLimiter:
    """Counts requests by identity."""

    def __init__(self, rate: Rate = DEFAULT_RATE) -> None:
        self.rate = rate
        self._buckets: dict[str, tuple[float, datetime]] = {}

    def take(self, identity: str, now: datetime) -> bool:
        """Whether `identity` may ask at `now`; if so, that is counted."""
        left = self._left(identity, now)
        if left < 1:
            return False
        self._buckets[identity] = (left - 1, now)
        if len(self._buckets) > _REMEMBERED:
            self._forget_full(now)
        return True

    def _left(self, identity: str, now: datetime) -> float:
        left, at = self._buckets.get(identity, (float(self.rate.burst), now))
        return min(left + max((now - at).total_seconds(), 0) * self.rate.per_second, float(self.rate.burst))

    def _forget_full(self, now: datetime) -> None:
        for identity in [one for one in self._buckets if self._left(one, now) >= self.rate.burst]:
            del self._buckets[identity]
