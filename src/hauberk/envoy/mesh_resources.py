"""MeshResources: a mesh's resources, kept in step with its view, handed out per proxy."""

from collections.abc import Iterable, Mapping

from hauberk import names
from hauberk.envoy.inbound.clusters import INBOUND_PASSTHROUGH, build_inbound_cluster, build_inbound_passthrough, inbound_cluster_name
from hauberk.envoy.inbound.listener import INBOUND_LISTENER, build_inbound_listener
from hauberk.envoy.inbound.specs import InboundSpec, inbound_spec
from hauberk.envoy.outbound.router import router_resources
from hauberk.envoy.resources import Builder, Diff, DiffMemo, Layers, ProxyResources, Resource, attempt, diff
from hauberk.envoy.shared_layers import SharedLayers
from hauberk.model.objects import LabelPairs, Labels
from hauberk.model.proxy import Proxy, ProxyKind
from hauberk.model.workload import Workload
from hauberk.view.changes import Affected
from hauberk.view.client_view import ClientGroup, client_group, seen_by, selectors_in_use, sidecar_of
from hauberk.view.mesh_view import MeshView

__all__ = ["MeshResources", "build_resources"]

_OwnKey = tuple[ProxyKind, str, str]


class MeshResources:
    """The resources of one mesh. One thread; call `update` after each `apply`, then `for_proxy` and `diff` for every proxy."""

    def __init__(self, view: MeshView) -> None:
        self._view = view
        self._builder = Builder()
        self._memo = DiffMemo()
        self._shared: dict[ClientGroup, SharedLayers] = {}
        self._own: dict[_OwnKey, Layers] = {}
        self._inbound: dict[InboundSpec, Layers] = {}
        self._failures: dict[str, str] = {}
        self._selectors: dict[str, frozenset[LabelPairs]] = {}
        """By namespace of the client: collected once after an update, since every proxy asks."""

    def update(self, view: MeshView, affected: Affected) -> None:
        """Follow the view. Several applies may be followed at once with the union of their `Affected`."""
        before, self._view = self._view, view
        self._memo.clear()
        self._selectors.clear()
        if not affected:
            return
        # Groups that a selector told apart go with it.
        self._shared = {group: shared for group, shared in self._shared.items() if group.matched <= self._in_use(group.namespace)}
        for group, shared in self._shared.items():
            other_sidecar = sidecar_of(before, group) != sidecar_of(view, group)
            shared.update(seen_by(view, group), Affected(everything=True) if other_sidecar else affected)
        self._forget_gone()
        for key in self._stale(affected):
            kind, *workload_key = key
            self._own[key] = self._build_own(kind, view.workloads[workload_key[0], workload_key[1]], self._own[key])
        self._forget_unused()

    def for_proxy(self, proxy: Proxy) -> ProxyResources:
        """What `proxy` is to have; where its pod is gone from the view (it may be draining still), as its own labels say."""
        group = self._group(proxy.namespace, proxy.labels, proxy.kind)
        shared = self._shared.get(group)
        if shared is None:
            shared = self._shared[group] = SharedLayers(proxy.namespace, seen_by(self._view, group), self._builder)
        key = (proxy.kind, proxy.namespace, proxy.name)
        own = self._own.get(key)
        if own is None:
            workload = self._view.workload(proxy.namespace, proxy.name) or _as_it_was(proxy)
            own = self._own[key] = self._build_own(proxy.kind, workload, None)
        return ProxyResources(shared.sidecar if proxy.kind is ProxyKind.SIDECAR else shared.router, own)

    @property
    def failures(self) -> Mapping[str, str]:
        """What could not be built and so stays as it was, with the error."""
        return {what: error for shared in self._shared.values() for what, error in shared.failures.items()} | self._failures

    def diff(self, old: ProxyResources | None, new: ProxyResources, type_url: str) -> Diff:
        """`resources.diff`, each pair of shared layers compared once after an update."""
        return diff(old, new, type_url, self._memo)

    def _group(self, namespace: str, labels: Labels, kind: ProxyKind) -> ClientGroup:
        return client_group(self._in_use(namespace), namespace, labels, gateway=kind is ProxyKind.ROUTER)

    def _in_use(self, namespace: str) -> frozenset[LabelPairs]:
        selectors = self._selectors.get(namespace)
        if selectors is None:
            selectors = self._selectors[namespace] = selectors_in_use(self._view, namespace)
        return selectors

    def _stale(self, affected: Affected) -> Iterable[_OwnKey]:
        if affected.everything:
            return list(self._own)
        keys = {(ProxyKind.SIDECAR, *key) for key in affected.workloads} & self._own.keys()
        if affected.routers or affected.workloads:
            keys |= {key for key in self._own if key[0] is ProxyKind.ROUTER}
        return keys

    def _forget_gone(self) -> None:
        gone = [key for key in self._own if (key[1], key[2]) not in self._view.workloads]
        for key in gone:
            del self._own[key]
            self._failures.pop(f"{key[0]} {key[1]}/{key[2]}", None)

    def _forget_unused(self) -> None:
        used = {id(layers) for layers in self._own.values()}
        self._inbound = {spec: layers for spec, layers in self._inbound.items() if id(layers) in used}

    def _build_own(self, kind: ProxyKind, workload: Workload, old: Layers | None) -> Layers:
        def build() -> Layers:
            if kind is ProxyKind.ROUTER:
                return _keep_equal(old, self._router_layers(workload))
            return self._inbound_layers(inbound_spec(self._view, workload))

        # A sidecar that never had an inbound listener has none then, so that it takes in nothing.
        return attempt(self._failures, f"{kind} {workload.namespace}/{workload.name}", build, old or {})

    def _inbound_layers(self, spec: InboundSpec) -> Layers:
        known = self._inbound.get(spec)
        if known is None:
            resource = self._builder.resource
            listener = resource(names.TYPE_LISTENER, spec, INBOUND_LISTENER, lambda: build_inbound_listener(spec))
            clusters = [resource(names.TYPE_CLUSTER, INBOUND_PASSTHROUGH, INBOUND_PASSTHROUGH, build_inbound_passthrough)]
            clusters += [self._inbound_cluster(port.number) for port in spec.declared]
            known = self._inbound[spec] = _layers([listener, *clusters])
        return known

    def _inbound_cluster(self, port: int) -> Resource:
        name = inbound_cluster_name(port)
        return self._builder.resource(names.TYPE_CLUSTER, name, name, lambda: build_inbound_cluster(port))

    def _router_layers(self, workload: Workload) -> Layers:
        view = seen_by(self._view, self._group(workload.namespace, workload.labels, ProxyKind.ROUTER))
        return _layers(router_resources(view, workload))


def build_resources(view: MeshView, proxy: Proxy) -> ProxyResources:
    """The resources of one proxy, from nothing: for tests, dumps and offline builds."""
    return MeshResources(view).for_proxy(proxy)


def _as_it_was(proxy: Proxy) -> Workload:
    return Workload(proxy.namespace, proxy.name, proxy.address, service_account=proxy.service_account, labels=proxy.labels)


def _layers(resources: Iterable[Resource]) -> Layers:
    layers: dict[str, dict[str, Resource]] = {}
    for resource in resources:
        layers.setdefault(resource.type_url, {})[resource.name] = resource
    return layers


def _keep_equal(old: Layers | None, new: Layers) -> Layers:
    """Equal layers keep their identity, by which differences are told."""
    if old is None:
        return new
    return {type_url: old[type_url] if old.get(type_url) == layer else layer for type_url, layer in new.items()}
