"""Columns that many kinds share, and small readers of manifests for cells."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from hauberk.k8s.durations import age, since
from hauberk.k8s.kind import Column, Manifest, name_of

__all__ = ["AGE", "CRD_AGE", "NAME", "NONE", "age_of", "condition_reason", "dig", "format_labels", "joined", "json_cell", "number", "text"]

NONE: Final = "<none>"
"""What upstream's printers write where there is nothing."""

NAME: Final = Column("Name", lambda obj, _now: name_of(obj), format="name", description="The object's name, unique in its namespace.")
AGE: Final = Column("Age", age, description="Time since the object was created.")
CRD_AGE: Final = Column("Age", age, type="date", description="Time since the object was created.")
"""Age as additionalPrinterColumns have it: type `date`."""


def dig(obj: object, *path: str) -> Any:
    """The value at a path of keys; None where anything on the way is missing or no object."""
    for key in path:
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(key)
    return obj


def text(name: str, *path: str, empty: str | None = None, priority: int = 0, description: str = "") -> Column:
    """A column that shows the string at `path`, or `empty`."""

    def value(obj: Manifest, _now: datetime) -> str | None:
        """The cell."""
        found = dig(obj, *path)
        return empty if found is None or found == "" else str(found)

    return Column(name, value, priority=priority, description=description)


def number(name: str, *path: str, priority: int = 0, description: str = "") -> Column:
    """A column that shows the integer at `path`, 0 where it is not set."""
    return Column(name, lambda obj, _now: int(dig(obj, *path) or 0), type="integer", priority=priority, description=description)


def json_cell(name: str, *path: str, priority: int = 0, description: str = "") -> Column:
    """A column that shows a list as JSON, as CRD columns do: `["default"]`."""

    def value(obj: Manifest, _now: datetime) -> str | None:
        """The cell."""
        found = dig(obj, *path)
        return None if found is None else orjson.dumps(found).decode()

    return Column(name, value, priority=priority, description=description)


def condition_reason(name: str, condition: str, field: str = "reason", *, description: str = "") -> Column:
    """A column that shows a field of the status condition of type `condition`."""

    def value(obj: Manifest, _now: datetime) -> str | None:
        """The cell."""
        found = next((entry for entry in dig(obj, "status", "conditions") or () if entry.get("type") == condition), None)
        return None if found is None else found.get(field)

    return Column(name, value, description=description)


def age_of(name: str, *path: str, priority: int = 0) -> Column:
    """A column that shows the age of the time at `path`."""
    return Column(name, lambda obj, now: since(dig(obj, *path), now), priority=priority)


def format_labels(labels: object) -> str:
    """`a=b,c=d` in the order of keys, `<none>` where there are none."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) if isinstance(labels, Mapping) and labels else NONE


def joined(parts: Iterable[str], *, limit: int = 3, empty: str = NONE) -> str:
    """The first `limit` parts with commas, and how many more there are: `a,b,c + 2 more...`."""
    every = list(parts)
    shown = ",".join(every[:limit])
    return f"{shown} + {len(every) - limit} more..." if len(every) > limit else shown or empty
