"""The mesh as the clients of one kind see it: what depends on the client is settled here, so that building need not know clients.

Clients of a namespace are told apart only by the selectors that VirtualServices (`sourceLabels`), DestinationRules
(`workloadSelector`) and Sidecars use; where none does, a namespace is one group and sees the view itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hauberk.model.objects import LabelPairs, Labels
from hauberk.model.routing import HttpMatch, HttpRoute, TcpMatch, TcpRoute, VirtualService
from hauberk.model.service import Service
from hauberk.model.sidecar import Sidecar
from hauberk.policy.destination_rules import DestinationRuleIndex
from hauberk.policy.selectors import exported_to, selects
from hauberk.policy.sidecars import choose_sidecar, sees
from hauberk.view.mesh_view import MeshView

__all__ = ["ClientGroup", "client_group", "seen_by", "selectors_in_use", "sidecar_of"]

_M = TypeVar("_M", HttpMatch, TcpMatch)
_R = TypeVar("_R", HttpRoute, TcpRoute)


@dataclass(frozen=True, slots=True)
class ClientGroup:
    """Clients that nothing tells apart: their namespace, and which of the selectors in use they match."""

    namespace: str
    matched: frozenset[LabelPairs] = frozenset()
    gateway: bool = False
    """Gateways follow no Sidecar and no DestinationRule that selects its clients."""


def client_group(selectors: frozenset[LabelPairs], namespace: str, labels: Labels, *, gateway: bool = False) -> ClientGroup:
    """The group of a client with `labels`, where these `selectors_in_use` tell clients apart."""
    return ClientGroup(namespace, frozenset(selector for selector in selectors if selects(dict(selector), labels)), gateway)


def sidecar_of(view: MeshView, group: ClientGroup) -> Sidecar | None:
    """The Sidecar that the group follows."""
    return None if group.gateway else choose_sidecar(view.sidecars, group.namespace, group.matched, view.settings.root_namespace)


def seen_by(view: MeshView, group: ClientGroup) -> MeshView:
    """The view with only those hosts, routes and rules left that the group has; the same view where that is all of them."""
    sidecar = sidecar_of(view, group)
    rules = tuple(_for_client(rule, group) for rule in view.virtual_services if _sees_rule(sidecar, rule, group))
    called = {host for rule in rules for host in rule.destination_hosts} if sidecar is not None else set()
    services = {host: one for host, one in view.services.items() if _is_exported(one, group) and (host in called or _sees(sidecar, one))}
    changed: dict[str, Any] = {}
    if len(services) != len(view.services):
        changed["services"] = services
    if [id(rule) for rule in rules] != [id(rule) for rule in view.virtual_services]:
        changed["virtual_services"] = rules
    if not group.gateway and group.namespace in view.selecting_rules:
        changed["destination_rules"] = _rules_of(view, group)
    if sidecar is not None and sidecar.outbound_policy not in (None, view.settings.outbound_policy):
        changed["settings"] = replace(view.settings, outbound_policy=sidecar.outbound_policy)
    return replace(view, **changed) if changed else view


def selectors_in_use(view: MeshView, namespace: str) -> frozenset[LabelPairs]:
    """The selectors of clients in what those of `namespace` see."""
    return frozenset(
        (
            *(match.source_labels for rule in view.virtual_services for match in _all_matches(rule) if match.source_labels),
            *(sidecar.selector for sidecar in view.sidecars if sidecar.namespace == namespace and sidecar.selector),
            *(rule.selector for rule in view.selecting_rules.get(namespace, ()) if rule.selector),
        )
    )


def _is_exported(service: Service, group: ClientGroup) -> bool:
    return exported_to(service.export_to, owner=service.namespace, viewer=group.namespace)


def _sees(sidecar: Sidecar | None, service: Service) -> bool:
    return sees(sidecar, service.namespace, service.hostname)


def _sees_rule(sidecar: Sidecar | None, rule: VirtualService, group: ClientGroup) -> bool:
    """With it come the hosts that it sends to, as in Istio, but none that their owner does not export: rules of others grant nothing."""
    if sidecar is None:
        return True
    exported = exported_to(rule.export_to, owner=rule.namespace, viewer=group.namespace)
    return exported and any(sees(sidecar, rule.namespace, host) for host in rule.hosts)


def _rules_of(view: MeshView, group: ClientGroup) -> DestinationRuleIndex:
    found = [rule for rule in view.selecting_rules[group.namespace] if not rule.selector or rule.selector in group.matched]
    return view.destination_rules.with_namespace(group.namespace, found)


def _for_client(rule: VirtualService, group: ClientGroup) -> VirtualService:
    if not any(match.source_labels or match.source_namespace for match in _all_matches(rule)):
        return rule
    return replace(rule, http=_routes(rule.http, group), tcp=_routes(rule.tcp, group), tls=_routes(rule.tls, group))


def _all_matches(rule: VirtualService) -> Iterator[HttpMatch | TcpMatch]:
    for route in rule.http:
        yield from route.matches
    for connections in (*rule.tcp, *rule.tls):
        yield from connections.matches


def _routes(routes: Iterable[_R], group: ClientGroup) -> tuple[_R, ...]:
    """Routes of which a match is left; one that had none takes everything and stays."""
    kept: list[_R] = []
    for route in routes:
        matches = _matches(route.matches, group)
        if matches or not route.matches:
            kept.append(replace(route, matches=matches))
    return tuple(kept)


def _matches(matches: Iterable[_M], group: ClientGroup) -> tuple[_M, ...]:
    return tuple(
        replace(match, source_labels=(), source_namespace="")
        for match in matches
        if (not match.source_labels or match.source_labels in group.matched)
        and (not match.source_namespace or match.source_namespace == group.namespace)
    )
