"""Discovery of one mesh: who is connected, what each proxy has, and what a change means for whom.

Pure: the edge hands in requests and changes with the time, and sends what comes back. Resources are shared between proxies
(`hauberk.envoy.resources`), so a change costs a comparison of a few references per proxy and work only where they differ.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType

from hauberk import names
from hauberk.envoy.mesh_resources import MeshResources
from hauberk.envoy.resources import ProxyResources
from hauberk.envoy.virtual_hosts import WholeRoutes
from hauberk.errors import ConfigError, PeerError
from hauberk.model.mesh import MeshSettings
from hauberk.model.proxy import Proxy, parse_node_id
from hauberk.view.apply import apply
from hauberk.view.changes import Change
from hauberk.view.mesh_view import MeshView, empty_view
from hauberk.xds.delta import Changed, Effect, Request, Send, Stream, step
from hauberk.xds.ledger import ProxyLedger
from hauberk.xds.plan import PlanMemo, Resources

__all__ = ["ConnectionKey", "Converged", "Discovery", "NotYetKnown", "Outcome", "ProxyRefused"]

ConnectionKey = NewType("ConnectionKey", int)

_TYPES = (
    names.TYPE_CLUSTER,
    names.TYPE_ENDPOINT,
    names.TYPE_LISTENER,
    names.TYPE_ROUTE,
    names.TYPE_VIRTUAL_HOST,
    names.TYPE_SECRET,
)


class ProxyRefused(PeerError):
    """A proxy may not have what it asks for; the message says why, for its log and ours."""


class NotYetKnown(ProxyRefused):
    """The view holds no such pod: perhaps it will in a moment, since Envoy may start before the news of its pod is here."""


@dataclass(frozen=True, slots=True)
class Converged:
    """Every proxy that a change touched has answered; `took` counts from the first change that was not yet answered."""

    took: timedelta
    proxies: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do: effects for each connection in order, and the news that all is settled again."""

    effects: Mapping[ConnectionKey, tuple[Effect, ...]] = field(default_factory=dict)
    converged: Converged | None = None


@dataclass(slots=True)
class _Connection:
    proxy: Proxy
    resources: ProxyResources
    ledger: ProxyLedger
    whole_routes: bool = False
    stream: Stream = field(default_factory=Stream)
    shown: Resources = field(init=False)
    """`resources` as this client can take them."""

    def __post_init__(self) -> None:
        self.show()

    def show(self) -> None:
        """Follow `resources`."""
        self.shown = WholeRoutes(self.resources) if self.whole_routes else self.resources


@dataclass(slots=True)
class _Push:
    """The changes that are under way: since when, who was touched, who has not answered."""

    since: datetime
    touched: set[ConnectionKey] = field(default_factory=set)
    waiting: set[ConnectionKey] = field(default_factory=set)


class Discovery:
    """The discovery of one mesh.

    Not thread safe. `now` and `since` are times of one clock.
    """

    def __init__(self, settings: MeshSettings) -> None:
        self._view = empty_view(settings)
        self._resources = MeshResources(self._view)
        self._memo = PlanMemo()
        self._differences: dict[tuple[int, int, int, int], tuple[Mapping[str, frozenset[str]], ProxyResources, ProxyResources]] = {}
        self._connections: dict[ConnectionKey, _Connection] = {}
        self._push: _Push | None = None
        self._version = 0
        self._last_key = 0

    @property
    def view(self) -> MeshView:
        """The mesh as it is now."""
        return self._view

    @property
    def version(self) -> str:
        """Number of the view's state, from 1 on: each change that a proxy could see counts."""
        return str(self._version)

    @property
    def failures(self) -> Mapping[str, str]:
        """What could not be built and so stays as it was, with the error."""
        return self._resources.failures

    def connect(self, node_id: str, identity: str, *, now: datetime, whole_routes: bool = False) -> ConnectionKey:
        """Let a proxy in that calls itself `node_id` and proved to be `identity` (a SPIFFE ID).

        `whole_routes`: it cannot take virtual hosts as resources of their own.
        Raises: NotYetKnown for a pod that is not in the view, ProxyRefused where the pod is another identity's.
        """
        try:
            claim = parse_node_id(node_id)
        except ConfigError as error:
            raise ProxyRefused(str(error)) from error
        workload = self._view.workload(claim.namespace, claim.name)
        if workload is None:
            mesh = f"{self._view.settings.root_namespace}/{self._view.settings.name}"
            raise NotYetKnown(f"No pod {claim.namespace}/{claim.name} with an address is in the mesh {mesh}.")
        # A certificate from before a change of the trust domain is the pod's own still, until it is renewed.
        expected = [str(workload.identity(domain)) for domain in self._view.settings.trust_domains]
        if identity not in expected:
            raise ProxyRefused(f'Pod {claim.namespace}/{claim.name} is {" or ".join(expected)}, but the certificate is for "{identity}".')
        self._last_key += 1
        key = ConnectionKey(self._last_key)
        proxy = Proxy.of(claim.kind, workload)
        ledger = ProxyLedger(node_id, identity, connected_at=now)
        self._connections[key] = _Connection(proxy, self._resources.for_proxy(proxy), ledger, whole_routes)
        return key

    def disconnect(self, key: ConnectionKey, *, now: datetime) -> Outcome:
        """Forget a connection; nobody waits for its answers any more."""
        del self._connections[key]
        return Outcome(converged=self._settle(key, now=now))

    def receive(self, key: ConnectionKey, request: Request, *, now: datetime) -> Outcome:
        """What a request of a connected proxy leads to."""
        connection = self._connections[key]
        connection.stream, effects = step(connection.stream, request, connection.shown, self._memo)
        self._record(connection, effects, now)
        converged = self._settle(key, now=now) if connection.stream.settled else None
        return Outcome({key: effects}, converged)

    def change(self, changes: Iterable[Change], *, since: datetime, now: datetime) -> Outcome:
        """What changes of the mesh's objects lead to; `since` is when the first of them became known."""
        self._view, affected = apply(self._view, changes)
        if not affected:
            return Outcome()
        self._version += 1
        self._resources.update(self._view, affected)
        self._memo.clear()
        outgoing: dict[ConnectionKey, tuple[Effect, ...]] = {}
        for key, connection in self._connections.items():
            changed = self._refresh(connection)
            if not changed:
                continue
            connection.stream, effects = step(connection.stream, Changed(changed), connection.shown, self._memo)
            self._record(connection, effects, now)
            if effects:
                outgoing[key] = effects
            if not connection.stream.settled:
                self._await(key, since)
        self._differences.clear()
        return Outcome(outgoing)

    def status(self) -> list[dict[str, object]]:
        """Each connected proxy's record, as JSON values."""
        return [connection.ledger.to_dict() for connection in self._connections.values()]

    def _refresh(self, connection: _Connection) -> Mapping[str, frozenset[str]]:
        """Give the connection its resources of now; answers the names that differ, by type."""
        workload = self._view.workload(connection.proxy.namespace, connection.proxy.name)
        if workload is None or workload.service_account != connection.proxy.service_account:
            return {}  # the pod ends, or another took its name: its Envoy keeps what it has until it goes too
        connection.proxy = Proxy.of(connection.proxy.kind, workload)
        before, connection.resources = connection.resources, self._resources.for_proxy(connection.proxy)
        changed = self._difference(before, connection.resources)
        connection.show()
        if not connection.whole_routes or not changed:
            return changed
        routes = {name.partition("/")[0] for name in changed.get(names.TYPE_VIRTUAL_HOST, ())}
        return {**changed, names.TYPE_ROUTE: changed.get(names.TYPE_ROUTE, frozenset()) | routes}

    def _difference(self, before: ProxyResources, after: ProxyResources) -> Mapping[str, frozenset[str]]:
        """The names that differ, by type; worked out once for proxies that had the same and are to have the same."""
        key = (id(before.shared), id(before.own), id(after.shared), id(after.own))
        known = self._differences.get(key)
        if known is None:
            changed: dict[str, frozenset[str]] = {}
            for type_url in _TYPES:
                difference = self._resources.diff(before, after, type_url)
                if difference:
                    changed[type_url] = frozenset((*(resource.name for resource in difference.changed), *difference.removed))
            # Both are kept beside the answer, so that their ids stay theirs.
            known = self._differences[key] = (changed, before, after)
        return known[0]

    def _record(self, connection: _Connection, effects: tuple[Effect, ...], now: datetime) -> None:
        for effect in effects:
            connection.ledger.record(effect, version=self.version, now=now)

    def _await(self, key: ConnectionKey, since: datetime) -> None:
        if self._push is None:
            self._push = _Push(since)
        self._push.touched.add(key)
        self._push.waiting.add(key)

    def _settle(self, key: ConnectionKey, *, now: datetime) -> Converged | None:
        push = self._push
        if push is None or key not in push.waiting:
            return None
        push.waiting.discard(key)
        if push.waiting:
            return None
        self._push = None
        return Converged(now - push.since, len(push.touched))


def sends_of(effects: Iterable[Effect]) -> list[Send]:
    """The responses among effects, in order."""
    return [effect for effect in effects if isinstance(effect, Send)]
