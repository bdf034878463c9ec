"""Routers: listeners and routes from the Gateways that select a pod, and the VirtualServices bound to them.

Source: Istio core/gateway.go, facts/istio-mtls.md 1.5, 4. HTTP servers here; those with TLS are gateway_tls.py.
A Gateway names the port of the router's Service; the listener is on that Service's target port (80 -> 8080), as in Istio.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hauberk.envoy import messages as m
from hauberk.envoy.outbound.http_route import build_http_route
from hauberk.model.traffic import Gateway, HttpRoute, VirtualService
from hauberk.model.workload import Workload
from hauberk.policy.selectors import host_matches
from hauberk.view.mesh_view import MeshView

__all__ = ["GatewayPort", "build_gateway_routes", "gateway_ports", "target_port"]

_HTTP_PROTOCOLS = frozenset({"HTTP", "HTTP2", "GRPC", "GRPC-WEB"})


@dataclass(frozen=True, slots=True)
class GatewayPort:
    """A port on which a router listens: `number` as Gateways write it, `target` as the pod binds it."""

    number: int
    target: int
    servers: tuple[tuple[Gateway, tuple[str, ...]], ...] = field(default=())
    """The Gateways with a server on this port, oldest first, with that server's hosts."""

    secure_name: str = ""
    """The name of the routes of a server with TLS, which has routes of its own."""

    @property
    def route_name(self) -> str:
        """`http.8080`, or `https.8443.<port name>.<gateway>.<namespace>`."""
        return self.secure_name or f"http.{self.target}"


def gateway_ports(view: MeshView, workload: Workload) -> list[GatewayPort]:
    """The HTTP ports of the router `workload`, by target port."""
    found: dict[tuple[int, int], list[tuple[Gateway, tuple[str, ...]]]] = {}
    for gateway in view.gateways_of(workload.labels):
        for server in gateway.servers:
            if server.protocol in _HTTP_PROTOCOLS:
                key = (target_port(view, workload, server.port), server.port)
                found.setdefault(key, []).append((gateway, server.hosts))
    merged: dict[int, GatewayPort] = {}
    for (target, number), servers in sorted(found.items(), key=lambda item: item[0]):
        known = merged.get(target)
        merged[target] = GatewayPort(number, target, (*(known.servers if known else ()), *servers))
    return list(merged.values())


def build_gateway_routes(view: MeshView, port: GatewayPort) -> m.RouteConfiguration:
    """A virtual host for each host that both a Gateway's server and a bound VirtualService name; everything else is a 404."""
    hosts: dict[str, list[m.Route]] = {}
    for rule in view.virtual_services:
        for domain in _shared_hosts(port, rule):
            hosts.setdefault(domain, []).extend(_routes(view, rule.http, port))
    virtual_hosts = [
        m.VirtualHost(
            name=f"{host}:{port.number}",
            domains=_domains(host),
            routes=routes,
            include_request_attempt_count=True,
            require_tls="ALL" if _redirects(port, host) else "NONE",
        )
        for host, routes in sorted(hosts.items())
    ]
    return m.RouteConfiguration(name=port.route_name, virtual_hosts=virtual_hosts, validate_clusters=m.BoolValue(value=False))


def target_port(view: MeshView, workload: Workload, number: int) -> int:
    """The port that the router binds for a Gateway's `number`: the target port of its Service."""
    for service in view.services_of(workload):
        port = service.port(number)
        target = service.target_number(port, workload) if port is not None else None
        if target is not None:
            return target
    return number


def _routes(view: MeshView, rules: Iterable[HttpRoute], port: GatewayPort) -> Iterator[m.Route]:
    keys = [gateway.key for gateway, _ in port.servers]
    return (route for rule in rules for route in build_http_route(view, rule, port.number, keys))


def _redirects(port: GatewayPort, host: str) -> bool:
    """Whether a server of the port sends the host's plain requests to HTTPS."""
    return any(
        host_matches(own, host)
        for gateway, hosts in port.servers
        for server in gateway.servers
        if server.port == port.number and server.hosts == hosts and server.tls is not None and server.tls.https_redirect
        for own in hosts
    )


def _shared_hosts(port: GatewayPort, rule: VirtualService) -> list[str]:
    """The narrower of each pair of hosts that fit, without repeats."""
    shared: dict[str, None] = {}
    for gateway, server_hosts in port.servers:
        if gateway.key not in rule.gateways:
            continue
        for host in rule.hosts:
            for server_host in server_hosts:
                if host_matches(server_host, host):
                    shared[host] = None
                elif host_matches(host, server_host):
                    shared[server_host] = None
    return list(shared)


def _domains(host: str) -> list[str]:
    return ["*"] if host == "*" else [host, f"{host}:*"]
