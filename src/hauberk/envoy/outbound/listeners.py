"""Outbound listeners: virtualOutbound (15001), which everything is redirected to, and those that it hands connections on to.

Source: Istio core/listener.go (facts/istio-mtls.md 4). `0.0.0.0_<port>` for HTTP, `<address>_<port>` for TCP; neither binds.
Ports that declare no protocol are TCP here: OpenShift Service Mesh switches outbound autodetection off (facts/ossm.md 1.2).
"""

from collections.abc import Iterable
from datetime import timedelta

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.addresses import ANY_ADDRESS, socket_address
from hauberk.envoy.network_filters import BLACK_HOLE, PASSTHROUGH, outbound_http, outbound_tcp, plain_tcp, tls_inspector
from hauberk.envoy.outbound.cluster_specs import cluster_name
from hauberk.envoy.outbound.tcp_routes import Shares, TcpTargets, routed_targets, tcp_chains
from hauberk.model.mesh import OutboundPolicy
from hauberk.model.service import PortKind, Protocol, Service, ServicePort
from hauberk.policy.auto_mtls import uses_original_destination
from hauberk.policy.virtual_services import choose_virtual_service, routes_connections
from hauberk.view.mesh_view import MeshView

__all__ = ["OUTBOUND_LISTENER", "build_http_listener", "build_tcp_listener", "build_virtual_outbound", "entry_targets", "tcp_listeners"]

OUTBOUND_LISTENER = "virtualOutbound"
_HTTP = ("http/1.0", "http/1.1", "h2c")


def build_virtual_outbound(policy: OutboundPolicy) -> m.Listener:
    """Takes what was redirected, hands it to the listener of its original destination, else on as the policy says."""
    guard = m.FilterChain(
        name="virtualOutbound-blackhole",
        filter_chain_match=m.FilterChainMatch(destination_port=m.UInt32Value(value=names.OUTBOUND_PORT)),
        filters=[plain_tcp(BLACK_HOLE)],
    )
    catchall = m.FilterChain(name="virtualOutbound-catchall-tcp", filters=[_unknown(policy)])
    return m.Listener(
        name=OUTBOUND_LISTENER,
        address=socket_address(ANY_ADDRESS, names.OUTBOUND_PORT),
        use_original_dst=m.BoolValue(value=True),
        filter_chains=[guard, catchall],
        traffic_direction="OUTBOUND",
    )


def build_http_listener(port: int, policy: OutboundPolicy) -> m.Listener:
    """All HTTP Services of one port: requests are routed by name; bytes that are not HTTP go on as if unknown."""
    name = f"{ANY_ADDRESS}_{port}"
    requests = m.FilterChain(
        filter_chain_match=m.FilterChainMatch(transport_protocol="raw_buffer", application_protocols=_HTTP),
        filters=[outbound_http(f"outbound_{name}", str(port))],
    )
    listener = _unbound(name, ANY_ADDRESS, port)
    listener.filter_chains.append(requests)
    listener.default_filter_chain.CopyFrom(m.FilterChain(name="PassthroughFilterChain", filters=[_unknown(policy)]))
    inspector = m.ListenerFilter(name="envoy.filters.listener.http_inspector", typed_config=m.pack(m.HttpInspector()))
    listener.listener_filters.append(inspector)
    listener.listener_filters_timeout.CopyFrom(m.duration(timedelta(0)))
    listener.continue_on_listener_filters_timeout = True
    return listener


def build_tcp_listener(address: str, port: int, targets: TcpTargets) -> m.Listener:
    """One address of a TCP Service."""
    listener = _unbound(f"{address}_{port}", address, port)
    listener.filter_chains.extend(tcp_chains(targets))
    if targets.by_name:
        listener.listener_filters.append(tls_inspector())
        listener.listener_filters_timeout.CopyFrom(m.duration(timedelta(0)))
    return listener


def tcp_listeners(view: MeshView, service: Service, port: ServicePort, client_namespace: str = "") -> Iterable[tuple[str, int, TcpTargets]]:
    """(address, port, targets) of the listeners that a TCP port of a Service needs: its VIP, or each pod of a headless one."""
    if port.kind is PortKind.HTTP or (service.from_entry and not service.vip):
        return []
    cluster = cluster_name(port.number, "", service.hostname)
    rule = choose_virtual_service(view.virtual_services, service.hostname, viewer=client_namespace, routes=routes_connections)
    addresses = [(service.vip, port.number)]
    if uses_original_destination(service, port) and not service.from_entry:
        found = {(endpoint.address, endpoint.ports.get(port.name)) for endpoint in view.endpoints_of(service.hostname)}
        addresses = [(address, number) for address, number in sorted(found, key=str) if number is not None]
    return [(address, number, routed_targets(view, rule, address, port.number, cluster)) for address, number in addresses]


def entry_targets(view: MeshView, port: int) -> TcpTargets | None:
    """Where connections to `port` of any address go, for hosts of ServiceEntries without one: TLS by its server name, else to the oldest.

    Without a TCP host, what no server name claims goes on as unknown. None where no such host has the port.
    """
    named: list[tuple[tuple[str, ...], Shares]] = []
    otherwise: Shares = ()
    anywhere = [service for service in view.services.values() if service.from_entry and not service.vip]
    for service in sorted(anywhere, key=lambda service: (service.created, service.hostname)):
        entry = service.port(port)
        if entry is None or entry.kind is PortKind.HTTP:
            continue
        shares: Shares = ((cluster_name(port, "", service.hostname), 1),)
        if entry.protocol in (Protocol.TLS, Protocol.HTTPS):
            named.append(((service.hostname,), shares))
        else:
            otherwise = otherwise or shares
    if not named and not otherwise:
        return None
    unknown = PASSTHROUGH if view.settings.outbound_policy is OutboundPolicy.ALLOW_ANY else BLACK_HOLE
    return TcpTargets(otherwise or ((unknown, 1),), tuple(named))


def _unknown(policy: OutboundPolicy) -> m.Filter:
    return outbound_tcp(PASSTHROUGH) if policy is OutboundPolicy.ALLOW_ANY else plain_tcp(BLACK_HOLE)


def _unbound(name: str, address: str, port: int) -> m.Listener:
    return m.Listener(name=name, address=socket_address(address, port), bind_to_port=m.BoolValue(value=False), traffic_direction="OUTBOUND")
