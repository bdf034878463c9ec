"""What the log holds, and what a log must be able to do.

No I/O. `RevisionLog` is implemented by `memory` and `sqlite`, which pass the same tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

__all__ = ["Change", "Entry", "Key", "Loaded", "Operation", "Record", "RevisionLog", "Value"]

Value = dict[str, Any]
"""An object as a JSON value. Whoever gets one from the store must not change it: it is shared."""


class Key(NamedTuple):
    """Where an object lives; keys sort as lists are answered. `namespace` is empty for cluster-wide objects."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An object at a revision. `data` is its JSON, made once and sent to everyone who asks."""

    key: Key
    revision: int
    value: Value
    data: bytes


class Operation(StrEnum):
    """What a record did to its key; the words are those of a Kubernetes watch."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log, and one event of a watch.

    `entry` is the object after the change; for DELETED, its last state under the revision of the deletion. `previous` is
    the object before: None for ADDED, and where compaction took it.
    """

    operation: Operation
    entry: Entry
    previous: Entry | None = None

    @property
    def revision(self) -> int:
        """The revision that this record made."""
        return self.entry.revision

    @property
    def key(self) -> Key:
        """Whose record this is."""
        return self.entry.key


@dataclass(frozen=True, slots=True)
class Change:
    """What a caller wants written: `value` to put, or None to delete.

    `expected` is the revision that the caller has seen, 0 for "is not there"; a different one refuses the change. A deletion
    may leave a last state in `last`, which watches are told.
    """

    key: Key
    value: Value | None
    expected: int
    last: Value | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a log holds when it is opened: current objects, and the records after `compacted`, oldest first."""

    entries: Sequence[Entry]
    records: Sequence[Record]
    compacted: int
    revision: int
    """The last revision given out; 0 for a new log."""


class RevisionLog(Protocol):
    """Where records are kept. Blocking; called by one thread at a time."""

    def load(self) -> Loaded:
        """Everything that is kept, as of the last `append`."""

    def append(self, records: Sequence[Record]) -> None:
        """Keep `records` (revisions ascending, all above the last) all together; when it returns they survive a crash.

        Raises: OSError or the backend's own error, with nothing kept.
        """

    def compact(self, revision: int) -> None:
        """Forget the records up to and including `revision`; current objects stay."""

    def close(self) -> None:
        """Release what is held; later calls fail."""
