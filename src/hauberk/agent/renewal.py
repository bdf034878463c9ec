"""When a certificate is renewed: at half life, with jitter; backing off while the CA is away. Pure.

```
Renewal(at half life) ──issued──► a new Renewal
      │  failed                        ▲
      └─► Renewal(failures + 1, later) ┘   the old pair stays in use all the while
```
Sources of the figures: Istio SECRET_GRACE_PERIOD_RATIO 0.5 and its jitter 0.01 (pilot-agent options).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

__all__ = ["Age", "Renewal", "age_of", "back_off", "is_urgent", "plan_renewal", "plan_retry"]

_SHARE: Final = 0.5
_JITTER: Final = 0.01
"""Share of the life by which renewals are spread, so that workloads that started together do not all ask together."""
_URGENT_SHARE: Final = 0.2
_FIRST_RETRY: Final = timedelta(seconds=1)
_LONGEST_RETRY: Final = timedelta(minutes=1)


class Age(IntEnum):
    """What is to be said of a certificate's age, whether or not anything was tried."""

    GOOD = 0
    URGENT = 1
    """Less than a fifth of the life is left."""
    ENDED = 2


@dataclass(frozen=True, slots=True)
class Renewal:
    """The plan for one certificate."""

    issued: datetime
    not_valid_after: datetime
    at: datetime
    """When to ask the CA next."""
    failures: int = 0
    """How often the CA was asked in vain since the certificate was issued."""


def plan_renewal(issued: datetime, not_valid_after: datetime, *, random: float) -> Renewal:
    """The plan for a fresh certificate: half of its life, give or take a hundredth. `random` is in [0, 1)."""
    life = not_valid_after - issued
    return Renewal(issued, not_valid_after, issued + life * (_SHARE + _JITTER * (2 * random - 1)))


def plan_retry(renewal: Renewal, now: datetime, *, random: float) -> Renewal:
    """The plan after the CA was asked in vain at `now`. `random` is in [0, 1)."""
    failures = renewal.failures + 1
    return replace(renewal, at=now + back_off(failures, random=random), failures=failures)


def back_off(failures: int, *, random: float, longest: timedelta = _LONGEST_RETRY) -> timedelta:
    """How long to wait after `failures` (at least one) vain attempts: doubling from a second, half of it at random."""
    whole = min(_FIRST_RETRY * (1 << min(failures - 1, 16)), longest)
    return whole * (0.5 + random / 2)


def is_urgent(renewal: Renewal, now: datetime) -> bool:
    """Whether less than a fifth of the life is left, which people must hear of."""
    life = renewal.not_valid_after - renewal.issued
    return renewal.not_valid_after - now < life * _URGENT_SHARE


def age_of(renewal: Renewal, now: datetime) -> Age:
    """How far the certificate's life is over."""
    if now >= renewal.not_valid_after:
        return Age.ENDED
    return Age.URGENT if is_urgent(renewal, now) else Age.GOOD
