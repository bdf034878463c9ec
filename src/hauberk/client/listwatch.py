"""The list-watch machine: how a copy of a collection is kept equal to the API server's.

    Empty ──List──► Listing ──listed──► Watching ──410 gone──► Listing
                       │ failed            │ failed, ended, ERROR
                       ▼                   ▼
                    Waiting ◄──────────────┘   (then what it waited for: List or Watch)

`step(state, event, known)` answers the next state and what to do; `known` is the copy as it is now, which is only read. A
list that comes after a gap is compared with it, so that deletions nobody told us about become changes. Expired revisions,
ended streams and failures are ordinary states. After kube-rs `watcher.rs` and client-go's reflector. No I/O, no clock.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hauberk.k8s.kind import Manifest, name_of, namespace_of

__all__ = [
    "Apply",
    "Change",
    "ChangeType",
    "Effect",
    "Empty",
    "Ended",
    "Event",
    "Failed",
    "Happened",
    "Key",
    "List",
    "Listed",
    "Listing",
    "Request",
    "Started",
    "State",
    "Synced",
    "Wait",
    "Waited",
    "Waiting",
    "Watch",
    "Watching",
    "backoff_seconds",
    "difference",
    "key_of",
    "step",
]

Key = tuple[str, str]
"""Namespace (empty for cluster-scoped kinds) and name."""

_HTTP_GONE = 410
_FIRST_DELAY_SECONDS = 0.1
_LONGEST_DELAY_SECONDS = 5.0


class ChangeType(StrEnum):
    """What became of an object; spelled as the API's watch events."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Change:
    """`object` is the new value (the last one known where it was deleted), `old` the one before (None where added)."""

    type: ChangeType
    object: Manifest
    old: Manifest | None = None


# -- States -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing was asked yet."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list is under way; `failures` counts the requests that failed in a row before it."""

    failures: int = 0


@dataclass(frozen=True, slots=True)
class Watching:
    """A watch is under way; everything up to `resource_version` is in the copy."""

    resource_version: str
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Between a failure and the next request, which `then` names."""

    then: Listing | Watching


State = Empty | Listing | Watching | Waiting


# -- Events -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Started:
    """Somebody wants the copy."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The list came."""

    items: list[Manifest]
    resource_version: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the watch: ADDED, MODIFIED, DELETED, BOOKMARK with a manifest, or ERROR with a Status."""

    type: str
    object: Manifest


@dataclass(frozen=True, slots=True)
class Ended:
    """The server ended the watch, as it does after some minutes."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The request got no answer or a refusal; `code` is the HTTP status, 0 where there was none."""

    code: int = 0


@dataclass(frozen=True, slots=True)
class Waited:
    """The delay is over."""


Event = Started | Listed | Happened | Ended | Failed | Waited


# -- Effects ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class List:
    """Ask for the whole collection."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Ask for what happened after `resource_version`."""

    resource_version: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait as `backoff_seconds(failures)` says."""

    failures: int


@dataclass(frozen=True, slots=True)
class Apply:
    """Put the change into the copy and tell who listens."""

    change: Change


@dataclass(frozen=True, slots=True)
class Synced:
    """The copy is now what a list answered."""


Request = List | Watch | Wait
"""At most one stands last among the effects; it replaces the request that is under way."""
Effect = Request | Apply | Synced


def key_of(obj: Manifest) -> Key:
    """Where an object stands in the copy."""
    return namespace_of(obj), name_of(obj)


def backoff_seconds(failures: int, *, random: Callable[[], float]) -> float:
    """0.1 s doubled with each failure up to 5 s, of which `random()` in [0, 1) takes away up to half.

    The jitter keeps many clients of one server from coming back in step.
    """
    longest = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2.0 ** min(failures, 16))
    return longest * (1 - random() / 2)


def step(state: State, event: Event, known: Mapping[Key, Manifest]) -> tuple[State, tuple[Effect, ...]]:
    """The next state and what to do, in order; an event that the state does not expect changes nothing."""
    match state, event:
        case Empty(), Started():
            return Listing(), (List(),)
        case Listing(), _:
            return _step_listing(state, event, known)
        case Watching(), _:
            return _step_watching(state, event, known)
        case Waiting(Listing() as then), Waited():
            return then, (List(),)
        case Waiting(Watching() as then), Waited():
            return then, (Watch(then.resource_version),)
    return state, ()


def _step_listing(state: Listing, event: Event, known: Mapping[Key, Manifest]) -> tuple[State, tuple[Effect, ...]]:
    match event:
        case Listed(items, resource_version):
            changes = tuple(Apply(change) for change in difference(known, items))
            return Watching(resource_version, state.failures), (*changes, Synced(), Watch(resource_version))
        case Failed():
            return _wait_for(Listing(state.failures + 1), state.failures)
    return state, ()


def _step_watching(state: Watching, event: Event, known: Mapping[Key, Manifest]) -> tuple[State, tuple[Effect, ...]]:
    match event:
        case Happened(type="ERROR", object=status):
            return _step_failed_watch(state, int(status.get("code") or 0))
        case Failed(code) if code:
            return _step_failed_watch(state, code)
        case Failed() | Ended():
            # `failures` is 0 again once a watch told something, so a server that ends each watch at once is asked less and less.
            return _wait_for(Watching(state.resource_version, state.failures + 1), state.failures)
        case Happened(_, obj):
            change = _change_of(event, known)
            following = Watching(str(obj["metadata"].get("resourceVersion") or state.resource_version))
            return following, (Apply(change),) if change else ()
    return state, ()


def _step_failed_watch(state: Watching, code: int) -> tuple[State, tuple[Effect, ...]]:
    # 410 means that the server forgot the revision, so a list at once is the cure; other refusals may be its overload.
    if code == _HTTP_GONE and state.failures == 0:
        return Listing(failures=1), (List(),)
    return _wait_for(Listing(state.failures + 1), state.failures)


def _wait_for(then: Listing | Watching, failures: int) -> tuple[State, tuple[Effect, ...]]:
    return Waiting(then), (Wait(failures),)


def _change_of(event: Happened, known: Mapping[Key, Manifest]) -> Change | None:
    if event.type == "BOOKMARK":
        return None
    old = known.get(key_of(event.object))
    if event.type == "DELETED":
        return None if old is None else Change(ChangeType.DELETED, event.object, old)
    return _written(old, event.object)


def _written(old: Manifest | None, new: Manifest) -> Change | None:
    if old is None:
        return Change(ChangeType.ADDED, new)
    if _same(old, new):
        return None
    return Change(ChangeType.MODIFIED, new, old)


def _same(old: Manifest, new: Manifest) -> bool:
    before, after = old["metadata"], new["metadata"]
    version = after.get("resourceVersion")
    return version is not None and version == before.get("resourceVersion") and after.get("uid") == before.get("uid")


def difference(known: Mapping[Key, Manifest], items: list[Manifest]) -> Iterator[Change]:
    """What must change for `known` to hold exactly `items`: first what was written, in the list's order, then what is gone."""
    listed = set()
    for item in items:
        key = key_of(item)
        listed.add(key)
        change = _written(known.get(key), item)
        if change:
            yield change
    for key, old in known.items():
        if key not in listed:
            yield Change(ChangeType.DELETED, old, old)
