"""A router's TLS: secure servers of Gateways as filter chains by server name, and the secrets that those need.

Source: Istio core/gateway.go, secmodel (facts/istio-mtls.md 1.5). A server whose credential is not in the router's own namespace gets
no chain, so that its clients are refused and the other servers of the port go on; Envoy would hold back the whole listener for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hauberk.envoy import messages as m
from hauberk.envoy.addresses import ads_source
from hauberk.envoy.authorization import connection_filters, request_filters
from hauberk.envoy.network_filters import outbound_http
from hauberk.envoy.outbound.gateway import GatewayPort
from hauberk.envoy.outbound.tcp_routes import Shares, shares_of, tcp_filter
from hauberk.envoy.tls import downstream_mesh_tls, server_parameters
from hauberk.model.routing import TcpRoute
from hauberk.model.secret import TlsCredential
from hauberk.model.tls import MeshTls
from hauberk.model.traffic import Gateway, GatewayServer, ServerTls, ServerTlsMode
from hauberk.model.workload import Workload
from hauberk.policy.selectors import host_matches
from hauberk.view.mesh_view import MeshView

__all__ = ["CREDENTIAL_SUFFIX", "SecureServer", "build_secret", "needed_secrets", "secret_name", "secure_chains", "stream_chains"]

CREDENTIAL_SUFFIX = "-cacert"
_TERMINATING = frozenset({ServerTlsMode.SIMPLE, ServerTlsMode.MUTUAL, ServerTlsMode.OPTIONAL_MUTUAL})


@dataclass(frozen=True, slots=True)
class SecureServer:
    """A server with TLS, on the router's target port `port.target`; `port` holds only this server, for its routes."""

    gateway: Gateway
    server: GatewayServer
    tls: ServerTls
    port: GatewayPort


def secret_name(credential: str) -> str:
    """The name by which Envoy asks for a credential, as Istio's: `kubernetes://<name>`."""
    return f"kubernetes://{credential}"


def needed_secrets(view: MeshView, namespace: str, servers: Iterable[SecureServer]) -> dict[str, TlsCredential]:
    """By secret name, what a router in `namespace` may and must have for its servers."""
    found: dict[str, TlsCredential] = {}
    for entry in servers:
        credential, authorities = _credentials(view, namespace, entry.tls)
        if credential is not None:
            found[secret_name(entry.tls.credential)] = credential
        if authorities is not None and entry.tls.mode is not ServerTlsMode.SIMPLE:
            found[secret_name(entry.tls.credential + CREDENTIAL_SUFFIX)] = authorities
    return found


def build_secret(name: str, credential: TlsCredential) -> m.Secret:
    """The secret as Envoy takes it: roots where the name ends in `-cacert`, else certificate and key."""
    secret = m.Secret(name=name)
    if name.endswith(CREDENTIAL_SUFFIX):
        secret.validation_context.trusted_ca.inline_bytes = credential.authorities
    else:
        secret.tls_certificate.certificate_chain.inline_bytes = credential.certificate
        secret.tls_certificate.private_key.inline_bytes = credential.key
    return secret


def secure_chains(view: MeshView, workload: Workload, entry: SecureServer) -> list[m.FilterChain]:
    """The chains of one server: requests, connections whose TLS ends here, or ones that pass by server name."""
    if entry.tls.mode is ServerTlsMode.PASSTHROUGH:
        return _passing_chains(view, workload, entry)
    socket = _socket(view, workload.namespace, entry)
    if socket is None:
        return []
    authorization, domain = view.authorization(workload), view.settings.trust_domain.name
    if entry.server.protocol == "HTTPS":
        name = f"outbound_0.0.0.0_{entry.port.target}"
        filters = [outbound_http(name, entry.port.route_name, edge=True, filters=request_filters(authorization, domain))]
    else:
        shares = _bound_tcp(view, entry.gateway, entry.server)
        if not shares:
            return []
        filters = _stream_filters(view, workload, shares)
    return [m.FilterChain(filter_chain_match=_names(entry.server.hosts), filters=filters, transport_socket=socket)]


def stream_chains(view: MeshView, workload: Workload, gateway: Gateway, server: GatewayServer) -> list[m.FilterChain]:
    """The chain of a TCP server: all its bytes go as the first route of a bound VirtualService says."""
    shares = _bound_tcp(view, gateway, server)
    return [m.FilterChain(filters=_stream_filters(view, workload, shares))] if shares else []


def _stream_filters(view: MeshView, workload: Workload, shares: Shares) -> list[m.Filter]:
    return [*connection_filters(view.authorization(workload), view.settings.trust_domain.name), tcp_filter(shares)]


def _socket(view: MeshView, namespace: str, entry: SecureServer) -> m.TransportSocket | None:
    tls = entry.tls
    alpn = ["h2", "http/1.1"] if entry.server.protocol == "HTTPS" else []
    if tls.mode is ServerTlsMode.ISTIO_MUTUAL:
        # Whoever has a certificate of the mesh's CA; Istio does not look at the trust domain here either.
        return _tls_socket(downstream_mesh_tls([], alpn, view.settings.tls))
    credential, authorities = _credentials(view, namespace, tls)
    if tls.mode not in _TERMINATING or credential is None or (tls.mode is not ServerTlsMode.SIMPLE and authorities is None):
        return None
    common = m.CommonTlsContext(alpn_protocols=alpn)
    common.tls_params.CopyFrom(_parameters(tls, view.settings.tls))
    common.tls_certificate_sds_secret_configs.append(_by_ads(secret_name(tls.credential)))
    if tls.mode is not ServerTlsMode.SIMPLE:
        combined = common.combined_validation_context
        combined.validation_context_sds_secret_config.CopyFrom(_by_ads(secret_name(tls.credential + CREDENTIAL_SUFFIX)))
        combined.default_validation_context.SetInParent()
        for name in tls.subject_alt_names:
            kind = m.SubjectAltNameMatcher.URI if "://" in name else m.SubjectAltNameMatcher.DNS
            combined.default_validation_context.match_typed_subject_alt_names.add(san_type=kind, matcher={"exact": name})
    context = m.DownstreamTlsContext(common_tls_context=common)
    if tls.mode is not ServerTlsMode.SIMPLE:
        context.require_client_certificate.value = tls.mode is ServerTlsMode.MUTUAL
    return _tls_socket(context)


def _parameters(tls: ServerTls, mesh: MeshTls) -> m.TlsParameters:
    """What the Gateway says, else `controlPlane.tls` of the mesh, else Envoy's own ciphers: browsers come here, not sidecars."""
    parameters = server_parameters(mesh)
    if mesh.post_quantum:
        return parameters
    if tls.min_version:
        parameters.tls_minimum_protocol_version = tls.min_version
    if tls.max_version:
        parameters.tls_maximum_protocol_version = tls.max_version
    if tls.cipher_suites or not mesh.cipher_suites:
        del parameters.cipher_suites[:]
        parameters.cipher_suites.extend(tls.cipher_suites)
    return parameters


def _tls_socket(context: m.DownstreamTlsContext) -> m.TransportSocket:
    return m.TransportSocket(name="envoy.transport_sockets.tls", typed_config=m.pack(context))


def _by_ads(name: str) -> m.SdsSecretConfig:
    return m.SdsSecretConfig(name=name, sds_config=ads_source())


def _credentials(view: MeshView, namespace: str, tls: ServerTls) -> tuple[TlsCredential | None, TlsCredential | None]:
    """Certificate and roots of a server, from the router's own namespace only: another's keys are not its to have."""
    if not tls.credential:
        return None, None
    own = view.credentials.get((namespace, tls.credential))
    separate = view.credentials.get((namespace, tls.credential + CREDENTIAL_SUFFIX))
    authorities = next((found for found in (separate, own) if found is not None and found.authorities), None)
    return (own if own is not None and own.serves else None), authorities


def _passing_chains(view: MeshView, workload: Workload, entry: SecureServer) -> list[m.FilterChain]:
    """TLS that is not ended here, by the `tls` routes of bound VirtualServices; each server name once."""
    chains: dict[str, Shares] = {}
    for rule in view.virtual_services:
        if entry.gateway.key in rule.gateways:
            for route in rule.tls:
                for host in _passed_names(route, entry.server):
                    chains.setdefault(host, shares_of(view, route, entry.server.port))
    return [
        m.FilterChain(filter_chain_match=_names([host]), filters=_stream_filters(view, workload, shares))
        for host, shares in chains.items()
        if shares
    ]


def _passed_names(route: TcpRoute, server: GatewayServer) -> Iterator[str]:
    for match in route.matches:
        if match.port in (None, server.port):
            yield from (host for host in match.sni_hosts if any(host_matches(own, host) for own in server.hosts))


def _bound_tcp(view: MeshView, gateway: Gateway, server: GatewayServer) -> Shares:
    for rule in view.virtual_services:
        if gateway.key in rule.gateways:
            for route in rule.tcp:
                if not route.matches or any(match.port in (None, server.port) for match in route.matches):
                    return shares_of(view, route, server.port)
    return ()


def _names(hosts: Sequence[str]) -> m.FilterChainMatch:
    names = [] if "*" in hosts else list(hosts)
    return m.FilterChainMatch(server_names=names, transport_protocol="tls")
