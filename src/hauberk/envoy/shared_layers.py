"""What all sidecars of one namespace have in common, kept by host and by port so that an update touches only what it must."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.addresses import ANY_ADDRESS
from hauberk.envoy.network_filters import BLACK_HOLE, PASSTHROUGH
from hauberk.envoy.outbound.cluster_specs import cluster_specs
from hauberk.envoy.outbound.clusters import build_black_hole, build_cluster, build_passthrough
from hauberk.envoy.outbound.endpoints import build_load_assignment, load_assignment_specs
from hauberk.envoy.outbound.listeners import (
    OUTBOUND_LISTENER,
    build_http_listener,
    build_tcp_listener,
    build_virtual_outbound,
    entry_targets,
    tcp_listeners,
)
from hauberk.envoy.outbound.routes import build_route_shell, build_virtual_host
from hauberk.envoy.resources import Builder, Layer, Layers, Resource, attempt
from hauberk.envoy.virtual_hosts import vhds_resource
from hauberk.model.service import PortKind
from hauberk.view.changes import Affected
from hauberk.view.mesh_view import MeshView

__all__ = ["SharedLayers"]

_K = TypeVar("_K", str, int)
_Group = tuple[Resource, ...]
_TAKEN_PORTS = frozenset({names.OUTBOUND_PORT, names.INBOUND_PORT, names.STATUS_PORT, names.PROMETHEUS_PORT})
"""Ports of every sidecar's own listeners. Of two with one address Envoy keeps the first, be it a Service's (Istio, too, leaves it out)."""


class SharedLayers:
    """The outbound side of one client namespace."""

    def __init__(self, namespace: str, view: MeshView, builder: Builder) -> None:
        self._namespace = namespace
        self._builder = builder
        self.failures: dict[str, str] = {}
        """What could not be built and so stays as it was, with the error."""
        self._clusters: _Groups[str] = _Groups()
        self._endpoints: _Groups[str] = _Groups()
        self._listeners: _Groups[int] = _Groups()
        self._routes: _Groups[int] = _Groups()
        self._virtual_hosts: _Groups[str] = _Groups()
        self.update(view, Affected(everything=True))

    @property
    def sidecar(self) -> Layers:
        """For sidecars."""
        return self._sidecar

    @property
    def router(self) -> Layers:
        """For gateways: they call the same clusters, but nothing is redirected to them."""
        return self._router

    def update(self, view: MeshView, affected: Affected) -> None:
        """Follow the view, rebuilding what `affected` names."""
        hosts = self._clusters.keys() | view.services.keys() if affected.everything else affected.clusters
        assigned = self._endpoints.keys() | view.services.keys() if affected.everything else affected.endpoints
        ports = self._all_ports(view) if affected.everything else affected.ports | affected.listeners
        routed = self._virtual_hosts.keys() | view.services.keys() if affected.everything else self._routed(view, affected)
        if affected.everything:
            self._clusters.put("", self._fixed_clusters())
            self._listeners.put(0, self._virtual_outbound(view))
        self._build("clusters", self._clusters, hosts - {""}, lambda host: self._clusters_of(view, host))
        self._build("endpoints", self._endpoints, assigned, lambda host: self._endpoints_of(view, host))
        self._build("listeners", self._listeners, ports - {0}, lambda port: self._listeners_of(view, port))
        self._build("routes", self._routes, ports - {0}, lambda port: self._routes_of(view, port))
        self._build("virtual hosts", self._virtual_hosts, routed, lambda host: self._virtual_hosts_of(view, host))
        self._router = {names.TYPE_CLUSTER: self._clusters.layer, names.TYPE_ENDPOINT: self._endpoints.layer}
        self._sidecar = {
            **self._router,
            names.TYPE_LISTENER: self._listeners.layer,
            names.TYPE_ROUTE: self._routes.layer,
            names.TYPE_VIRTUAL_HOST: self._virtual_hosts.layer,
        }

    def _build(self, what: str, groups: "_Groups[_K]", keys: Iterable[_K], build: Callable[[_K], _Group]) -> None:
        """Groups that cannot be built stay as they are."""

        def attempted(key: _K) -> _Group:
            return attempt(self.failures, f"{what} of {key} for {self._namespace}", lambda: build(key), groups.get(key, ()))

        groups.put_all(keys, attempted)

    def _all_ports(self, view: MeshView) -> set[int]:
        return {port.number for service in view.services.values() for port in service.ports} | self._listeners.keys() | self._routes.keys()

    def _fixed_clusters(self) -> _Group:
        return (
            self._builder.resource(names.TYPE_CLUSTER, PASSTHROUGH, PASSTHROUGH, build_passthrough),
            self._builder.resource(names.TYPE_CLUSTER, BLACK_HOLE, BLACK_HOLE, build_black_hole),
        )

    def _virtual_outbound(self, view: MeshView) -> _Group:
        policy = view.settings.outbound_policy
        key = (OUTBOUND_LISTENER, policy)
        return (self._builder.resource(names.TYPE_LISTENER, key, OUTBOUND_LISTENER, lambda: build_virtual_outbound(policy)),)

    def _clusters_of(self, view: MeshView, host: str) -> _Group:
        service = view.services.get(host)
        specs = cluster_specs(view, self._namespace, service) if service is not None else []
        return tuple(self._builder.resource(names.TYPE_CLUSTER, spec, spec.name, _later(build_cluster, spec)) for spec in specs)

    def _endpoints_of(self, view: MeshView, host: str) -> _Group:
        service = view.services.get(host)
        specs = load_assignment_specs(view, self._namespace, service) if service is not None else []
        return tuple(self._builder.resource(names.TYPE_ENDPOINT, spec, spec.name, _later(build_load_assignment, spec)) for spec in specs)

    def _listeners_of(self, view: MeshView, port: int) -> _Group:
        found: list[Resource] = []
        policy = view.settings.outbound_policy
        declared = [(service, entry) for service in view.services.values() if (entry := service.port(port)) is not None]
        free = port not in _TAKEN_PORTS
        if free and any(entry.kind is PortKind.HTTP for _, entry in declared):
            key = (port, policy)
            name = f"0.0.0.0_{port}"
            found.append(self._builder.resource(names.TYPE_LISTENER, key, name, lambda: build_http_listener(port, policy)))
        elif free and (anywhere := entry_targets(view, port)) is not None:
            any_key = (ANY_ADDRESS, port, anywhere)
            build_any = _later(lambda key: build_tcp_listener(*key), any_key)
            found.append(self._builder.resource(names.TYPE_LISTENER, any_key, f"{ANY_ADDRESS}_{port}", build_any))
        for service, entry in declared:
            for address, number, targets in tcp_listeners(view, service, entry, self._namespace):
                tcp_key = (address, number, targets)
                build = _later(lambda key: build_tcp_listener(*key), tcp_key)
                found.append(self._builder.resource(names.TYPE_LISTENER, tcp_key, f"{address}_{number}", build))
        return tuple(found)

    def _routes_of(self, view: MeshView, port: int) -> _Group:
        if not any((entry := service.port(port)) is not None and entry.kind is PortKind.HTTP for service in view.services.values()):
            return ()
        key = (port, view.settings.outbound_policy)
        return (self._builder.resource(names.TYPE_ROUTE, key, str(port), lambda: build_route_shell(*key)),)

    def _routed(self, view: MeshView, affected: Affected) -> set[str]:
        """Hosts whose virtual hosts may differ."""
        on_ports = {host for host, service in view.services.items() if any(port.number in affected.ports for port in service.ports)}
        return on_ports | affected.virtual_hosts if affected.ports else set(affected.virtual_hosts)

    def _virtual_hosts_of(self, view: MeshView, host: str) -> _Group:
        """One a port. See `vhds_resource` for their names."""
        service = view.services.get(host)
        if service is None:
            return ()
        ports = [port.number for port in service.ports if port.kind is PortKind.HTTP]
        return tuple(vhds_resource(str(port), build_virtual_host(view, self._namespace, service, port)) for port in ports)


_S = TypeVar("_S")


def _later(build: Callable[[_S], m.Message], spec: _S) -> Callable[[], m.Message]:
    return lambda: build(spec)


class _Groups(dict[_K, _Group]):
    """Resources in groups (a host's, a port's), and all of them as one layer, which is a new object only when something changed."""

    layer: Layer

    def __init__(self) -> None:
        super().__init__()
        self.layer = {}

    def put_all(self, keys: Iterable[_K], build: Callable[[_K], _Group]) -> None:
        """Build these groups anew."""
        changes: dict[_K, _Group] = {}
        for key in keys:
            group = self._keeping_equals(build(key))
            if group != self.get(key, ()):
                changes[key] = group
        if changes:
            self._take(changes)

    def put(self, key: _K, group: _Group) -> None:
        """Set one group."""
        self.put_all([key], lambda _: group)

    def _keeping_equals(self, group: _Group) -> _Group:
        """The resources as they were, where the new ones are equal: so that identity tells what changed."""
        return tuple(
            known if (known := self.layer.get(resource.name)) is not None and known.version == resource.version else resource
            for resource in group
        )

    def _take(self, changes: Mapping[_K, _Group]) -> None:
        layer = dict(self.layer)
        for key in changes:
            for resource in self.get(key, ()):
                layer.pop(resource.name, None)
        for key, group in changes.items():
            layer.update((resource.name, resource) for resource in group)
            if group:
                self[key] = group
            else:
                self.pop(key, None)
        self.layer = layer
