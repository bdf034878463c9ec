"""apply: a view and changes -> the next view, and which resources may differ.

Changes are taken into the inventory first; then each index that they touch is made anew, and the rest is shared.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import TypeVar

from hauberk.model.authorization import AuthorizationPolicy
from hauberk.model.mesh import MeshSettings, NamespaceOptions
from hauberk.model.objects import ObjectRef
from hauberk.model.secret import TlsCredential
from hauberk.model.security import PeerAuthentication
from hauberk.model.service import Endpoint, EndpointSlice, Service
from hauberk.model.service_entry import ServiceEntry
from hauberk.model.sidecar import Sidecar
from hauberk.model.traffic import DestinationRule, Gateway, VirtualService
from hauberk.model.workload import Workload
from hauberk.policy.authorization import AuthorizationIndex
from hauberk.policy.destination_rules import DestinationRuleIndex
from hauberk.policy.mtls import PeerAuthenticationIndex
from hauberk.view import impact
from hauberk.view.changes import Affected, Change, ModelObject, Put
from hauberk.view.endpoints import join_endpoints
from hauberk.view.mesh_view import Inventory, MeshView, empty_view, selector_key
from hauberk.view.service_entries import entry_endpoints, entry_services

__all__ = ["apply"]

_T = TypeVar("_T", bound=ModelObject)
_SETTINGS = "ServiceMeshControlPlane"
_KINDS: Mapping[type, str] = {Workload: "Pod", NamespaceOptions: "Namespace", TlsCredential: "Secret"}
"""Kinds that are spelt unlike their models."""
Touched = Mapping[ObjectRef, tuple[ModelObject | None, ModelObject | None]]
"""Objects that differ, before and after."""


def apply(view: MeshView, changes: Iterable[Change]) -> tuple[MeshView, Affected]:
    """The view after `changes`, and what they may affect.

    A change that changes nothing, or nothing that this mesh sees, affects nothing; where nothing changed the same view comes back.
    """
    inventory, touched = _take(view.inventory, changes)
    if not touched:
        return view, Affected()
    settings = _settings(touched)
    if settings is not None and settings != view.settings:
        return _rebuild(settings, inventory), Affected(everything=True)
    seen = {ref: pair for ref, pair in touched.items() if view.settings.sees(ref.namespace)}
    after = _reindex(replace(view, inventory=inventory), seen)
    return after, impact.affected(view, after, seen)


def _take(inventory: Inventory, changes: Iterable[Change]) -> tuple[Inventory, Touched]:
    """The inventory with the changes in it, copying only the kinds that they touch; and what differs in the end."""
    kinds: dict[str, dict[ObjectRef, ModelObject]] = {}
    refs: dict[ObjectRef, None] = {}
    for change in changes:
        ref = change.obj.ref if isinstance(change, Put) else change.ref
        objects = kinds.setdefault(ref.kind, dict(inventory.get(ref.kind, {}))) if ref.kind not in kinds else kinds[ref.kind]
        refs[ref] = None
        if isinstance(change, Put):
            objects[ref] = change.obj
        else:
            objects.pop(ref, None)
    pairs = {ref: (inventory.get(ref.kind, {}).get(ref), kinds[ref.kind].get(ref)) for ref in refs}
    touched = {ref: (before, after) for ref, (before, after) in pairs.items() if before != after}
    return {**inventory, **kinds}, touched


def _settings(touched: Touched) -> MeshSettings | None:
    return next((after for ref, (_, after) in touched.items() if ref.kind == _SETTINGS and isinstance(after, MeshSettings)), None)


def _rebuild(settings: MeshSettings, inventory: Inventory) -> MeshView:
    everything: dict[ObjectRef, tuple[ModelObject | None, ModelObject | None]] = {
        ref: (None, obj) for objects in inventory.values() for ref, obj in objects.items() if settings.sees(ref.namespace)
    }
    return _reindex(replace(empty_view(settings), inventory=inventory), everything)


def _reindex(view: MeshView, touched: Touched) -> MeshView:
    kinds = {ref.kind for ref in touched}
    view = _with_workloads(view, touched) if "Pod" in kinds else view
    view = _with_services(view, touched) if "Service" in kinds else view
    if kinds & {"Pod", "Service", "EndpointSlice"}:
        view = _with_endpoints(view, touched)
    if kinds & {"Pod", "Service", "EndpointSlice", "ServiceEntry"}:
        view = _with_service_entries(view)
    if "PeerAuthentication" in kinds:
        policies = PeerAuthenticationIndex.of(_visible(view, PeerAuthentication), view.settings.root_namespace)
        view = replace(view, peer_authentications=policies)
    if "AuthorizationPolicy" in kinds:
        authorizations = AuthorizationIndex.of(_visible(view, AuthorizationPolicy), view.settings.root_namespace)
        view = replace(view, authorizations=authorizations)
    if "DestinationRule" in kinds:
        view = _with_destination_rules(view, touched)
    if "Secret" in kinds:
        view = replace(view, credentials={(entry.namespace, entry.name): entry for entry in _visible(view, TlsCredential)})
    if "Namespace" in kinds:
        options = _visible(view, NamespaceOptions)
        view = replace(view, namespaces={entry.name: entry.inbound for entry in options if entry.inbound is not None})
    return _with_ordered(view, kinds)


def _with_ordered(view: MeshView, kinds: Set[str]) -> MeshView:
    """The kinds of which the oldest counts."""
    if "VirtualService" in kinds:
        virtual_services = sorted(_visible(view, VirtualService), key=lambda virtual_service: virtual_service.age_order)
        view = replace(view, virtual_services=tuple(virtual_services))
    if "Sidecar" in kinds:
        view = replace(view, sidecars=tuple(sorted(_visible(view, Sidecar), key=lambda sidecar: sidecar.age_order)))
    if "Gateway" in kinds:
        view = replace(view, gateways=tuple(sorted(_visible(view, Gateway), key=lambda gateway: gateway.age_order)))
    return view


def _visible(view: MeshView, model: type[_T]) -> list[_T]:
    kind = _KINDS.get(model, model.__name__)
    objects = view.inventory.get(kind, {}).values()
    return [obj for obj in objects if isinstance(obj, model) and view.settings.sees(obj.ref.namespace)]


def _with_workloads(view: MeshView, touched: Touched) -> MeshView:
    workloads, addresses = dict(view.workloads), dict(view.addresses)
    pairs = [(before, after) for before, after in touched.values() if isinstance(before or after, Workload)]
    for before, _ in pairs:
        if isinstance(before, Workload):
            workloads.pop((before.namespace, before.name), None)
            addresses.pop(before.address, None)
    for _, after in pairs:
        if isinstance(after, Workload):
            workloads[after.namespace, after.name] = after
            addresses[after.address] = after
    return replace(view, workloads=workloads, addresses=addresses)


def _with_services(view: MeshView, touched: Touched) -> MeshView:
    services, selecting = dict(view.services), dict(view.selecting)
    for before, after in touched.values():
        if isinstance(before, Service):
            services.pop(before.hostname, None)
            if (key := selector_key(before)) is not None:
                selecting[key] = tuple(one for one in selecting.get(key, ()) if one.hostname != before.hostname)
        if isinstance(after, Service):
            services[after.hostname] = after
            if (key := selector_key(after)) is not None:
                selecting[key] = (*selecting.get(key, ()), after)
    return replace(view, services=services, selecting={key: found for key, found in selecting.items() if found})


def _with_endpoints(view: MeshView, touched: Touched) -> MeshView:
    slices = dict(view.slices)
    stale: set[str] = set()
    pods: set[ObjectRef] = set()
    for ref, (before, after) in touched.items():
        for piece in (before, after):
            if isinstance(piece, EndpointSlice):
                stale.add(impact.slice_host(piece))
            elif isinstance(piece, Service):
                stale.add(piece.hostname)
        if ref.kind == "Pod":
            pods.add(ref)
        if isinstance(before, EndpointSlice):
            host = impact.slice_host(before)
            slices[host] = tuple(piece for piece in slices.get(host, ()) if piece.ref != ref)
        if isinstance(after, EndpointSlice):
            host = impact.slice_host(after)
            slices[host] = (*slices.get(host, ()), after)
    stale |= _hosts_of_pods(slices, pods)
    endpoints = dict(view.endpoints)
    for host in stale:
        joined: tuple[Endpoint, ...] = join_endpoints(slices.get(host, ()), view.workloads) if host in view.services else ()
        if joined:
            endpoints[host] = joined
        else:
            endpoints.pop(host, None)
    return replace(view, slices={host: pieces for host, pieces in slices.items() if pieces}, endpoints=endpoints)


def _with_service_entries(view: MeshView) -> MeshView:
    """Hosts of ServiceEntries beside those of Kubernetes, which count where both have one."""
    entries = _visible(view, ServiceEntry)
    known = {host: service for host, service in view.services.items() if service.from_entry}
    if not entries and not known:
        return view
    own = {host: service for host, service in view.services.items() if not service.from_entry}
    services = {**entry_services(entries), **own}
    endpoints = {host: found for host, found in view.endpoints.items() if host in own} | {
        host: found for host, found in entry_endpoints(entries, view.addresses).items() if host not in own and found
    }
    return replace(view, services=services, endpoints=view.endpoints if endpoints == view.endpoints else endpoints)


def _hosts_of_pods(slices: Mapping[str, tuple[EndpointSlice, ...]], pods: set[ObjectRef]) -> set[str]:
    if not pods:
        return set()
    names = {(ref.namespace, ref.name) for ref in pods}
    return {
        host
        for host, pieces in slices.items()
        if any((piece.namespace, address.pod) in names for piece in pieces for address in piece.addresses)
    }


def _with_destination_rules(view: MeshView, touched: Touched) -> MeshView:
    namespaces = {ref.namespace for ref in touched if ref.kind == "DestinationRule"}
    by_namespace: dict[str, list[DestinationRule]] = {namespace: [] for namespace in namespaces}
    selecting = dict(view.selecting_rules)
    for rule in _visible(view, DestinationRule):
        if rule.namespace in by_namespace:
            by_namespace[rule.namespace].append(rule)
    index: DestinationRuleIndex = view.destination_rules
    for namespace, rules in by_namespace.items():
        # Rules that select clients are nobody's until it is known who asks (view/client_view.py).
        index = index.with_namespace(namespace, [rule for rule in rules if not rule.selector])
        selecting.pop(namespace, None)
        if any(rule.selector for rule in rules):
            selecting[namespace] = tuple(rules)
    return replace(view, destination_rules=index, selecting_rules=selecting)
