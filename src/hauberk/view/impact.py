"""What a change may affect: compares two views where the changed objects point."""

from collections.abc import Iterable, Mapping

from hauberk import names
from hauberk.model.objects import ObjectRef
from hauberk.model.routing import VirtualService
from hauberk.model.security import MtlsMode
from hauberk.model.service import Endpoint, EndpointSlice, Service
from hauberk.model.service_entry import ServiceEntry
from hauberk.model.traffic import DestinationRule
from hauberk.model.workload import Workload
from hauberk.policy.auto_mtls import endpoint_takes_mtls, uses_original_destination
from hauberk.policy.mtls import namespace_mode
from hauberk.policy.selectors import host_matches
from hauberk.view.changes import Affected, ModelObject, WorkloadKey
from hauberk.view.mesh_view import MeshView

__all__ = ["affected", "slice_host"]

_Touched = Mapping[ObjectRef, tuple[ModelObject | None, ModelObject | None]]


def slice_host(piece: EndpointSlice) -> str:
    """The hostname of the Service that a slice belongs to."""
    return f"{piece.service}.{piece.namespace}.svc.{names.CLUSTER_DOMAIN}"


def affected(before: MeshView, after: MeshView, touched: _Touched) -> Affected:
    """What may differ between the two views, given the objects (all visible to the mesh) that do."""
    parts = [
        _by_services(before, after, touched),
        _by_endpoints(before, after),
        _by_service_entries(after, touched),
        _by_workloads(touched),
        _by_destination_rules(after, touched),
        _by_virtual_services(after, touched),
    ]
    if before.peer_authentications != after.peer_authentications:
        parts.append(_by_peer_authentications(before, after))
    if before.authorizations != after.authorizations or before.namespaces != after.namespaces:
        parts.append(_by_authorizations(before, after))
    if before.gateways != after.gateways or before.credentials != after.credentials:
        parts.append(Affected(routers=True))
    if before.sidecars != after.sidecars:
        parts.append(Affected(sidecars=True))
    return Affected.union(parts)


def _of(touched: _Touched, kind: str) -> list[tuple[ModelObject | None, ModelObject | None]]:
    return [pair for ref, pair in touched.items() if ref.kind == kind]


def _by_services(before: MeshView, after: MeshView, touched: _Touched) -> Affected:
    services = [service for pair in _of(touched, "Service") for service in pair if isinstance(service, Service)]
    if not services:
        return Affected()
    workloads: set[WorkloadKey] = set()
    for view in (before, after):
        workloads |= {
            (workload.namespace, workload.name)
            for workload in view.workloads.values()
            if any(service.selects(workload) for service in services)
        }
    hosts = frozenset(service.hostname for service in services)
    routed = _routed_to(after, hosts)
    return Affected(
        clusters=hosts,
        endpoints=hosts,
        listeners=frozenset(port.number for service in services for port in service.ports) | _ports_of(after, routed),
        virtual_hosts=hosts | routed,
        workloads=frozenset(workloads),
        routers=True,
    )


def _by_service_entries(after: MeshView, touched: _Touched) -> Affected:
    entries = [entry for pair in _of(touched, "ServiceEntry") for entry in pair if isinstance(entry, ServiceEntry)]
    if not entries:
        return Affected()
    hosts = frozenset(host for entry in entries for host in entry.hosts)
    ports = frozenset(port.number for entry in entries for port in entry.ports)
    routed = _routed_to(after, hosts)
    return Affected(clusters=hosts, endpoints=hosts, listeners=ports | _ports_of(after, routed), virtual_hosts=hosts | routed, routers=True)


def _by_endpoints(before: MeshView, after: MeshView) -> Affected:
    if before.endpoints is after.endpoints:
        return Affected()
    hosts = {host for host in before.endpoints.keys() | after.endpoints.keys() if before.endpoints.get(host) != after.endpoints.get(host)}
    # A new service account changes whom clients expect, so the cluster with its list of identities; where clients choose the
    # address themselves the cluster and its listeners follow the endpoints altogether.
    clusters = {host for host in hosts if before.identities(host) != after.identities(host)}
    ports: set[int] = set()
    for host in hosts & after.services.keys():
        service = after.services[host]
        direct = {port.number for port in service.ports if uses_original_destination(service, port)}
        if direct:
            clusters.add(host)
            ports |= direct
    return Affected(clusters=frozenset(clusters), endpoints=frozenset(hosts), listeners=frozenset(ports))


def _by_workloads(touched: _Touched) -> Affected:
    workloads = [workload for pair in _of(touched, "Pod") for workload in pair if isinstance(workload, Workload)]
    return Affected(workloads=frozenset((workload.namespace, workload.name) for workload in workloads))


def _by_destination_rules(after: MeshView, touched: _Touched) -> Affected:
    patterns = {rule.host for pair in _of(touched, "DestinationRule") for rule in pair if isinstance(rule, DestinationRule)}
    if not patterns:
        return Affected()
    hosts = frozenset(host for host in after.services if any(host_matches(pattern, host) for pattern in patterns))
    return Affected(clusters=hosts, endpoints=hosts)


def _by_virtual_services(after: MeshView, touched: _Touched) -> Affected:
    items = [item for pair in _of(touched, "VirtualService") for item in pair if isinstance(item, VirtualService)]
    if not items:
        return Affected()
    # Connections are routed by listeners, requests by virtual hosts.
    connections = _named_by([item for item in items if item.tcp or item.tls], after)
    found = Affected(virtual_hosts=_named_by(items, after), listeners=_ports_of(after, connections), routers=True)
    if not after.sidecars:
        return found
    # Clients that are told of some hosts only are told of those that a rule of theirs sends to as well.
    hosts = frozenset(host for item in items for host in item.destination_hosts)
    return found | Affected(clusters=hosts, endpoints=hosts, listeners=_ports_of(after, hosts), virtual_hosts=hosts)


def _named_by(items: Iterable[VirtualService], view: MeshView) -> frozenset[str]:
    """Hosts of the view that the `hosts` of some VirtualServices name."""
    patterns = {host for item in items for host in item.hosts}
    if not patterns:
        return frozenset()
    return frozenset(host for host in view.services if any(host_matches(pattern, host) for pattern in patterns))


def _ports_of(view: MeshView, hosts: Iterable[str]) -> frozenset[int]:
    return frozenset(port.number for host in hosts if host in view.services for port in view.services[host].ports)


def _routed_to(view: MeshView, targets: frozenset[str]) -> frozenset[str]:
    """Hosts whose VirtualServices send requests or connections to `targets`: what these declare decides over the port."""
    sources = [item for item in view.virtual_services if not targets.isdisjoint(item.destination_hosts)]
    return _named_by(sources, view)


def _by_peer_authentications(before: MeshView, after: MeshView) -> Affected:
    """Inbound sides whose modes differ; clients only where "takes mTLS at all" differs, so STRICT for PERMISSIVE touches none."""
    workloads = {key for key, workload in after.workloads.items() if before.modes(workload) != after.modes(workload)}
    hosts = {host for host, endpoints in after.endpoints.items() if _takes(before, endpoints) != _takes(after, endpoints)}
    namespaces = {workload.namespace for workload in after.workloads.values()} | {service.namespace for service in after.services.values()}
    flipped = {namespace for namespace in namespaces if _disabled(before, namespace) != _disabled(after, namespace)}
    direct = {
        host
        for host in hosts
        if host in after.services and any(uses_original_destination(after.services[host], port) for port in after.services[host].ports)
    }
    clusters = {host for host, service in after.services.items() if service.namespace in flipped} | direct
    return Affected(clusters=frozenset(clusters), endpoints=frozenset(hosts), workloads=frozenset(workloads))


def _by_authorizations(before: MeshView, after: MeshView) -> Affected:
    workloads = {key for key, workload in after.workloads.items() if _requests(before, workload) != _requests(after, workload)}
    return Affected(workloads=frozenset(workloads))


def _requests(view: MeshView, workload: Workload) -> tuple[object, object]:
    return view.authorization(workload), view.inbound_protocol(workload)


def _takes(view: MeshView, endpoints: Iterable[Endpoint]) -> list[bool]:
    index = view.peer_authentications
    return [endpoint_takes_mtls(index, endpoint, port) for endpoint in endpoints for port in endpoint.ports.values()]


def _disabled(view: MeshView, namespace: str) -> bool:
    return namespace_mode(view.peer_authentications, namespace).mode is MtlsMode.DISABLE
