"""Reading and composing manifests: labels, owners, conditions, selectors, times. Pure; no kind in particular."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of, uid_of

__all__ = [
    "annotations_of",
    "at",
    "condition_is",
    "condition_of",
    "controller_reference",
    "controller_uid",
    "covers",
    "digest",
    "is_terminating",
    "labels_of",
    "matches_labels",
    "merge_difference",
    "owner_reference",
    "owner_uids",
    "parse_time",
    "reference_to",
    "render_time",
    "set_condition",
]

_DIGEST_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels, so that no word comes out; k8s.io/apimachinery util/rand."""


def labels_of(obj: Manifest) -> dict[str, str]:
    """`metadata.labels`, empty where there are none."""
    return obj.get("metadata", {}).get("labels") or {}


def annotations_of(obj: Manifest) -> dict[str, str]:
    """`metadata.annotations`, empty where there are none."""
    return obj.get("metadata", {}).get("annotations") or {}


def is_terminating(obj: Manifest) -> bool:
    """Whether deletion was asked for."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def at(obj: Manifest, path: str, default: Any = None) -> Any:
    """The value at a dotted path, `default` where a step is missing or null."""
    value: Any = obj
    for step in path.split("."):
        if not isinstance(value, dict) or value.get(step) is None:
            return default
        value = value[step]
    return value


# -- Owners -----------------------------------------------------------------------------------------------------------
def owner_reference(kind: Kind, owner: Manifest) -> Manifest:
    """The reference by which `owner` controls an object (one controller at most, as upstream)."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_reference(obj: Manifest) -> Manifest | None:
    """The owner reference that says `controller: true`."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return dict(reference)
    return None


def controller_uid(obj: Manifest) -> str:
    """The uid of the controlling owner, empty where there is none."""
    reference = controller_reference(obj)
    return str(reference["uid"]) if reference else ""


def owner_uids(obj: Manifest) -> list[str]:
    """The uids of all owners, controlling or not."""
    return [str(reference["uid"]) for reference in obj["metadata"].get("ownerReferences") or ()]


def reference_to(kind: Kind, obj: Manifest) -> Manifest:
    """An ObjectReference, as in `involvedObject` and `targetRef`."""
    reference = {"kind": kind.kind, "name": name_of(obj), "uid": uid_of(obj)}
    return reference | {"namespace": namespace_of(obj)} if kind.namespaced else reference


# -- Selectors --------------------------------------------------------------------------------------------------------
def matches_labels(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether all of `selector` is in `labels`; an empty selector matches everything."""
    return all(labels.get(key) == value for key, value in selector.items())


# -- Conditions -------------------------------------------------------------------------------------------------------
def condition_of(obj: Manifest, condition: str) -> Manifest | None:
    """The entry of `status.conditions` of this type."""
    for entry in obj.get("status", {}).get("conditions") or ():
        if entry.get("type") == condition:
            return dict(entry)
    return None


def condition_is(obj: Manifest, condition: str, status: str = "True") -> bool:
    """Whether the condition has this status."""
    entry = condition_of(obj, condition)
    return entry is not None and entry.get("status") == status


def set_condition(conditions: Sequence[Manifest], condition: Manifest, *, now: datetime) -> list[Manifest]:
    """`conditions` with `condition` (type, status, reason, message, ...) in it.

    `lastTransitionTime` becomes `now` where the status is another than before, and stays otherwise.
    """
    before = next((entry for entry in conditions if entry["type"] == condition["type"]), None)
    # Only the status counts: a new message about an old state does not make the state younger.
    same = before is not None and before["status"] == condition["status"]
    since = before.get("lastTransitionTime") if before is not None and same else None
    entry = condition | {"lastTransitionTime": since or render_time(now)}
    if before is None:
        return [*conditions, entry]
    return [entry if known is before else known for known in conditions]


# -- Differences ------------------------------------------------------------------------------------------------------
def merge_difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON merge patch (RFC 7386) that makes `new` of `old`; empty where they are equal."""
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key in old and old[key] == value:
            continue
        # Lists are replaced whole: RFC 7386 knows no other way.
        if isinstance(value, dict) and isinstance(old.get(key), dict):
            patch[key] = merge_difference(old[key], value)
        else:
            patch[key] = value
    return patch


def covers(live: Any, wanted: Any) -> bool:
    """Whether everything in `wanted` is in `live` with the same value.

    Maps may have more keys in `live` (the API's defaults, others' labels); lists must have equally many entries.
    """
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(covers(live.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(live, list) and len(live) == len(wanted) and all(map(covers, live, wanted))
    return bool(live == wanted)


def digest(value: Any, *, length: int = 10) -> str:
    """A short name for a JSON value, fit for a label or the end of an object's name."""
    number = int.from_bytes(sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest())
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_DIGEST_ALPHABET))
        letters.append(_DIGEST_ALPHABET[rest])
    return "".join(letters)


# -- Times ------------------------------------------------------------------------------------------------------------
def render_time(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, as metav1.Time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """A metav1.Time or MicroTime."""
    return datetime.fromisoformat(text)
