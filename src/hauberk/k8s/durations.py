"""Ages as kubectl prints them, and durations as Go and protobuf write them.

Sources: k8s.io/apimachinery/pkg/util/duration `HumanDuration`; Go `time.ParseDuration`.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from hauberk.k8s.kind import Manifest

__all__ = ["age", "human_duration", "parse_go_duration", "parse_time", "since"]

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
_STEPS: Final = (
    # up to (seconds), the unit of the first number, the unit of the second (0: none), and the letters
    (10 * _MINUTE, _MINUTE, 1, "ms"),
    (3 * _HOUR, _MINUTE, 0, "m"),
    (8 * _HOUR, _HOUR, _MINUTE, "hm"),
    (48 * _HOUR, _HOUR, 0, "h"),
    (8 * _DAY, _DAY, _HOUR, "dh"),
    (2 * _YEAR, _DAY, 0, "d"),
    (8 * _YEAR, _YEAR, _DAY, "yd"),
)


def human_duration(elapsed: timedelta) -> str:
    """At most two units, fewer the longer it is: `5s`, `3m20s`, `5h`, `2d3h`. Up to a second of negative time is `0s`."""
    seconds = int(elapsed.total_seconds())
    if seconds < -1:
        return "<invalid>"
    if seconds < 2 * _MINUTE:
        return f"{max(seconds, 0)}s"
    for limit, unit, rest_unit, letters in _STEPS:
        if seconds < limit:
            rest = seconds % unit // rest_unit if rest_unit else 0
            return f"{seconds // unit}{letters[0]}" + (f"{rest}{letters[1]}" if rest else "")
    return f"{seconds // _YEAR}y"


def parse_time(text: str) -> datetime:
    """An RFC 3339 time of the API, with or without fractions. Raises: ValueError."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return parsed.astimezone(UTC)


def since(text: object, now: datetime) -> str:
    """The age of a time of the API; `<unknown>` where it is not set or not a time."""
    if not isinstance(text, str) or not text:
        return "<unknown>"
    try:
        return human_duration(now - parse_time(text))
    except ValueError:
        return "<unknown>"


def age(obj: Manifest, now: datetime) -> str:
    """The age of an object."""
    return since(obj.get("metadata", {}).get("creationTimestamp"), now)


def parse_go_duration(text: str) -> timedelta | None:
    """`1h30m`, `0.5s`, `-3ms`; None where it is not a duration (`7d` is not: Go has no days)."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if digits == "0":
        return timedelta()
    parts = _PART.findall(digits)
    if not parts or "".join(number + unit for number, unit in parts) != digits:
        return None
    return timedelta(seconds=sign * sum(float(number) * _UNITS[unit] for number, unit in parts))
