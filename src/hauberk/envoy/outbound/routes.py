"""Route configurations of sidecars: one a port, with a virtual host for each HTTP Service on it.

Source: Istio core/httproute.go, core/route/route.go (facts/istio-mtls.md 4).
"""

from collections.abc import Sequence
from datetime import timedelta

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.addresses import ads_source
from hauberk.envoy.network_filters import PASSTHROUGH
from hauberk.envoy.outbound.http_route import build_http_route
from hauberk.model.mesh import OutboundPolicy
from hauberk.model.routing import HttpDestination, HttpRoute
from hauberk.model.service import PortKind, Service
from hauberk.policy.virtual_services import choose_virtual_service, routes_requests
from hauberk.view.mesh_view import MeshView

__all__ = ["build_route_configuration", "build_route_shell", "build_virtual_host", "domains"]


def build_route_configuration(view: MeshView, client_namespace: str, port: int) -> m.RouteConfiguration:
    """The route configuration `<port>` for clients of one namespace, virtual hosts sorted by name."""
    hosts = [
        build_virtual_host(view, client_namespace, service, port)
        for service in sorted(view.services.values(), key=lambda service: service.hostname)
        if (declared := service.port(port)) is not None and declared.kind is PortKind.HTTP
    ]
    hosts.append(_everything_else(view.settings.outbound_policy))
    return m.RouteConfiguration(name=str(port), virtual_hosts=hosts, validate_clusters=m.BoolValue(value=False))


def build_route_shell(port: int, policy: OutboundPolicy) -> m.RouteConfiguration:
    """The route configuration `<port>` whose virtual hosts come by VHDS, one resource each; in it only what matches no other."""
    return m.RouteConfiguration(
        name=str(port),
        virtual_hosts=[_everything_else(policy)],
        validate_clusters=m.BoolValue(value=False),
        vhds=m.Vhds(config_source=ads_source()),
    )


def build_virtual_host(view: MeshView, client_namespace: str, service: Service, port: int) -> m.VirtualHost:
    """The virtual host of an HTTP port of a Service, for clients of one namespace."""
    rule = choose_virtual_service(view.virtual_services, service.hostname, viewer=client_namespace, routes=routes_requests)
    if rule is None:
        destination = HttpRoute((HttpDestination(service.hostname, port=port),), name="default")
        routes = build_http_route(view, destination, port)
    else:
        routes = [built for route in rule.http for built in build_http_route(view, route, port)]
    return m.VirtualHost(
        name=f"{service.hostname}:{port}",
        domains=domains(service, port, client_namespace),
        routes=routes,
        include_request_attempt_count=True,
    )


def domains(service: Service, port: int, client_namespace: str) -> list[str]:
    """Every name by which a client in `client_namespace` may call the Service, each with and without the port."""
    if service.from_entry:
        known = [service.hostname, *([service.vip] if service.vip else [])]
        return [form for name in known for form in (name, f"{name}:{port}")]
    suffix = names.CLUSTER_DOMAIN
    qualified = f"{service.name}.{service.namespace}"
    known = [service.hostname, qualified, f"{qualified}.svc", f"{qualified}.svc.{suffix}"]
    if service.namespace == client_namespace:
        known.append(service.name)
    if service.vip:
        known.append(service.vip)
    return [form for name in dict.fromkeys(known) for form in (name, f"{name}:{port}")]


def _everything_else(policy: OutboundPolicy) -> m.VirtualHost:
    if policy is OutboundPolicy.REGISTRY_ONLY:
        refuse: Sequence[m.Route] = [m.Route(name="block_all", match=m.RouteMatch(prefix="/"), direct_response={"status": 502})]
        return m.VirtualHost(name="block_all", domains=["*"], routes=refuse, include_request_attempt_count=True)
    action = m.RouteAction(cluster=PASSTHROUGH)
    action.timeout.CopyFrom(m.duration(timedelta(0)))
    route = m.Route(name="allow_any", match=m.RouteMatch(prefix="/"), route=action)
    return m.VirtualHost(name="allow_any", domains=["*"], routes=[route], include_request_attempt_count=True)
