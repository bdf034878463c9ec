"""What one response has to hold, worked out once for all proxies that are at the same point.

A thousand proxies that connect, or that a change touches, mostly have the same past and the same resources, so they share one
plan, and with it the names and versions that are noted as sent to them. That is what keeps a thousand streams small and quick.
Pure; the memo only saves work, an answer never depends on it.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from hauberk import names

__all__ = ["EMPTY_SENT", "Plan", "PlanMemo", "Resource", "Resources", "covered", "expand", "make_plan"]

EMPTY_SENT: Mapping[str, str] = {}
_SETS_KEPT = 512
_PLANS_KEPT = 2048


class Resource(Protocol):
    """A resource as proxies get it; `encoded` is its wire form, the same bytes for all of them.

    `version` is a digest of the content, so that it means the same after a restart of the server.
    """

    @property
    def name(self) -> str:
        """Unique in its type."""

    @property
    def version(self) -> str:
        """Equal for equal content."""

    @property
    def encoded(self) -> bytes:
        """The serialised envoy.service.discovery.v3.Resource."""

    @property
    def body(self) -> bytes:
        """The serialised message itself."""


class Resources(Protocol):
    """What one proxy should have, as it is now."""

    def get(self, type_url: str, name: str) -> Resource | None:
        """The resource, None where the proxy should not have it."""

    def names(self, type_url: str) -> Iterable[str]:
        """All names that a wildcard of this type stands for."""

    def identity(self, type_url: str) -> Hashable:
        """Equal for two proxies (both still held by somebody) only where they have the same resources of this type."""


def covered(type_url: str, asked: frozenset[str], some: Iterable[str]) -> frozenset[str]:
    """Those of `some` names that a subscription to `asked` stands for.

    Virtual hosts are called `<route configuration>/<virtual host>`, and Envoy asks for a route configuration's by its name.
    """
    if type_url != names.TYPE_VIRTUAL_HOST:
        return asked.intersection(some)
    return frozenset(name for name in some if name in asked or name.partition("/")[0] in asked)


def expand(type_url: str, asked: frozenset[str], resources: Resources) -> frozenset[str]:
    """`asked` with the names that are there below it; a route configuration itself is no virtual host, and so not in it."""
    if type_url != names.TYPE_VIRTUAL_HOST:
        return asked
    return frozenset(name for name in asked if "/" in name) | covered(type_url, asked, resources.names(type_url))


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What to write and remove; `kept` are names whose removal must wait; `sent` what the proxy has afterwards."""

    written: tuple[Resource, ...]
    removed: tuple[str, ...]
    kept: frozenset[str]
    sent: Mapping[str, str]
    carried: frozenset[str]
    """Names of what is written."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a subscription stands: the parts that a plan depends on, besides the resources. `sent` counts by identity."""

    type_url: str
    sent: Mapping[str, str]
    pending: frozenset[str]
    forced: frozenset[str]
    removals: bool


def make_plan(at: Position, resources: Resources) -> Plan:
    """The difference between what is there and what was sent, for the names that are pending."""
    written: list[Resource] = []
    removed: list[str] = []
    kept: set[str] = set()
    for name in sorted(at.pending):
        resource = resources.get(at.type_url, name)
        forced = name in at.forced
        if resource is not None:
            if forced or at.sent.get(name) != resource.version:
                written.append(resource)
        elif forced or (at.removals and name in at.sent):
            removed.append(name)
        elif name in at.sent:
            kept.add(name)
    sent = at.sent
    if written or removed:
        sent = {**at.sent, **{resource.name: resource.version for resource in written}}
        for name in removed:
            sent.pop(name, None)
    return Plan(tuple(written), tuple(removed), frozenset(kept), sent, frozenset(resource.name for resource in written))


class PlanMemo:
    """Plans and sets of names that were met since the last change. One thread."""

    def __init__(self) -> None:
        self._plans: dict[Hashable, tuple[Plan, Position, Resources]] = {}
        self._names: dict[frozenset[str], frozenset[str]] = {}
        self._joined: dict[tuple[int, frozenset[str]], tuple[frozenset[str], frozenset[str]]] = {}
        self._versions: dict[frozenset[tuple[str, str]], Mapping[str, str]] = {}
        self._all: dict[Hashable, tuple[frozenset[str], Resources]] = {}

    def plan(self, at: Position, resources: Resources) -> Plan:
        """`make_plan`, once for equal positions and resources."""
        key = (at.type_url, id(at.sent), at.pending, at.forced, at.removals, resources.identity(at.type_url))
        known = self._plans.get(key)
        if known is None:
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.clear()
            # Position and resources are kept beside the plan, so that their ids stay theirs.
            known = self._plans[key] = (make_plan(at, resources), at, resources)
        return known[0]

    def all_names(self, type_url: str, resources: Resources) -> frozenset[str]:
        """The names that a wildcard stands for."""
        key = (type_url, resources.identity(type_url))
        known = self._all.get(key)
        if known is None:
            known = self._all[key] = (frozenset(resources.names(type_url)), resources)
        return known[0]

    def shared_names(self, some: Iterable[str]) -> frozenset[str]:
        """The same set for equal names, so that a thousand proxies that ask alike hold one."""
        fresh = frozenset(some)
        if len(self._names) >= _SETS_KEPT:
            self._names.clear()
        return self._names.setdefault(fresh, fresh)

    def with_names(self, known: frozenset[str], added: frozenset[str]) -> frozenset[str]:
        """`known` and `added` together, put together once for those who hold the same `known`."""
        key = (id(known), added)
        found = self._joined.get(key)
        if found is None:
            if len(self._joined) >= _SETS_KEPT:
                self._joined.clear()
            found = self._joined[key] = (self.shared_names(known | added), known)
        return found[0]

    def shared_versions(self, versions: Mapping[str, str]) -> Mapping[str, str]:
        """The same mapping for equal names and versions."""
        if not versions:
            return EMPTY_SENT
        if len(self._versions) >= _SETS_KEPT:
            self._versions.clear()
        return self._versions.setdefault(frozenset(versions.items()), versions)

    def clear(self) -> None:
        """Forget, when resources have changed. Sets of names stay: they outlive a change."""
        self._plans.clear()
        self._all.clear()
        self._versions.clear()
