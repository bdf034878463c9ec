"""Changes on their way to the disk: each gets its revision at once, in order, and is checked against those before it.

No I/O. The ledger is ahead of `State` by what the writer has not yet made durable. Writers look at the ledger, so that two
writes in a row agree; readers look at the state, so that nobody sees what a crash could take back.
"""

from collections.abc import Callable, Sequence

import orjson

from hauberk.store.revisions import Change, Entry, Key, Operation, Record, Value
from hauberk.store.state import State

__all__ = ["Conflict", "Ledger", "Stamp"]

Stamp = Callable[[Value, int], Value]
"""Writes a revision into a value (`metadata.resourceVersion`); must answer a new value and leave the given one alone."""


class Conflict(Exception):
    """Somebody else was first: `key` is at revision `actual`, not at the one expected (0: it is not there)."""

    def __init__(self, key: Key, expected: int, actual: int) -> None:
        super().__init__(f"{'/'.join(filter(None, key))} is at revision {actual}, not at {expected}")
        self.key = key
        self.expected = expected
        self.actual = actual


class Ledger:
    """Gives out revisions above those of `state`."""

    def __init__(self, state: State, stamp: Stamp) -> None:
        self._state = state
        self._stamp = stamp
        self._pending: dict[Key, Record] = {}
        self._revision = state.revision

    def get(self, key: Key) -> Entry | None:
        """The object at `key` after all changes so far, durable or not."""
        record = self._pending.get(key)
        if record is None:
            return self._state.get(key)
        return None if record.operation is Operation.DELETED else record.entry

    def entries(self, resource: str, namespace: str | None = None) -> list[Entry]:
        """The objects of `resource` after all changes so far, in the order of keys."""
        entries = self._state.entries(resource, namespace)
        if not self._pending:
            return entries
        merged: dict[Key, Entry | None] = {entry.key: entry for entry in entries}
        for key, record in self._pending.items():
            if key.resource == resource and namespace in (None, key.namespace):
                merged[key] = None if record.operation is Operation.DELETED else record.entry
        return [entry for _, entry in sorted(merged.items()) if entry is not None]

    def record(self, changes: Sequence[Change]) -> list[Record]:
        """The records that `changes` make, each with its revision; all or none.

        Raises: Conflict - a change expects another revision than the key is at.
        """
        for change in changes:
            actual = self._revision_of(change.key)
            if actual != change.expected:
                raise Conflict(change.key, change.expected, actual)
        return [self._record(change) for change in changes]

    def settle(self, records: Sequence[Record]) -> None:
        """`records` are durable and in the state: forget them here, unless a later change of the key is under way."""
        for record in records:
            if self._pending.get(record.key) is record:
                del self._pending[record.key]

    def reset(self) -> None:
        """The log refused what was under way: go back to what is durable. The revisions given out are given out again."""
        self._pending.clear()
        self._revision = self._state.revision

    def _revision_of(self, key: Key) -> int:
        entry = self.get(key)
        return entry.revision if entry else 0

    def _record(self, change: Change) -> Record:
        previous = self.get(change.key)
        self._revision += 1
        if change.value is not None:
            operation, value = (Operation.MODIFIED if previous else Operation.ADDED), change.value
        else:
            last = change.last or (previous.value if previous else {})
            operation, value = Operation.DELETED, last
        stamped = self._stamp(value, self._revision)
        record = Record(operation, Entry(change.key, self._revision, stamped, orjson.dumps(stamped)), previous)
        self._pending[change.key] = record
        return record
