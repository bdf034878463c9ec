"""The objects as they are, by resource, and the window of records from which watches and old lists are answered.

No I/O. All lists are in the order of keys: by namespace, then name.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hauberk.store.revisions import Entry, Key, Loaded, Operation, Record

__all__ = ["Compacted", "Future", "State"]


class Compacted(Exception):
    """The revision asked for is older than what is kept; `oldest` is the oldest that can still be answered."""

    def __init__(self, revision: int, oldest: int) -> None:
        super().__init__(f"revision {revision} is compacted, the oldest kept is {oldest}")
        self.revision = revision
        self.oldest = oldest


class Future(Exception):
    """The revision asked for has not been given out yet."""

    def __init__(self, revision: int, current: int) -> None:
        super().__init__(f"revision {revision} is in the future, the current one is {current}")
        self.revision = revision
        self.current = current


@dataclass(slots=True)
class _Collection:
    """The objects of one resource; `order` is the sorted keys of `entries`."""

    entries: dict[Key, Entry] = field(default_factory=dict)
    order: list[Key] = field(default_factory=list)

    def put(self, entry: Entry) -> None:
        if entry.key not in self.entries:
            insort(self.order, entry.key)
        self.entries[entry.key] = entry

    def remove(self, key: Key) -> None:
        if self.entries.pop(key, None) is not None:
            del self.order[bisect_left(self.order, key)]


class State:
    """Current objects and the records after `compacted`; starts from what a log has `loaded`."""

    def __init__(self, loaded: Loaded) -> None:
        self.revision = loaded.revision
        self.compacted = loaded.compacted
        self._collections: dict[str, _Collection] = {}
        self._records: list[Record] = list(loaded.records)
        for entry in loaded.entries:
            self._collection(entry.key.resource).put(entry)

    def get(self, key: Key) -> Entry | None:
        """The object at `key`, None where there is none."""
        collection = self._collections.get(key.resource)
        return collection.entries.get(key) if collection else None

    def resources(self) -> Sequence[str]:
        """The resources that have objects."""
        return [resource for resource, collection in self._collections.items() if collection.order]

    def entries(self, resource: str, namespace: str | None = None) -> list[Entry]:
        """The objects of `resource`, of one namespace or (None) of all."""
        collection = self._collections.get(resource)
        if collection is None:
            return []
        order = collection.order
        if namespace is not None:
            start = bisect_left(order, Key(resource, namespace, ""))
            stop = bisect_left(order, Key(resource, namespace + "\0", ""))
            order = order[start:stop]
        return [collection.entries[key] for key in order]

    def entries_at(self, resource: str, revision: int, namespace: str | None = None) -> list[Entry]:
        """As `entries`, but as it was at `revision`: the records after it are undone, newest first.

        Raises: Compacted, Future.
        """
        self.check(revision)
        entries: dict[Key, Entry | None] = {entry.key: entry for entry in self.entries(resource, namespace)}
        for record in reversed(self._after(revision)):
            if record.key.resource == resource and namespace in (None, record.key.namespace):
                entries[record.key] = record.previous
        return [entry for _, entry in sorted(entries.items()) if entry is not None]

    def since(self, resource: str, revision: int) -> list[Record]:
        """The records of `resource` after `revision`, oldest first.

        Raises: Compacted, Future.
        """
        self.check(revision)
        return [record for record in self._after(revision) if record.key.resource == resource]

    def check(self, revision: int) -> None:
        """Whether the past from `revision` on can be answered.

        Raises: Compacted, Future.
        """
        if revision < self.compacted:
            raise Compacted(revision, self.compacted)
        if revision > self.revision:
            raise Future(revision, self.revision)

    def apply(self, records: Iterable[Record]) -> None:
        """Take in `records`, which the log has kept; revisions ascend."""
        for record in records:
            collection = self._collection(record.key.resource)
            if record.operation is Operation.DELETED:
                collection.remove(record.key)
            else:
                collection.put(record.entry)
            self._records.append(record)
            self.revision = record.revision

    def compact(self, revision: int) -> None:
        """Forget the records up to and including `revision`."""
        self._records = list(self._after(revision))
        self.compacted = max(self.compacted, revision)

    @property
    def window(self) -> int:
        """How many records are kept."""
        return len(self._records)

    def oldest_but(self, keep: int) -> int:
        """The revision up to which records can go so that `keep` of them stay."""
        return self._records[-keep - 1].revision if len(self._records) > keep else self.compacted

    def _collection(self, resource: str) -> _Collection:
        return self._collections.setdefault(resource, _Collection())

    def _after(self, revision: int) -> Sequence[Record]:
        return self._records[bisect_right(self._records, revision, key=lambda record: record.revision) :]
