"""The listener virtualInbound (15006): which connections a workload takes, as filter chains per mode and port kind.

Source: Istio core/filterchain_options.go, core/listener_inbound.go (facts/istio-mtls.md 1.3). The rows of `_CHAINS` are Istio's, with
these differences, each for a reason:

- Everything is forwarded at L4 unless something needs HTTP (an AuthorizationPolicy, `hauberk.io/inbound`; architecture.md section 4).
- STRICT also has the terminating chains of PERMISSIVE, which its own wider chain covers. They are equal byte for byte, and the
  listener filters do not follow the change either; so Envoy keeps them, and the mTLS connections on them, when a mode is
  switched between the two, and drains only the plaintext chain.
- Without HTTP to speak, the server offers by ALPN only what the port's application speaks (facts 1.4 offers h2 and http/1.1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy import telemetry
from hauberk.envoy.addresses import ANY_ADDRESS, socket_address
from hauberk.envoy.authorization import connection_filters, request_filters
from hauberk.envoy.inbound.clusters import INBOUND_PASSTHROUGH, inbound_cluster_name
from hauberk.envoy.inbound.http import inbound_http
from hauberk.envoy.inbound.specs import InboundPort, InboundSpec
from hauberk.envoy.network_filters import BLACK_HOLE, inbound_tcp, plain_tcp
from hauberk.envoy.tls import downstream_mesh_socket
from hauberk.model.security import MtlsMode
from hauberk.model.service import PortKind

__all__ = ["INBOUND_LISTENER", "build_inbound_listener"]

INBOUND_LISTENER = "virtualInbound"
_CATCHALL_HTTP = "virtualInbound-catchall-http"
_TLS, _RAW = "tls", "raw_buffer"
_ISTIO_HTTP = ("istio-http/1.0", "istio-http/1.1", "istio-h2")
_ISTIO_TCP = ("istio-peer-exchange", "istio")
_ISTIO_ANY = (*_ISTIO_TCP, *_ISTIO_HTTP)
_PLAIN_HTTP = ("http/1.1", "h2c")
_HANDSHAKE_TIMEOUT = timedelta(seconds=15)
"""Istio's; else a client that never finishes its handshake holds a connection for ever."""
_SNIFFED_BYTES = 512
"""A ClientHello mostly fits; Istio's value (xds/filters/filters.go)."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """One row of the table: what is matched, and whether our TLS ends here."""

    transport: str
    alpn: tuple[str, ...] = ()
    http: bool = False
    terminate: bool = False


_MESH_HTTP = _Chain(_TLS, _ISTIO_HTTP, http=True, terminate=True)
_MESH_TCP = _Chain(_TLS, _ISTIO_TCP, terminate=True)
_MESH_ANY_HTTP = _Chain(_TLS, _ISTIO_ANY, http=True, terminate=True)
_MESH_ANY_TCP = _Chain(_TLS, _ISTIO_ANY, terminate=True)
_ALL_TLS_HTTP = _Chain(_TLS, http=True, terminate=True)
_ALL_TLS_TCP = _Chain(_TLS, terminate=True)
_FOREIGN_TLS = _Chain(_TLS)
_RAW_SNIFFED_HTTP = _Chain(_RAW, _PLAIN_HTTP, http=True)
_RAW_HTTP = _Chain(_RAW, http=True)
_RAW_TCP = _Chain(_RAW)

_CHAINS: Mapping[MtlsMode, Mapping[PortKind, tuple[_Chain, ...]]] = {
    MtlsMode.PERMISSIVE: {
        PortKind.AUTO: (_MESH_HTTP, _RAW_SNIFFED_HTTP, _MESH_TCP, _RAW_TCP, _FOREIGN_TLS),
        PortKind.HTTP: (_MESH_ANY_HTTP, _RAW_HTTP),
        PortKind.TCP: (_MESH_ANY_TCP, _FOREIGN_TLS, _RAW_TCP),
    },
    MtlsMode.STRICT: {
        PortKind.AUTO: (_MESH_HTTP, _MESH_TCP, _ALL_TLS_TCP),
        PortKind.HTTP: (_MESH_ANY_HTTP, _ALL_TLS_HTTP),
        PortKind.TCP: (_MESH_ANY_TCP, _ALL_TLS_TCP),
    },
    MtlsMode.DISABLE: {
        PortKind.AUTO: (_RAW_SNIFFED_HTTP, _RAW_TCP),
        PortKind.HTTP: (_RAW_HTTP,),
        PortKind.TCP: (_RAW_TCP,),
    },
}


def build_inbound_listener(spec: InboundSpec) -> m.Listener:
    """The listener, its chains in Istio's order: loop guard, ports that nobody declared, declared ports by number."""
    chains = [_loop_guard()]
    everything_else = InboundPort(0, PortKind.AUTO, spec.mode, declared=False)
    for port in (everything_else, *(port for port in spec.ports if not port.declared), *spec.declared):
        chains.extend(_build_chain(chain, port, spec) for chain in _CHAINS[port.mode][port.kind])
    listener = m.Listener(
        name=INBOUND_LISTENER,
        address=socket_address(ANY_ADDRESS, names.INBOUND_PORT),
        filter_chains=chains,
        listener_filters=_listener_filters(spec),
        traffic_direction="INBOUND",
        continue_on_listener_filters_timeout=True,
        access_log=[telemetry.refused_log()],
    )
    # Wait for the client's first bytes as long as it takes (meshConfig.protocolDetectionTimeout, default 0).
    listener.listener_filters_timeout.CopyFrom(m.duration(timedelta(0)))
    return listener


def _loop_guard() -> m.FilterChain:
    """Whoever connects to 15006 itself would be forwarded to 15006 without end."""
    match = m.FilterChainMatch(destination_port=m.UInt32Value(value=names.INBOUND_PORT))
    return m.FilterChain(name="virtualInbound-blackhole", filter_chain_match=match, filters=[plain_tcp(BLACK_HOLE)])


def _build_chain(chain: _Chain, port: InboundPort, spec: InboundSpec) -> m.FilterChain:
    match = m.FilterChainMatch(transport_protocol=chain.transport, application_protocols=chain.alpn)
    if port.number:
        match.destination_port.value = port.number
    cluster = inbound_cluster_name(port.number) if port.declared else INBOUND_PASSTHROUGH
    label = str(port.number) if port.number else "other"
    built = m.FilterChain(
        name=_chain_name(chain, port),
        filter_chain_match=match,
        filters=_filters(chain, spec, cluster, label),
    )
    if chain.terminate:
        built.transport_socket.CopyFrom(downstream_mesh_socket(spec.trust_domains, _alpn_offer(chain, port), spec.tls))
        built.transport_socket_connect_timeout.CopyFrom(m.duration(_HANDSHAKE_TIMEOUT))
    return built


def _filters(chain: _Chain, spec: InboundSpec, cluster: str, label: str) -> list[m.Filter]:
    policy = _security_policy(chain)
    if chain.http and spec.http:
        return [inbound_http(cluster, label, policy, request_filters(spec.authorization, spec.trust_domain))]
    audited = bool(spec.authorization.audit)
    return [*connection_filters(spec.authorization, spec.trust_domain), inbound_tcp(cluster, label, policy, audited=audited)]


def _chain_name(chain: _Chain, port: InboundPort) -> str:
    if port.declared:
        return f"{ANY_ADDRESS}_{port.number}"
    return _CATCHALL_HTTP if chain.http else INBOUND_LISTENER


def _security_policy(chain: _Chain) -> telemetry.SecurityPolicy:
    if chain.terminate:
        return telemetry.SecurityPolicy.MUTUAL_TLS
    return telemetry.SecurityPolicy.PASSTHROUGH if chain.transport == _TLS else telemetry.SecurityPolicy.NONE


def _alpn_offer(chain: _Chain, port: InboundPort) -> Sequence[str]:
    """What the application can be spoken to in.

    A sidecar that asks with Istio's names offers beside them only what it will speak, so that it may choose; anybody else (a
    curl with a certificate of the mesh) must not be led to HTTP/2 before an HTTP/1.1 application.
    """
    if chain.alpn and chain.http:
        return ("h2", "http/1.1")
    if port.kind is PortKind.HTTP:
        return ("h2",) if port.http2 else ("http/1.1",)
    return ()


def _listener_filters(spec: InboundSpec) -> list[m.ListenerFilter]:
    """Sniffing, except on ports where nothing depends on it: there a server may speak first.

    TLS is told apart wherever the mode is not DISABLE; HTTP where no protocol is declared, in every mode (see the module's
    docstring: the filters must not follow a switch of modes).
    """
    filters = [m.ListenerFilter(name="envoy.filters.listener.original_dst", typed_config=m.pack(m.OriginalDst()))]
    inspector = m.TlsInspector(initial_read_buffer_size=m.UInt32Value(value=_SNIFFED_BYTES))
    tls_ports = {port.number: port.mode is not MtlsMode.DISABLE for port in spec.ports}
    filters += _sniffer("envoy.filters.listener.tls_inspector", inspector, tls_ports, otherwise=spec.mode is not MtlsMode.DISABLE)
    http_ports = {port.number: port.kind is PortKind.AUTO for port in spec.ports}
    filters += _sniffer("envoy.filters.listener.http_inspector", m.HttpInspector(), http_ports, otherwise=True)
    return filters


def _sniffer(name: str, config: m.Message, needed: Mapping[int, bool], *, otherwise: bool) -> list[m.ListenerFilter]:
    """The filter, off on the ports that need it not; `otherwise` is for the ports not in `needed`. None at all where nobody needs it."""
    if not otherwise and not any(needed.values()):
        return []
    built = m.ListenerFilter(name=name, typed_config=m.pack(config))
    exceptions = [port for port, needs in needed.items() if needs != otherwise]
    if exceptions and otherwise:
        built.filter_disabled.CopyFrom(_any_of_ports(exceptions))
    elif exceptions:
        built.filter_disabled.not_match.CopyFrom(_any_of_ports(exceptions))
    return [built]


def _any_of_ports(ports: Sequence[int]) -> m.ListenerPredicate:
    rules = [m.ListenerPredicate(destination_port_range={"start": port, "end": port + 1}) for port in ports]
    # An or_match needs at least two rules.
    return rules[0] if len(rules) == 1 else m.ListenerPredicate(or_match={"rules": rules})
