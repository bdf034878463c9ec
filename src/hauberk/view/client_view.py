"""The mesh as the clients of one kind see it: what depends on the client is settled here, so that building need not know clients.

Clients of a namespace are told apart only by the selectors that VirtualServices (`sourceLabels`), DestinationRules
(`workloadSelector`) and Sidecars use; where none does, a namespace is one group and sees the view itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from hauberk.model.objects import Labels
from hauberk.model.routing import HttpMatch, HttpRoute, LabelPairs, TcpMatch, TcpRoute, VirtualService
from hauberk.policy.selectors import exported_to, selects
from hauberk.view.mesh_view import MeshView

__all__ = ["ClientGroup", "client_group", "seen_by", "selectors_in_use"]

_M = TypeVar("_M", HttpMatch, TcpMatch)
_R = TypeVar("_R", HttpRoute, TcpRoute)


@dataclass(frozen=True, slots=True)
class ClientGroup:
    """Clients that nothing tells apart: their namespace, and which of the selectors in use they match."""

    namespace: str
    matched: frozenset[LabelPairs] = frozenset()


def client_group(selectors: frozenset[LabelPairs], namespace: str, labels: Labels) -> ClientGroup:
    """The group of a client with `labels`, where these `selectors_in_use` tell clients apart."""
    return ClientGroup(namespace, frozenset(selector for selector in selectors if selects(dict(selector), labels)))


def seen_by(view: MeshView, group: ClientGroup) -> MeshView:
    """The view with only those routes and hosts left that the group has; the same view where that is all of them."""
    rules = tuple(_for_client(rule, group) for rule in view.virtual_services)
    hidden = {
        host
        for host, service in view.services.items()
        if service.export_to and not exported_to(service.export_to, owner=service.namespace, viewer=group.namespace)
    }
    if not hidden and all(after is before for before, after in zip(view.virtual_services, rules, strict=True)):
        return view
    services = {host: service for host, service in view.services.items() if host not in hidden} if hidden else view.services
    return replace(view, virtual_services=rules, services=services)


def selectors_in_use(view: MeshView, namespace: str) -> frozenset[LabelPairs]:
    """The selectors of clients in what those of `namespace` see."""
    return frozenset(match.source_labels for rule in view.virtual_services for match in _all_matches(rule) if match.source_labels)


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
