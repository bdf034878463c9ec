"""Garbage collection as a plan: which objects go, or lose a finalizer or an owner, because of what happened to others.

No I/O. `Graph` knows who owns whom; `plan_*` functions answer actions for one object at a time, so that the work follows the
change. Source: kubernetes/pkg/controller/garbagecollector, kubernetes/pkg/controller/namespace.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hauberk.apiserver.metadata import parse_timestamp
from hauberk.apiserver.verbs.delete import FOREGROUND, ORPHAN
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Key, Operation, Record, Value

__all__ = ["Action", "Delete", "DropFinalizer", "DropOwners", "FinalizeNamespace", "Graph", "is_stale_event", "plan"]

_NAMESPACES = "namespaces"
_EVENT_LIFETIME = timedelta(hours=1)
"""As upstream's `--event-ttl`."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the object `key` if it still has `uid`; in the foreground where its own dependents must go first."""

    key: Key
    uid: str
    foreground: bool = False


@dataclass(frozen=True, slots=True)
class DropOwners:
    """Take the owner references to `owners` (uids) out of the object `key`."""

    key: Key
    uid: str
    owners: frozenset[str]


@dataclass(frozen=True, slots=True)
class DropFinalizer:
    """Take one of the collector's own finalizers out of the object `key`."""

    key: Key
    uid: str
    finalizer: str


@dataclass(frozen=True, slots=True)
class FinalizeNamespace:
    """Let the empty namespace `name` go."""

    name: str
    uid: str


Action = Delete | DropOwners | DropFinalizer | FinalizeNamespace


@dataclass(frozen=True, slots=True)
class _Owner:
    uid: str
    blocks: bool


class Graph:
    """Owners and dependents by uid, and the objects of each namespace; kept up to date by `apply`."""

    def __init__(self, objects: Iterable[tuple[Key, Value]]) -> None:
        self._objects: dict[str, tuple[Key, Value]] = {}
        self._dependents: dict[str, set[str]] = defaultdict(set)
        self._content: dict[str, set[str]] = defaultdict(set)
        self._namespaces: dict[str, Value] = {}
        for key, value in objects:
            self._add(key, value)

    def apply(self, record: Record) -> None:
        """Take in what happened to one object."""
        if record.previous is not None:
            self._remove(record.key, record.previous.value)
        if record.operation is Operation.DELETED:
            self._remove(record.key, record.entry.value)
        else:
            self._add(record.key, record.entry.value)

    def get(self, uid: str) -> tuple[Key, Value] | None:
        """The object with `uid`, None where there is none (any more)."""
        return self._objects.get(uid)

    def dependents(self, uid: str) -> list[tuple[Key, Value]]:
        """The objects that name `uid` as an owner."""
        return sorted((self._objects[dependent] for dependent in self._dependents.get(uid, ())), key=lambda item: item[0])

    def in_namespace(self, namespace: str) -> list[tuple[Key, Value]]:
        """The objects of a namespace."""
        return sorted((self._objects[uid] for uid in self._content.get(namespace, ())), key=lambda item: item[0])

    def namespace(self, name: str) -> Value | None:
        """The Namespace object called `name`."""
        return self._namespaces.get(name)

    def _add(self, key: Key, value: Value) -> None:
        uid = value["metadata"]["uid"]
        self._objects[uid] = (key, value)
        for owner in _owners(value):
            self._dependents[owner.uid].add(uid)
        if key.namespace:
            self._content[key.namespace].add(uid)
        elif key.resource == _NAMESPACES:
            self._namespaces[key.name] = value

    def _remove(self, key: Key, value: Value) -> None:
        uid = value["metadata"]["uid"]
        self._objects.pop(uid, None)
        for owner in _owners(value):
            self._dependents[owner.uid].discard(uid)
        self._content[key.namespace].discard(uid)
        if key.resource == _NAMESPACES:
            self._namespaces.pop(key.name, None)


def plan(graph: Graph, record: Record) -> list[Action]:
    """What follows from `record`, which the graph has taken in already."""
    actions: list[Action] = []
    uid = record.entry.value["metadata"]["uid"]
    if record.operation is Operation.DELETED:
        for key, value in graph.dependents(uid):
            actions += _plan_dependent(graph, key, value)
        actions += _plan_owners_of(graph, record.entry.value)
        actions += _plan_namespace(graph, record.key.namespace)
    else:
        value = record.entry.value
        actions += _plan_dependent(graph, record.key, value)
        if value["metadata"].get("deletionTimestamp"):
            actions += _plan_deletion(graph, record.key, value)
        actions += _plan_owners_of(graph, value if record.previous is None else record.previous.value)
        actions += _plan_namespace(graph, record.key.name if record.key.resource == _NAMESPACES else record.key.namespace)
    return list(dict.fromkeys(actions))


def is_stale_event(event: Manifest, *, now: datetime) -> bool:
    """Whether an Event was last heard of more than an hour ago."""
    for moment in (event.get("lastTimestamp"), event.get("eventTime"), event["metadata"].get("creationTimestamp")):
        if moment:
            try:
                return now - parse_timestamp(str(moment)) > _EVENT_LIFETIME
            except (ValueError, TypeError):  # not a time, or one without a zone: go on to what the server itself wrote
                continue
    return False


def _plan_dependent(graph: Graph, key: Key, value: Value) -> Iterator[Action]:
    """An object whose owners are all gone goes; one that has lost some of them forgets those."""
    owners = list(_owners(value))
    if not owners or value["metadata"].get("deletionTimestamp"):
        return
    uid = value["metadata"]["uid"]
    gone = frozenset(owner.uid for owner in owners if graph.get(owner.uid) is None)
    waiting = [owner for owner in owners if _is_waiting_for_dependents(graph, owner.uid)]
    if len(gone) == len(owners):
        yield Delete(key, uid)
    elif len(gone) + len(waiting) == len(owners):
        # every owner that is left waits for its dependents to go first
        yield Delete(key, uid, foreground=bool(graph.dependents(uid)))
    elif gone:
        yield DropOwners(key, uid, gone)


def _plan_deletion(graph: Graph, key: Key, value: Value) -> Iterator[Action]:
    """An owner that is going away and has one of our finalizers."""
    finalizers, uid = value["metadata"].get("finalizers", []), value["metadata"]["uid"]
    if FOREGROUND in finalizers:
        for dependent_key, dependent in graph.dependents(uid):
            yield from _plan_dependent(graph, dependent_key, dependent)
        if not any(_blocks(dependent, uid) for _, dependent in graph.dependents(uid)):
            yield DropFinalizer(key, uid, FOREGROUND)
    elif ORPHAN in finalizers:
        for dependent_key, dependent in graph.dependents(uid):
            yield DropOwners(dependent_key, dependent["metadata"]["uid"], frozenset([uid]))
        if not graph.dependents(uid):
            yield DropFinalizer(key, uid, ORPHAN)


def _plan_owners_of(graph: Graph, value: Value) -> Iterator[Action]:
    """The owners of an object that went, or no longer names them, may have waited for it."""
    for owner in _owners(value):
        found = graph.get(owner.uid)
        if found and found[1]["metadata"].get("deletionTimestamp"):
            yield from _plan_deletion(graph, *found)


def _plan_namespace(graph: Graph, name: str) -> Iterator[Action]:
    """A namespace that is going away is emptied, then let go."""
    namespace = graph.namespace(name) if name else None
    if namespace is None or not namespace["metadata"].get("deletionTimestamp"):
        return
    content = graph.in_namespace(name)
    for key, value in content:
        if not value["metadata"].get("deletionTimestamp"):
            yield Delete(key, value["metadata"]["uid"])
    if not content:
        yield FinalizeNamespace(name, namespace["metadata"]["uid"])


def _owners(value: Value) -> Sequence[_Owner]:
    references = value["metadata"].get("ownerReferences", ())
    return [_Owner(reference["uid"], bool(reference.get("blockOwnerDeletion"))) for reference in references]


def _blocks(value: Value, owner: str) -> bool:
    return any(reference.uid == owner and reference.blocks for reference in _owners(value))


def _is_waiting_for_dependents(graph: Graph, uid: str) -> bool:
    found = graph.get(uid)
    if found is None:
        return False
    metadata = found[1]["metadata"]
    return bool(metadata.get("deletionTimestamp")) and FOREGROUND in metadata.get("finalizers", [])
