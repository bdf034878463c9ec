"""The objects that controllers see: a copy of the API's, indexed by namespace and owner.

It is fed from two sides: by the informers, and by the answers to our own writes, so that the next plan sees what the last
one did. Whichever comes later brings an older revision, which is not taken. No I/O.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from hauberk.controllers.objects import controller_uid, is_terminating, owner_uids
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of, uid_of

__all__ = ["Cluster", "Key"]


class Key(NamedTuple):
    """What a plan is about; `namespace` is empty for kinds without one."""

    namespace: str
    name: str


_KindName = tuple[str, str]
_Known = tuple[Kind, Manifest]
_REMEMBERED_UIDS = 4096
"""An answer is late by one request at most, so that this is plenty."""


class Cluster:
    """Objects by kind, namespace and name; manifests in it are shared and must not be changed."""

    def __init__(self) -> None:
        self._objects: defaultdict[_KindName, defaultdict[str, dict[str, Manifest]]] = defaultdict(lambda: defaultdict(dict))
        self._owned: defaultdict[str, dict[tuple[_KindName, Key], _Known]] = defaultdict(dict)
        self._deleted: set[str] = set()
        self._gone: dict[str, None] = {}

    @classmethod
    def of(cls, objects: Iterable[tuple[Kind, Manifest]]) -> Self:
        """A cluster of these objects."""
        cluster = cls()
        for kind, obj in objects:
            cluster.apply(kind, obj)
        return cluster

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        """One object, or None."""
        by_namespace = self._objects.get((kind.group, kind.plural))
        return by_namespace[namespace].get(name) if by_namespace and namespace in by_namespace else None

    def list(self, kind: Kind, namespace: str | None = None) -> Sequence[Manifest]:
        """All objects of a kind, in one namespace or (None) in all, in no particular order."""
        by_namespace: dict[str, dict[str, Manifest]] = self._objects.get((kind.group, kind.plural), defaultdict(dict))
        if namespace is not None:
            return list(by_namespace.get(namespace, {}).values())
        return [obj for objects in by_namespace.values() for obj in objects.values()]

    def controlled(self, kind: Kind, owner_uid: str) -> Sequence[Manifest]:
        """The objects of a kind whose controlling owner has this uid."""
        return [obj for of, obj in self.owned(owner_uid) if of == kind and controller_uid(obj) == owner_uid]

    def owned(self, owner_uid: str) -> Sequence[_Known]:
        """All objects, with their kinds, that name this uid among their owners."""
        return list(self._owned.get(owner_uid, {}).values())

    def apply(self, kind: Kind, obj: Manifest) -> bool:
        """Take a newer state of an object; False where what we have is as new, or where we deleted it ourselves."""
        uid = uid_of(obj)
        # A terminating object is let through: its grace period and finalizers still concern somebody.
        if uid in self._gone or (uid in self._deleted and not is_terminating(obj)):
            return False
        known = self.get(kind, namespace_of(obj), name_of(obj))
        if known is not None:
            # Also where they are equal: our own write comes back as a watch event.
            if _revision(known) >= _revision(obj) > 0:
                return False
            self._forget(kind, known)
        kind_name, key = (kind.group, kind.plural), Key(namespace_of(obj), name_of(obj))
        self._objects[kind_name][key.namespace][key.name] = obj
        for owner in owner_uids(obj):
            self._owned[owner][kind_name, key] = (kind, obj)
        return True

    def remove(self, kind: Kind, obj: Manifest) -> None:
        """The API says that this object is gone; answers to writes from before may still come, and are not taken."""
        uid = uid_of(obj)
        self._deleted.discard(uid)
        if uid:
            self._gone[uid] = None
        if len(self._gone) > _REMEMBERED_UIDS:
            del self._gone[next(iter(self._gone))]
        known = self.get(kind, namespace_of(obj), name_of(obj))
        # Another uid is a successor of the same name, of which we heard first by the answer to our own write.
        if known is not None and uid_of(known) == uid:
            self._forget(kind, known)

    def deleted(self, kind: Kind, key: Key, uid: str) -> None:
        """We asked for this object's deletion; what the informer still says about its life before that is late news."""
        known = self.get(kind, *key)
        if known is not None and uid_of(known) == uid and not is_terminating(known):
            self._deleted.add(uid)
            self._forget(kind, known)

    def _forget(self, kind: Kind, obj: Manifest) -> None:
        kind_name, key = (kind.group, kind.plural), Key(namespace_of(obj), name_of(obj))
        del self._objects[kind_name][key.namespace][key.name]
        for owner in owner_uids(obj):
            owned = self._owned[owner]
            owned.pop((kind_name, key), None)
            if not owned:  # the index must not grow with every ReplicaSet that ever was
                del self._owned[owner]


def _revision(obj: Manifest) -> int:
    # Comparable integers in every API server that matters (KEP-5504); 0 (unit tests) means "unknown, take it".
    revision = obj["metadata"].get("resourceVersion", "")
    return int(revision) if revision.isdecimal() else 0
