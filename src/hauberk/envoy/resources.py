"""ProxyResources: what one Envoy is to have, made of layers that many Envoys share.

A resource is built and serialised once and the same bytes go to every proxy that needs it. What a namespace's clients see alike
(outbound clusters, load assignments, service listeners, routes) is one layer a namespace; what is a proxy's own (its inbound
side, a router's listeners) is a second, small one, itself shared by workloads of one shape. An update rebuilds what `Affected`
names, and keeps the old object where the new bytes are equal.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from typing import TypeVar
from weakref import WeakValueDictionary

from hauberk.envoy import messages as m

__all__ = ["Builder", "Diff", "DiffMemo", "Layer", "Layers", "ProxyResources", "Resource", "attempt", "diff", "make_resource"]

_VERSION_BYTES = 8
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Resource:
    """One resource, ready to send. Equal content has an equal `version`, in any process."""

    type_url: str
    name: str
    version: str
    body: bytes = field(repr=False)
    """The message's bytes: the value of an Any with this type URL."""
    encoded: bytes = field(repr=False)
    """A serialised envoy.service.discovery.v3.Resource (name, version, resource): an element of a DeltaDiscoveryResponse's resources."""


def make_resource(type_url: str, name: str, message: m.Message) -> Resource:
    """Serialise `message` as the resource `name`."""
    body = m.serialise(message)
    version = blake2b(body, digest_size=_VERSION_BYTES).hexdigest()
    wrapped = m.DiscoveryResource(name=name, version=version, resource=m.Any(type_url=type_url, value=body))
    return Resource(type_url, name, version, body, m.serialise(wrapped))


Layer = Mapping[str, Resource]
"""Resources of one type by name. Never changed after it was handed out."""
Layers = Mapping[str, Layer]
"""By type URL."""


def attempt(failures: dict[str, str], what: str, build: Callable[[], _T], otherwise: _T) -> _T:
    """What `build` makes; where it raises, `otherwise`, with the error in `failures` until it succeeds.

    One object must not end discovery for all proxies of a mesh.
    """
    try:
        built = build()
    except Exception as error:  # a fault of ours, since validation lets nothing through that cannot be built
        failures[what] = repr(error)
        return otherwise
    failures.pop(what, None)
    return built


class Builder:
    """Builds a resource at most once while anybody holds it: keyed by what it is made of."""

    def __init__(self) -> None:
        self._built: WeakValueDictionary[Hashable, Resource] = WeakValueDictionary()

    def resource(self, type_url: str, key: Hashable, name: str, build: Callable[[], m.Message]) -> Resource:
        """The resource `name` that `build` makes; `key` must tell apart everything that `build` depends on."""
        known = self._built.get((type_url, key))
        if known is None:
            known = make_resource(type_url, name, build())
            self._built[type_url, key] = known
        return known


@dataclass(frozen=True, slots=True, eq=False)
class ProxyResources:
    """All resources of one proxy: the namespace's shared ones and its own; no name is in both."""

    shared: Layers
    own: Layers

    def layers(self, type_url: str) -> tuple[Layer, ...]:
        """The layers of one type."""
        return (self.shared.get(type_url, {}), self.own.get(type_url, {}))

    def get(self, type_url: str, name: str) -> Resource | None:
        """The resource called `name`."""
        return next((layer[name] for layer in self.layers(type_url) if name in layer), None)

    def names(self, type_url: str) -> Iterator[str]:
        """The names of one type."""
        return chain.from_iterable(self.layers(type_url))

    def identity(self, type_url: str) -> tuple[int, int]:
        """Equal for two proxies, both still held by somebody, only where they have the same layers of this type."""
        shared, own = self.layers(type_url)
        return (id(shared) if shared else 0, id(own) if own else 0)

    def all(self, type_url: str) -> dict[str, Resource]:
        """One type in one dictionary: for tests and dumps, since it copies."""
        return {name: resource for layer in self.layers(type_url) for name, resource in layer.items()}


@dataclass(frozen=True, slots=True)
class Diff:
    """What a proxy that has the old resources needs to have the new ones."""

    changed: tuple[Resource, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to send."""
        return bool(self.changed or self.removed)


def diff(old: ProxyResources | None, new: ProxyResources, type_url: str, memo: "DiffMemo | None" = None) -> Diff:
    """The difference in one type. Layers that are the same object are not looked into, so unchanged types cost nothing."""
    before = old.layers(type_url) if old is not None else ({}, {})
    compare = memo.compare if memo is not None else _compare
    parts = [compare(old_layer, new_layer) for old_layer, new_layer in zip(before, new.layers(type_url), strict=True)]
    found = [part for part in parts if part]
    if len(found) == 1:
        return found[0]
    return Diff(tuple(chain.from_iterable(part.changed for part in found)), tuple(chain.from_iterable(part.removed for part in found)))


class DiffMemo:
    """Remembers differences between layers, which many proxies ask for alike after one update."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Layer, Layer, Diff]] = {}

    def compare(self, old: Layer, new: Layer) -> Diff:
        """The difference between two layers."""
        if not old or old is new:  # a first configuration is not worth remembering: it holds everything
            return _compare(old, new)
        key = (id(old), id(new))
        known = self._known.get(key)
        if known is None:
            # The layers are kept beside the answer, so that their ids stay theirs.
            known = self._known[key] = (old, new, _compare(old, new))
        return known[2]

    def clear(self) -> None:
        """Forget, and let go of the layers."""
        self._known.clear()


_NOTHING = Diff()


def _compare(old: Layer, new: Layer) -> Diff:
    if old is new:
        return _NOTHING
    changed = tuple(_changed(old, new))
    removed = tuple(name for name in old if name not in new)
    return Diff(changed, removed) if changed or removed else _NOTHING


def _changed(old: Layer, new: Layer) -> Iterable[Resource]:
    for name, resource in new.items():
        known = old.get(name)
        if known is not resource and (known is None or known.version != resource.version):
            yield resource
