"""All listeners, routes and secrets of one router: its Gateways' servers by port."""

from dataclasses import dataclass

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.addresses import ANY_ADDRESS, socket_address
from hauberk.envoy.authorization import request_filters
from hauberk.envoy.network_filters import outbound_http, tls_inspector
from hauberk.envoy.outbound.gateway import GatewayPort, build_gateway_routes, gateway_ports, target_port
from hauberk.envoy.outbound.gateway_tls import SecureServer, build_secret, needed_secrets, secure_chains, stream_chains
from hauberk.envoy.resources import Resource, make_resource
from hauberk.model.traffic import Gateway, GatewayServer
from hauberk.model.workload import Workload
from hauberk.view.mesh_view import MeshView

__all__ = ["router_resources"]

_STREAMS = frozenset({"TCP", "MONGO"})


@dataclass(frozen=True, slots=True)
class _Servers:
    """The servers of a router, by kind."""

    plain: tuple[GatewayPort, ...]
    secure: tuple[SecureServer, ...]
    streams: tuple[tuple[int, Gateway, GatewayServer], ...]


def router_resources(view: MeshView, workload: Workload) -> list[Resource]:
    """What is the router's own. A port on which nothing can be served (no credential, no route) has no listener."""
    servers = _servers(view, workload)
    chains: dict[int, dict[bytes, m.FilterChain]] = {}

    def add(target: int, found: list[m.FilterChain]) -> None:
        # Envoy refuses a listener with two equal matches; the oldest Gateway's stays.
        for chain in found:
            chains.setdefault(target, {}).setdefault(m.serialise(chain.filter_chain_match), chain)

    for entry in servers.secure:
        add(entry.port.target, secure_chains(view, workload, entry))
    for port in servers.plain:
        add(port.target, [_plain_chain(view, workload, port)])
    for target, gateway, server in servers.streams:
        add(target, stream_chains(view, workload, gateway, server))
    found = [make_resource(names.TYPE_LISTENER, *_listener(target, list(built.values()))) for target, built in sorted(chains.items())]
    https = [entry.port for entry in servers.secure if entry.server.protocol == "HTTPS"]
    found += [make_resource(names.TYPE_ROUTE, port.route_name, build_gateway_routes(view, port)) for port in (*servers.plain, *https)]
    secrets = needed_secrets(view, workload.namespace, servers.secure)
    found += [make_resource(names.TYPE_SECRET, name, build_secret(name, secrets[name])) for name in sorted(secrets)]
    return found


def _servers(view: MeshView, workload: Workload) -> _Servers:
    secure, streams = [], []
    for gateway in view.gateways_of(workload.labels):
        for server in gateway.servers:
            target = target_port(view, workload, server.port)
            if server.protocol in ("HTTPS", "TLS") and server.tls is not None:
                name = f"https.{target}.{server.name}.{gateway.name}.{gateway.namespace}"
                port = GatewayPort(server.port, target, ((gateway, server.hosts),), secure_name=name)
                secure.append(SecureServer(gateway, server, server.tls, port))
            elif server.protocol in _STREAMS:
                streams.append((target, gateway, server))
    return _Servers(tuple(gateway_ports(view, workload)), tuple(secure), tuple(streams))


def _plain_chain(view: MeshView, workload: Workload, port: GatewayPort) -> m.FilterChain:
    filters = request_filters(view.authorization(workload), view.settings.trust_domain.name)
    return m.FilterChain(filters=[outbound_http(f"outbound_{ANY_ADDRESS}_{port.target}", port.route_name, edge=True, filters=filters)])


def _listener(target: int, chains: list[m.FilterChain]) -> tuple[str, m.Listener]:
    """It really binds its port: nothing is redirected to a router."""
    name = f"{ANY_ADDRESS}_{target}"
    listener = m.Listener(name=name, address=socket_address(ANY_ADDRESS, target), filter_chains=chains, traffic_direction="OUTBOUND")
    if any(chain.filter_chain_match.transport_protocol for chain in chains):
        listener.listener_filters.append(tls_inspector())
    return name, listener
