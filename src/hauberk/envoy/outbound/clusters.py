"""Clusters: those of Services from their specs, and the two for what the mesh does not know.

Source: Istio core/cluster.go, cluster_builder.go, cluster_tls.go (facts/istio-mtls.md 2.1, 2.2, 4).
"""

from collections.abc import Sequence

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy import tls
from hauberk.envoy.addresses import ads_source, socket_address
from hauberk.envoy.network_filters import BLACK_HOLE, PASSTHROUGH
from hauberk.envoy.original_destination import CONNECT_TIMEOUT, original_destination_cluster
from hauberk.envoy.outbound.cluster_settings import apply_settings
from hauberk.envoy.outbound.cluster_specs import ClusterSpec
from hauberk.model.traffic import TlsMode

__all__ = [
    "build_black_hole",
    "build_cluster",
    "build_passthrough",
]

_UNLIMITED = 2**32 - 1
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def build_cluster(spec: ClusterSpec) -> m.Cluster:
    """An outbound cluster."""
    cluster = _of_type(spec)
    cluster.circuit_breakers.CopyFrom(_no_limits())
    apply_settings(cluster, spec.settings)
    cluster.metadata.filter_metadata["istio"].update(
        {"services": [{"host": spec.hostname, "name": spec.service, "namespace": spec.namespace}]}
    )
    _secure(cluster, spec)
    if spec.http:
        cluster.typed_extension_protocol_options[_HTTP_OPTIONS].CopyFrom(m.pack(_http_options(spec)))
    return cluster


def build_passthrough() -> m.Cluster:
    """Destinations that the mesh does not know, as the application addressed them."""
    return original_destination_cluster(PASSTHROUGH)


def build_black_hole() -> m.Cluster:
    """Nowhere."""
    cluster = m.Cluster(name=BLACK_HOLE, type=m.Cluster.STATIC)
    cluster.connect_timeout.CopyFrom(m.duration(CONNECT_TIMEOUT))
    return cluster


def _of_type(spec: ClusterSpec) -> m.Cluster:
    if spec.original_destination:
        return original_destination_cluster(spec.name)
    return _dns(spec) if spec.dns else _eds(spec.name)


def _dns(spec: ClusterSpec) -> m.Cluster:
    cluster = m.Cluster(name=spec.name, type=m.Cluster.STRICT_DNS, lb_policy=m.Cluster.LEAST_REQUEST, dns_lookup_family="V4_ONLY")
    cluster.connect_timeout.CopyFrom(m.duration(CONNECT_TIMEOUT))
    cluster.respect_dns_ttl = True
    endpoints = [m.LbEndpoint(endpoint={"address": socket_address(name, port)}) for name, port in spec.dns]
    cluster.load_assignment.CopyFrom(m.ClusterLoadAssignment(cluster_name=spec.name, endpoints=[{"lb_endpoints": endpoints}]))
    return cluster


def _eds(name: str) -> m.Cluster:
    cluster = m.Cluster(name=name, type=m.Cluster.EDS, lb_policy=m.Cluster.LEAST_REQUEST)
    cluster.eds_cluster_config.eds_config.CopyFrom(ads_source())
    cluster.eds_cluster_config.service_name = name
    cluster.connect_timeout.CopyFrom(m.duration(CONNECT_TIMEOUT))
    return cluster


def _no_limits() -> m.CircuitBreakers:
    """Envoy's own defaults of 1,024 would drop requests that nobody asked to be limited."""
    limit = m.UInt32Value(value=_UNLIMITED)
    thresholds = {"max_connections": limit, "max_pending_requests": limit, "max_requests": limit, "max_retries": limit}
    return m.CircuitBreakers(thresholds=[thresholds])


def _secure(cluster: m.Cluster, spec: ClusterSpec) -> None:
    """Auto mTLS is chosen per endpoint by its metadata; explicit settings hold for all of them."""
    if spec.tls is None:
        if not spec.auto_mtls:
            return
        if spec.original_destination:
            cluster.transport_socket.CopyFrom(_mesh_socket(spec))
            return
        cluster.transport_socket_matches.add(
            name="tlsMode-istio", match=m.struct({"tlsMode": names.TLS_MODE_ISTIO}), transport_socket=_mesh_socket(spec)
        )
        cluster.transport_socket_matches.add(name="tlsMode-disabled", match=m.struct({}), transport_socket=tls.raw_socket())
    elif spec.tls.mode is TlsMode.ISTIO_MUTUAL:
        cluster.transport_socket.CopyFrom(_mesh_socket(spec))
    elif spec.tls.mode in {TlsMode.SIMPLE, TlsMode.MUTUAL}:
        context = tls.upstream_file_tls(spec.tls, spec.os_ca_bundle, ["h2"] if spec.http2 else [])
        cluster.transport_socket.CopyFrom(tls.upstream_socket(context))


def _mesh_socket(spec: ClusterSpec) -> m.TransportSocket:
    context = tls.upstream_mesh_tls(spec.sni, spec.identities, spec.trust_domains, _mesh_alpn(spec), post_quantum=spec.post_quantum)
    return tls.upstream_socket(context)


def _mesh_alpn(spec: ClusterSpec) -> Sequence[str]:
    """`istio` is what a PERMISSIVE server's filter chains look for; no server offers it, so that alone nothing is negotiated."""
    return ["istio", "h2"] if spec.http2 else ["istio"]


def _http_options(spec: ClusterSpec) -> m.HttpProtocolOptions:
    options = m.HttpProtocolOptions()
    if spec.http2:
        options.explicit_http_config.http2_protocol_options.SetInParent()
    else:
        options.explicit_http_config.http_protocol_options.SetInParent()
    pool = spec.settings.pool
    if pool is not None and pool.max_requests_per_connection:
        options.common_http_protocol_options.max_requests_per_connection.value = pool.max_requests_per_connection
    if pool is not None and pool.idle_timeout is not None:
        options.common_http_protocol_options.idle_timeout.CopyFrom(m.duration(pool.idle_timeout))
    if _takes_name_from_request(spec):
        options.upstream_http_protocol_options.auto_sni = True
        options.upstream_http_protocol_options.auto_san_validation = spec.tls is not None and not spec.tls.insecure_skip_verify
    return options


def _takes_name_from_request(spec: ClusterSpec) -> bool:
    """SIMPLE and MUTUAL without a name of their own expect the host that the client asked for."""
    tls_settings = spec.tls
    if tls_settings is None or tls_settings.mode not in {TlsMode.SIMPLE, TlsMode.MUTUAL}:
        return False
    return not tls_settings.sni and not tls_settings.subject_alt_names
