"""Where connections to a TCP port go: as the `tcp` and `tls` routes of its VirtualService say, else to the Service itself.

Source: Istio core/networkfilter.go, core/tls.go. All conditions of a `tcp` route are known when the listener is built, since it is for
one address; a `tls` route is chosen by the server name of each connection.
"""

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hauberk.envoy import messages as m
from hauberk.envoy.network_filters import outbound_tcp
from hauberk.envoy.outbound.http_route import destination_cluster
from hauberk.model.routing import MESH_GATEWAY, TcpMatch, TcpRoute, VirtualService
from hauberk.view.mesh_view import MeshView

__all__ = ["Shares", "TcpTargets", "routed_targets", "shares_of", "tcp_chains", "tcp_filter"]

Shares = tuple[tuple[str, int], ...]
"""Clusters and weights."""


@dataclass(frozen=True, slots=True)
class TcpTargets:
    """Where the connections of a listener go: by server name where one fits, else to `otherwise`."""

    otherwise: Shares
    by_name: tuple[tuple[tuple[str, ...], Shares], ...] = ()


def routed_targets(view: MeshView, rule: VirtualService | None, address: str, port: int, own: str) -> TcpTargets:
    """The targets of the listener for `address` and `port`; `own` is the Service's cluster."""
    if rule is None:
        return TcpTargets(((own, 1),))
    by_name: dict[tuple[str, ...], Shares] = {}
    for route in rule.tls:
        for match in route.matches:
            if _holds(match, address, port, (MESH_GATEWAY,)) and (shares := shares_of(view, route, port)):
                by_name.setdefault(match.sni_hosts, shares)
    taken = next((route for route in rule.tcp if _takes(route, address, port)), None)
    otherwise = shares_of(view, taken, port) if taken is not None else ()
    return TcpTargets(otherwise or ((own, 1),), tuple(by_name.items()))


def shares_of(view: MeshView, route: TcpRoute, port: int) -> Shares:
    """Clusters and weights of a route."""
    return tuple((destination_cluster(view, target, port), target.weight) for target in route.destinations if target.weight > 0)


def tcp_chains(targets: TcpTargets) -> list[m.FilterChain]:
    """The filter chains of a listener; those with server names need a TLS inspector before them."""
    named = [
        m.FilterChain(filter_chain_match=m.FilterChainMatch(server_names=names, transport_protocol="tls"), filters=[tcp_filter(shares)])
        for names, shares in targets.by_name
    ]
    return [*named, m.FilterChain(filters=[tcp_filter(targets.otherwise)])]


def tcp_filter(shares: Shares) -> m.Filter:
    """A TCP proxy to clusters by weight."""
    return outbound_tcp(shares[0][0], shares if len(shares) > 1 else ())


def _takes(route: TcpRoute, address: str, port: int) -> bool:
    return not route.matches or any(_holds(match, address, port, (MESH_GATEWAY,)) for match in route.matches)


def _holds(match: TcpMatch, address: str, port: int, at: Collection[str]) -> bool:
    if match.port is not None and match.port != port:
        return False
    if match.gateways and not any(gateway in at for gateway in match.gateways):
        return False
    return not match.destination_subnets or _inside(address, match.destination_subnets)


def _inside(address: str, subnets: Iterable[str]) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(subnet, strict=False) for subnet in subnets)
