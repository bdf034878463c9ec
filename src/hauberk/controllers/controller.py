"""What a controller is: which objects it watches, which keys they concern, and its plan. No I/O."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hauberk.controllers.actions import Action
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.objects import controller_reference
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of

__all__ = ["Controller", "Plan", "Watch", "controller_of_kind", "itself"]

Plan = Callable[[Cluster, Key, datetime], Sequence[Action]]
"""(what was observed, what it is about, now) -> what to do."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Objects of `kind` concern the keys that `keys` answers; of a changed object, the old and the new value are asked."""

    kind: Kind
    keys: Callable[[Manifest, Cluster], Iterable[Key]]


@dataclass(frozen=True, slots=True)
class Controller:
    """`name` is in logs and in the `source.component` of events."""

    name: str
    watches: tuple[Watch, ...]
    plan: Plan


def itself(obj: Manifest, _cluster: Cluster) -> tuple[Key, ...]:
    """The object's own key."""
    return (Key(namespace_of(obj), name_of(obj)),)


def controller_of_kind(kind: Kind) -> Callable[[Manifest, Cluster], tuple[Key, ...]]:
    """The key of the object's controlling owner, where that is of this kind."""

    def keys(obj: Manifest, _cluster: Cluster) -> tuple[Key, ...]:
        reference = controller_reference(obj)
        if reference is None or reference["kind"] != kind.kind:
            return ()
        return (Key(namespace_of(obj) if kind.namespaced else "", reference["name"]),)

    return keys
