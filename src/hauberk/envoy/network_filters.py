"""Network filters: the TCP proxy and the HTTP connection manager, as outbound and inbound use them."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from hauberk.envoy import messages as m
from hauberk.envoy import telemetry
from hauberk.envoy.addresses import ads_source

__all__ = [
    "BLACK_HOLE",
    "CORS_FILTER",
    "FAULT_FILTER",
    "PASSTHROUGH",
    "inbound_tcp",
    "outbound_http",
    "outbound_tcp",
    "plain_tcp",
    "tls_inspector",
]

BLACK_HOLE = "BlackHoleCluster"
PASSTHROUGH = "PassthroughCluster"
FAULT_FILTER, CORS_FILTER = "envoy.filters.http.fault", "envoy.filters.http.cors"
_EARLY_BYTES = 16 * 1024
"""What is read from a client while its application is being connected; demanded where that waits for the handshake."""


def plain_tcp(cluster: str) -> m.Filter:
    """Bytes to `cluster`, not counted: for what leads nowhere."""
    return _filter("envoy.filters.network.tcp_proxy", m.TcpProxy(stat_prefix=cluster, cluster=cluster))


def outbound_tcp(cluster: str, shares: Iterable[tuple[str, int]] = ()) -> m.Filter:
    """Bytes to `cluster`, or to clusters by weight, counted by the identities and TLS of the upstream connection."""
    proxy = m.TcpProxy(stat_prefix=cluster, access_log=[telemetry.outbound_tcp_log()])
    for name, weight in shares:
        proxy.weighted_clusters.clusters.add(name=name, weight=weight)
    if not proxy.HasField("weighted_clusters"):
        proxy.cluster = cluster
    proxy.access_log_options.flush_access_log_on_connected = True
    return _filter("envoy.filters.network.tcp_proxy", proxy)


def inbound_tcp(cluster: str, port: str, policy: telemetry.SecurityPolicy, *, audited: bool = False) -> m.Filter:
    """Bytes to the application, counted by the identities and TLS of the client's connection.

    Never ended for idleness: when to drop a kept-alive connection is the client's to say, and a drop of ours could hit a request.
    """
    logs = [*telemetry.inbound_logs(port, policy), *([telemetry.audited_connections_log()] if audited else [])]
    proxy = m.TcpProxy(stat_prefix=cluster, cluster=cluster, access_log=logs)
    if policy is telemetry.SecurityPolicy.MUTUAL_TLS:
        # Else the application is connected before the client has proved who it is, and the count would not know it either.
        proxy.upstream_connect_mode = m.UpstreamConnectMode.Value("ON_DOWNSTREAM_TLS_HANDSHAKE")
        proxy.max_early_data_bytes.value = _EARLY_BYTES
    proxy.idle_timeout.CopyFrom(m.duration(timedelta(0)))
    proxy.access_log_options.flush_access_log_on_connected = True
    return _filter("envoy.filters.network.tcp_proxy", proxy)


def outbound_http(stat_prefix: str, route_config_name: str, *, edge: bool = False, filters: Sequence[m.HttpFilter] = ()) -> m.Filter:
    """Requests, routed by a route configuration from discovery. `edge`: the clients are outside the mesh (gateways)."""
    manager = m.HttpConnectionManager(
        stat_prefix=stat_prefix,
        rds=m.Rds(config_source=ads_source(), route_config_name=route_config_name),
        http_filters=_http_filters(filters),
        access_log=[telemetry.outbound_http_log(), telemetry.failed_requests_log()],
        normalize_path=m.BoolValue(value=True),
        upgrade_configs=[{"upgrade_type": "websocket"}],
        use_remote_address=m.BoolValue(value=edge),
        # The application's own Server header goes through; a gateway names itself as Istio's do.
        server_header_transformation=m.HttpConnectionManager.OVERWRITE if edge else m.HttpConnectionManager.PASS_THROUGH,
        server_name="istio-envoy" if edge else "",
    )
    if edge:  # whoever is outside may not claim to be somebody; who proves it by a certificate is named
        manager.forward_client_cert_details = m.HttpConnectionManager.SANITIZE_SET
        manager.set_current_client_cert_details.subject.value = True
        manager.set_current_client_cert_details.uri = manager.set_current_client_cert_details.dns = True
    # HTTP/1.0 would else fall through as opaque bytes, past routing and mTLS.
    manager.http_protocol_options.accept_http_10 = True
    manager.stream_idle_timeout.CopyFrom(m.duration(timedelta(0)))
    return _filter("envoy.filters.network.http_connection_manager", manager)


def tls_inspector() -> m.ListenerFilter:
    """What tells TLS and its server name, for filter chains that are chosen by them."""
    return m.ListenerFilter(name="envoy.filters.listener.tls_inspector", typed_config=m.pack(m.TlsInspector()))


def _http_filters(first: Sequence[m.HttpFilter]) -> list[m.HttpFilter]:
    """`first`, then faults and CORS, which only those routes wake that hold settings for them."""
    return [
        *first,
        m.HttpFilter(name=FAULT_FILTER, typed_config=m.pack(m.Fault()), disabled=True),
        m.HttpFilter(name=CORS_FILTER, typed_config=m.pack(m.CorsFilter()), disabled=True),
        m.HttpFilter(name="envoy.filters.http.router", typed_config=m.pack(m.Router())),
    ]


def _filter(name: str, config: m.Message) -> m.Filter:
    return m.Filter(name=name, typed_config=m.pack(config))
