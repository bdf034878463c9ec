"""Reading fields of manifests: whatever is absent or null reads as empty, whatever has the wrong shape is the user's error.

Only the `parse_*` modules use it; objects that come from the API were validated before, files may not have been.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hauberk.errors import ConfigError
from hauberk.k8s.durations import parse_go_duration
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.objects import LabelPairs
from hauberk.model.service import EPOCH

__all__ = [
    "created_of",
    "integer",
    "items",
    "label_pairs",
    "mapping",
    "optional_duration",
    "optional_integer",
    "strings",
    "text",
    "text_map",
]


def mapping(obj: Mapping[str, Any], *path: str) -> Manifest:
    """The mapping at `path`; empty where any step is absent."""
    current: Any = obj
    for step in path:
        current = current.get(step) if isinstance(current, Mapping) else None
        if current is None:
            return {}
    return dict(_expect(current, Mapping, path, "a mapping"))


def items(obj: Mapping[str, Any], key: str) -> Sequence[Manifest]:
    """The list of mappings at `key`."""
    found = _expect(obj.get(key) or [], Sequence, (key,), "a list")
    return [_expect(item, Mapping, (key,), "a list of mappings") for item in found]


def strings(obj: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The list of strings at `key`."""
    return tuple(str(item) for item in _expect(obj.get(key) or [], Sequence, (key,), "a list"))


def text(obj: Mapping[str, Any], key: str, default: str = "") -> str:
    """The string at `key`."""
    found = obj.get(key)
    return default if found is None else str(found)


def text_map(obj: Mapping[str, Any], *path: str) -> dict[str, str]:
    """The mapping of strings at `path` (labels, annotations, selectors)."""
    return {str(key): str(value) for key, value in mapping(obj, *path).items()}


def integer(value: object, path: str) -> int:
    """A whole number, also where a manifest wrote it as a string (keys of JSON objects are strings)."""
    try:
        return int(str(value))
    except ValueError:
        raise ConfigError(f'{path}: "{value}" is not a whole number.') from None


def optional_integer(obj: Mapping[str, Any], key: str) -> int | None:
    """The whole number at `key`, None where there is none."""
    return None if obj.get(key) is None else integer(obj[key], key)


def optional_duration(obj: Mapping[str, Any], key: str) -> timedelta | None:
    """The duration at `key` as Go writes it, None where there is none."""
    return None if obj.get(key) is None else parse_go_duration(str(obj[key]))


def label_pairs(obj: Mapping[str, Any], *path: str) -> LabelPairs:
    """The mapping of strings at `path` as sorted pairs."""
    return tuple(sorted(text_map(obj, *path).items()))


def created_of(obj: Manifest) -> datetime:
    """`metadata.creationTimestamp` (RFC 3339, UTC); the epoch where there is none, as in files."""
    stamp = mapping(obj, "metadata").get("creationTimestamp")
    if not stamp:
        return EPOCH
    if isinstance(stamp, datetime):  # YAML 1.1 readers make dates of unquoted stamps
        return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(str(stamp))
    except ValueError:
        raise ConfigError(f'{namespace_of(obj)}/{name_of(obj)}, metadata.creationTimestamp: "{stamp}" is not an RFC 3339 time.') from None


def _expect(value: Any, shape: type, path: Sequence[str], what: str) -> Any:
    if not isinstance(value, shape) or isinstance(value, str):
        raise ConfigError(f"{'.'.join(path)} must be {what}, not {type(value).__name__}.")
    return value
