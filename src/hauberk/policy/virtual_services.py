"""Which VirtualService a sidecar follows towards a host.

Source: Istio model/push_context.go `VirtualServicesForGateway`, core/httproute.go (most specific host, then the oldest).
"""

from collections.abc import Callable, Iterable

from hauberk.model.routing import MESH_GATEWAY, VirtualService
from hauberk.policy.selectors import exported_to, most_specific

__all__ = ["choose_virtual_service", "routes_connections", "routes_requests"]


def choose_virtual_service(
    rules: Iterable[VirtualService], hostname: str, *, viewer: str, routes: Callable[[VirtualService], bool]
) -> VirtualService | None:
    """Of those for sidecars, exported to the namespace `viewer`, with such `routes`: the one that names the host best.

    `rules` are ordered, the oldest first, which counts among equals.
    """
    by_host: dict[str, VirtualService] = {}
    for rule in rules:
        if MESH_GATEWAY in rule.gateways and routes(rule) and exported_to(rule.export_to, owner=rule.namespace, viewer=viewer):
            for host in rule.hosts:
                by_host.setdefault(host, rule)
    best = most_specific(by_host, hostname)
    return by_host[best] if best is not None else None


def routes_requests(rule: VirtualService) -> bool:
    """Whether it has routes of requests."""
    return bool(rule.http)


def routes_connections(rule: VirtualService) -> bool:
    """Whether it has routes of connections."""
    return bool(rule.tcp or rule.tls)
