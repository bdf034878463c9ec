"""A revision log in memory: the twin of `sqlite` for tests, and for an API server that need not outlive its process.

No I/O.
"""

from collections.abc import Sequence

from hauberk.store.revisions import Entry, Key, Loaded, Operation, Record

__all__ = ["MemoryLog"]


class MemoryLog:
    """Implements `RevisionLog`."""

    def __init__(self) -> None:
        self._current: dict[Key, Entry] = {}
        self._records: list[Record] = []
        self._compacted = 0
        self._revision = 0
        self._open = True

    def load(self) -> Loaded:
        """As `RevisionLog.load`."""
        self._check_open()
        return Loaded(
            entries=[self._current[key] for key in sorted(self._current)],
            records=list(self._records),
            compacted=self._compacted,
            revision=self._revision,
        )

    def append(self, records: Sequence[Record]) -> None:
        """As `RevisionLog.append`."""
        self._check_open()
        for record in records:
            if record.operation is Operation.DELETED:
                self._current.pop(record.key, None)
            else:
                self._current[record.key] = record.entry
            self._revision = record.revision
        self._records.extend(records)

    def compact(self, revision: int) -> None:
        """As `RevisionLog.compact`."""
        self._check_open()
        self._compacted = max(self._compacted, revision)
        self._records = [record for record in self._records if record.revision > revision]

    def close(self) -> None:
        """As `RevisionLog.close`."""
        self._open = False

    def _check_open(self) -> None:
        if not self._open:
            raise OSError("this log is closed")
