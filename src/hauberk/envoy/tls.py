"""TLS contexts: the mesh's own on both sides, and a client's from files.

Source: Istio authn/utils/utils.go, secmodel/authentication.go, core/cluster_tls.go (facts/istio-mtls.md 1.4, 2.2). Deviations, with
reasons: `istio-peer-exchange` is not offered, since stock Envoy has no metadata exchange (4.1); SANs are matched by type, since
the untyped field is deprecated; X25519MLKEM768 comes first between our own proxies.
"""

from collections.abc import Sequence
from datetime import timedelta

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.model.tls import CIPHER_SUITES, CURVES, MeshTls, TlsVersion
from hauberk.model.traffic import ClientTls, TlsMode

__all__ = [
    "MESH_CURVES",
    "downstream_mesh_socket",
    "downstream_mesh_tls",
    "mesh_certificate",
    "raw_socket",
    "server_parameters",
    "upstream_file_tls",
    "upstream_mesh_tls",
    "upstream_socket",
]

MESH_CURVES = ("X25519MLKEM768", "X25519", "P-256")
"""P-256 stays at the end: in TLS 1.2 a list without it fails every P-256 certificate."""
_CLIENT_CURVES = (*MESH_CURVES, "P-384", "P-521")
"""Clients offer what any server of the mesh may be limited to, so that `controlPlane.tls.ecdhCurves` is the server's to change."""
_DEFAULT_TLS = MeshTls()
_SERVER_CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
)
"""For TLS 1.2; those of 1.3 are fixed."""
_ENVOY_VERSIONS = {
    TlsVersion.V1_0: m.TlsParameters.TLSv1_0,
    TlsVersion.V1_1: m.TlsParameters.TLSv1_1,
    TlsVersion.V1_2: m.TlsParameters.TLSv1_2,
    TlsVersion.V1_3: m.TlsParameters.TLSv1_3,
}
_SAN_URI, _SAN_DNS = m.SubjectAltNameMatcher.URI, m.SubjectAltNameMatcher.DNS


def downstream_mesh_tls(trust_domains: Sequence[str], alpn: Sequence[str], tls: MeshTls = _DEFAULT_TLS) -> m.DownstreamTlsContext:
    """What an inbound chain terminates: any certificate of the mesh's CA whose SPIFFE ID is in one of `trust_domains`, and none without."""
    common = _mesh_common(alpn, [_san(_SAN_URI, prefix=_domain_prefix(domain)) for domain in trust_domains], server_parameters(tls))
    return m.DownstreamTlsContext(common_tls_context=common, require_client_certificate=m.BoolValue(value=True))


def server_parameters(tls: MeshTls) -> m.TlsParameters:
    """TLS of a server of the mesh, sidecar or gateway: the mesh's own choice where `tls` says nothing."""
    if tls.post_quantum:
        return _post_quantum()
    curves = [CURVES[curve] for curve in tls.ecdh_curves] or MESH_CURVES
    ciphers = [CIPHER_SUITES[suite] for suite in tls.cipher_suites] or _SERVER_CIPHERS
    return m.TlsParameters(
        tls_minimum_protocol_version=_ENVOY_VERSIONS[tls.lowest],
        tls_maximum_protocol_version=_ENVOY_VERSIONS[tls.highest],
        cipher_suites=ciphers,
        ecdh_curves=curves,
    )


def upstream_mesh_tls(
    sni: str, identities: Sequence[str], trust_domains: Sequence[str], alpn: Sequence[str], *, post_quantum: bool = False
) -> m.UpstreamTlsContext:
    """What a client sends as mesh mTLS, accepting exactly `identities` (SPIFFE IDs); `post_quantum` demands that key exchange.

    Where none is known any identity of the trust domains is accepted. Istio then checks the chain alone.
    """
    sans = [_san_of(identity) for identity in identities] or [_san(_SAN_URI, prefix=_domain_prefix(domain)) for domain in trust_domains]
    parameters = _post_quantum() if post_quantum else _versions(_CLIENT_CURVES)
    return m.UpstreamTlsContext(common_tls_context=_mesh_common(alpn, sans, parameters), sni=sni)


def upstream_file_tls(tls: ClientTls, os_ca_bundle: str, alpn: Sequence[str]) -> m.UpstreamTlsContext:
    """SIMPLE and MUTUAL: roots, and for MUTUAL a certificate, from files as the sidecar sees them."""
    # Envoy's client side stops at TLS 1.2 unless it is told otherwise.
    common = m.CommonTlsContext(tls_params=_versions(), alpn_protocols=alpn)
    # Without files (a credentialName, which sidecars do not take) still TLS: the server refuses, where plaintext would leak.
    if tls.mode is TlsMode.MUTUAL and tls.client_certificate:
        common.tls_certificates.append(
            m.TlsCertificate(certificate_chain={"filename": tls.client_certificate}, private_key={"filename": tls.private_key})
        )
    if not tls.insecure_skip_verify:
        common.validation_context.trusted_ca.filename = tls.ca_certificates or os_ca_bundle
        common.validation_context.match_typed_subject_alt_names.extend(_san_of(name) for name in tls.subject_alt_names)
    return m.UpstreamTlsContext(common_tls_context=common, sni=tls.sni)


def upstream_socket(context: m.UpstreamTlsContext) -> m.TransportSocket:
    """A transport socket of an UpstreamTlsContext."""
    return m.TransportSocket(name="envoy.transport_sockets.tls", typed_config=m.pack(context))


def downstream_mesh_socket(trust_domains: Sequence[str], alpn: Sequence[str], tls: MeshTls = _DEFAULT_TLS) -> m.TransportSocket:
    """A transport socket of `downstream_mesh_tls`."""
    return m.TransportSocket(name="envoy.transport_sockets.tls", typed_config=m.pack(downstream_mesh_tls(trust_domains, alpn, tls)))


def raw_socket() -> m.TransportSocket:
    """Plaintext."""
    return m.TransportSocket(name="envoy.transport_sockets.raw_buffer", typed_config=m.pack(m.RawBuffer()))


def mesh_certificate(common: m.CommonTlsContext, sans: Sequence[m.SubjectAltNameMatcher]) -> None:
    """Let `common` use the workload's certificate and the mesh's roots, from the files that the agent renews."""
    common.tls_certificate_sds_secret_configs.append(_file_secret(names.SDS_CERTIFICATE, names.SDS_CERTIFICATE_FILE))
    combined = common.combined_validation_context
    combined.default_validation_context.match_typed_subject_alt_names.extend(sans)
    combined.validation_context_sds_secret_config.CopyFrom(_file_secret(names.SDS_ROOT, names.SDS_ROOT_FILE))


def _mesh_common(alpn: Sequence[str], sans: Sequence[m.SubjectAltNameMatcher], parameters: m.TlsParameters) -> m.CommonTlsContext:
    common = m.CommonTlsContext(tls_params=parameters, alpn_protocols=alpn)
    mesh_certificate(common, sans)
    return common


def _post_quantum() -> m.TlsParameters:
    """Key exchange that a quantum computer cannot undo later. TLS 1.2 has none."""
    return m.TlsParameters(tls_minimum_protocol_version="TLSv1_3", tls_maximum_protocol_version="TLSv1_3", ecdh_curves=[MESH_CURVES[0]])


def _versions(curves: Sequence[str] = ()) -> m.TlsParameters:
    return m.TlsParameters(tls_minimum_protocol_version="TLSv1_2", tls_maximum_protocol_version="TLSv1_3", ecdh_curves=curves)


def _file_secret(name: str, file: str) -> m.SdsSecretConfig:
    """A secret from a file; only with `watched_directory` is the agent's rename of `current` seen, a removed root included."""
    source = m.PathConfigSource(path=f"{names.CREDENTIALS_CURRENT}/{file}", watched_directory={"path": names.CREDENTIALS_DIR})
    config = m.ConfigSource(path_config_source=source, resource_api_version="V3")
    config.initial_fetch_timeout.CopyFrom(m.duration(timedelta(0)))
    return m.SdsSecretConfig(name=name, sds_config=config)


def _domain_prefix(trust_domain: str) -> str:
    return f"spiffe://{trust_domain}/"


def _san_of(name: str) -> m.SubjectAltNameMatcher:
    """A DestinationRule's subjectAltNames do not say their type: what has a scheme is a URI, the rest are DNS names."""
    return _san(_SAN_URI if "://" in name else _SAN_DNS, exact=name)


def _san(kind: int, *, exact: str | None = None, prefix: str | None = None) -> m.SubjectAltNameMatcher:
    return m.SubjectAltNameMatcher(san_type=kind, matcher={"exact": exact} if exact is not None else {"prefix": prefix})
