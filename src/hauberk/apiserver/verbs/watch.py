"""GET of a collection with `watch`: the objects as they are, then what happens to them.

`WatchStream` is the stream without its time and its wire: records in, lines of JSON out. The edge (`apiserver.streams`) feeds it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from hauberk.apiserver.api import Api
from hauberk.apiserver.objects import parse_revision
from hauberk.apiserver.request import Call, truthy
from hauberk.apiserver.selectors import Selection
from hauberk.apiserver.status import bad_request, expired
from hauberk.apiserver.verbs.list import selection_of, too_large_revision
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Entry, Operation, Record
from hauberk.store.state import Compacted, Future

__all__ = ["WatchPlan", "WatchStream", "plan_watch"]

_LONGEST_SECONDS = 3600
_INITIAL_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """What a watch is to send. `since` is the revision whose successors come first; `initial` are sent as ADDED before them.

    `refusal` is a Status to send as an ERROR event instead of everything: an expired revision is told inside the stream.
    """

    selection: Selection
    since: int
    initial: Sequence[Entry] = ()
    bookmarks: bool = False
    marks_initial_end: bool = False
    timeout_seconds: int = _LONGEST_SECONDS
    refusal: Manifest | None = None


def plan_watch(api: Api, call: Call) -> WatchPlan:
    """What `call` asks to be sent.

    Raises: ApiError 400.
    """
    selection, query = selection_of(call), call.query
    text = query.get("resourceVersion", "")
    number = parse_revision(text) if text else 0
    if number is None:
        why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f"invalid resource version: {why}")
    bookmarks = truthy(query.get("allowWatchBookmarks"))
    wants_initial = truthy(query.get("sendInitialEvents"))
    since, initial = (number, ()) if number and not wants_initial else (api.store.revision, _initial(api, call, selection))
    return WatchPlan(
        selection,
        since,
        initial,
        bookmarks,
        marks_initial_end=wants_initial and bookmarks,
        timeout_seconds=_timeout(query.get("timeoutSeconds", "")),
        refusal=_refusal(api, since),
    )


Encode = Callable[[Entry], bytes]


@dataclass(slots=True)
class WatchStream:
    """The lines of one watch. `encode` writes an object in the form that was asked for (JSON, Table, ...)."""

    call: Call
    plan: WatchPlan
    encode: Encode
    revision: int = field(init=False)
    """The last revision that the watcher knows of; bookmarks tell it."""

    def __post_init__(self) -> None:
        self.revision = self.plan.since

    def opening(self) -> bytes:
        """What is sent at once: the refusal, or the objects as they are."""
        if self.plan.refusal:
            return _line(b"ERROR", orjson.dumps(self.plan.refusal))
        lines = [_line(b"ADDED", self.encode(entry)) for entry in self.plan.initial]
        if self.plan.marks_initial_end:
            lines.append(self.bookmark(annotations={_INITIAL_END: "true"}))
        return b"".join(lines)

    def lines(self, records: Sequence[Record]) -> bytes:
        """The events that `records` are to this watcher; may be none."""
        out = []
        for record in records:
            event = self._event(record)
            if event:
                out.append(_line(event[0].value.encode(), self.encode(event[1])))
            self.revision = record.revision
        return b"".join(out)

    def bookmark(self, *, annotations: Manifest | None = None) -> bytes:
        """Tell the watcher how far it is, though nothing that it wants has happened."""
        metadata: Manifest = {"resourceVersion": str(self.revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        served = self.call.served
        return _line(b"BOOKMARK", orjson.dumps({"kind": served.kind.kind, "apiVersion": served.api_version, "metadata": metadata}))

    def _event(self, record: Record) -> tuple[Operation, Entry] | None:
        """With a selector, an object that starts to match is ADDED and one that stops is DELETED, whatever happened to it."""
        if self.call.namespace and record.key.namespace != self.call.namespace:
            return None
        selection = self.plan.selection
        if selection.everything:
            return record.operation, record.entry
        matches = record.operation is not Operation.DELETED and selection.matches(record.entry.value)
        matched = record.operation is not Operation.ADDED  # where its past is compacted it is told either way
        if record.previous is not None:
            matched = selection.matches(record.previous.value)
        if matches:
            return (Operation.MODIFIED if matched else Operation.ADDED), record.entry
        return (Operation.DELETED, record.entry) if matched else None


def _initial(api: Api, call: Call, selection: Selection) -> Sequence[Entry]:
    entries = api.store.entries(call.served.resource, call.namespace or None)
    return [entry for entry in entries if selection.everything or selection.matches(entry.value)]


def _timeout(text: str) -> int:
    try:
        seconds = int(text or 0)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error
    return min(seconds, _LONGEST_SECONDS) if seconds > 0 else _LONGEST_SECONDS


def _refusal(api: Api, since: int) -> Manifest | None:
    try:
        api.store.state.check(since)
    except Compacted as error:
        return expired(f"too old resource version: {since} ({error.oldest})").status
    except Future as error:
        return too_large_revision(error).status
    return None


def _line(event: bytes, obj: bytes) -> bytes:
    return b'{"type":"' + event + b'","object":' + obj + b"}\n"
