"""Measured mTLS: what Envoy counts about every connection and request, by the identities and TLS that were really used.

Stock Envoy's stats access logger, in place of Istio's own extensions (architecture.md section 7). Where it says so in
`/stats/prometheus` (each name there has the prefix `envoy_hauberk_`):

    envoy_hauberk_inbound_connections_total   server side, when a connection was forwarded to the application
        port                  workload port, or `other` for ports that no Service declares
        source_principal      SPIFFE ID of the client's certificate, empty without one
        destination_principal SPIFFE ID of our own, empty in plaintext
        tls_version, cipher   of the connection, empty in plaintext
        security_policy       `mutual_tls`, `none` (plaintext) or `passthrough` (TLS that is not ours to end)
        source                client address (without port), where the client shows no identity: not with `mutual_tls`
    envoy_hauberk_inbound_received_bytes_total, envoy_hauberk_inbound_sent_bytes_total
        the same labels but `source`, counted when the connection ends; a handshake that failed shows here too, with 0 and no
        source_principal
    envoy_hauberk_inbound_requests_total      server side, where requests are read (inbound HTTP chains), when a request ends
        port, source_principal, destination_principal, tls_version, cipher, security_policy, source, response_code, response_flags
    envoy_hauberk_refused_connections_total   server side, connections that no filter chain takes: plaintext to STRICT
        source                client address (without port)
        reason                Envoy's detail, `filter_chain_not_found`
    envoy_hauberk_requests_total              client side, HTTP, when a request ends
        upstream_cluster      `outbound|<port>|<subset>|<hostname>`: the destination; empty where no route matched
        response_code         of the answer, 0 where none was sent
        response_flags        Envoy's, `-` for none
        failure               why the upstream's TLS failed, in Envoy's words; empty where it did not
        source_principal      our own SPIFFE ID as the server saw it
        destination_principal SPIFFE ID that the server proved
        tls_version, cipher   of the upstream connection; all four empty: it was plaintext, or there was no connection
    envoy_hauberk_outbound_connections_total  client side, TCP, when the upstream is connected
        upstream_cluster, source_principal, destination_principal, tls_version, cipher

A counter lives as long as its filter chain: it starts again from 0 when a change replaces the chain (for mTLS connections that is
not so when a mode is switched between PERMISSIVE and STRICT: inbound/listener.py). On the client side mutual_tls means that both
principals are known. The other end of an edge is the proxy that was asked.
Cardinality is bounded: principals by the mesh's service accounts (certificates were verified), addresses by the pods that can
reach this one, clusters and ports by configuration.
"""

from collections.abc import Mapping
from enum import StrEnum

from hauberk.envoy import messages as m

__all__ = [
    "SecurityPolicy",
    "audited_connections_log",
    "failed_requests_log",
    "inbound_http_logs",
    "inbound_logs",
    "outbound_http_log",
    "outbound_tcp_log",
    "refused_log",
]

_NAME = "envoy.access_loggers.stats"
_PREFIX = "hauberk"
_CLIENT_ADDRESS = "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"
_DOWNSTREAM = {
    "source_principal": "%DOWNSTREAM_PEER_URI_SAN%",
    "destination_principal": "%DOWNSTREAM_LOCAL_URI_SAN%",
    "tls_version": "%DOWNSTREAM_TLS_VERSION%",
    "cipher": "%DOWNSTREAM_TLS_CIPHER%",
}
_UPSTREAM = {
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "source_principal": "%UPSTREAM_LOCAL_URI_SAN%",
    "destination_principal": "%UPSTREAM_PEER_URI_SAN%",
    "tls_version": "%UPSTREAM_TLS_VERSION%",
    "cipher": "%UPSTREAM_TLS_CIPHER%",
}


class SecurityPolicy(StrEnum):
    """Istio's `connection_security_policy`, and one for TLS that passes through unended."""

    MUTUAL_TLS = "mutual_tls"
    NONE = "none"
    PASSTHROUGH = "passthrough"


def inbound_logs(port: str, policy: SecurityPolicy) -> list[m.AccessLog]:
    """For the TCP proxy of an inbound chain; needs `flush_access_log_on_connected`."""
    tags = {"port": port, **_DOWNSTREAM, "security_policy": policy.value}
    connected = _counter("inbound_connections_total", tags | _source(policy))
    received = _counter("inbound_received_bytes_total", tags, "%BYTES_RECEIVED%")
    sent = _counter("inbound_sent_bytes_total", tags, "%BYTES_SENT%")
    return [_log([connected], _only("TcpUpstreamConnected")), _log([received, sent], _only("TcpConnectionEnd"))]


def inbound_http_logs(port: str, policy: SecurityPolicy) -> list[m.AccessLog]:
    """For the HTTP connection manager of an inbound chain."""
    tags = {
        "port": port,
        **_DOWNSTREAM,
        "security_policy": policy.value,
        **_source(policy),
        "response_code": "%RESPONSE_CODE%",
        "response_flags": "%RESPONSE_FLAGS%",
    }
    line = "[%START_TIME%] AUDIT %REQ(:METHOD)% %REQ(:AUTHORITY)%%PATH(NQ:PATH)% %RESPONSE_CODE%"
    return [_log([_counter("inbound_requests_total", tags)], _only("DownstreamEnd")), _audit_log(line)]


def _source(policy: SecurityPolicy) -> dict[str, str]:
    """Who called, where no certificate says it: how a client outside the mesh is found."""
    return {} if policy is SecurityPolicy.MUTUAL_TLS else {"source": _CLIENT_ADDRESS}


def audited_connections_log() -> m.AccessLog:
    """For the TCP proxy of an inbound chain on which an AUDIT policy looks."""
    return _audit_log("[%START_TIME%] AUDIT connection")


def _audit_log(line: str) -> m.AccessLog:
    """On the sidecar's standard output, what an AUDIT policy has marked (the hint that RBAC's action LOG leaves)."""
    hint = {"filter": "envoy.common", "path": [{"key": "access_log_hint"}], "value": {"bool_match": True}}
    marked = m.AccessLogFilter(metadata_filter=m.MetadataFilter(matcher=hint, match_if_key_not_found=m.BoolValue(value=False)))
    text = f'{line} from="%DOWNSTREAM_PEER_URI_SAN%" address=%DOWNSTREAM_REMOTE_ADDRESS% to=%DOWNSTREAM_LOCAL_ADDRESS%\n'
    config = m.StdoutAccessLog(log_format={"text_format_source": {"inline_string": text}})
    return m.AccessLog(name="envoy.access_loggers.stdout", filter=marked, typed_config=m.pack(config))


def refused_log() -> m.AccessLog:
    """For the inbound listener itself: what no filter chain took (flag NR)."""
    tags = {"source": _CLIENT_ADDRESS, "reason": "%RESPONSE_CODE_DETAILS%"}
    no_route = m.AccessLogFilter(response_flag_filter=m.ResponseFlagFilter(flags=["NR"]))
    return _log([_counter("refused_connections_total", tags)], no_route)


def failed_requests_log() -> m.AccessLog:
    """For an outbound HTTP connection manager: a line on the sidecar's standard output for each request that Envoy failed.

    Only those (a response flag is set), so that the log is quiet while all is well. The last three fields say what an answer
    of 503 does not: which upstream, and what its TLS said.
    """
    line = (
        "[%START_TIME%] %REQ(:METHOD)% %REQ(:AUTHORITY)%%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% "
        '%RESPONSE_CODE_DETAILS% cluster=%UPSTREAM_CLUSTER_RAW% upstream=%UPSTREAM_HOST% tls="%UPSTREAM_TRANSPORT_FAILURE_REASON%"\n'
    )
    config = m.StdoutAccessLog(log_format={"text_format_source": {"inline_string": line}})
    failed = m.AccessLogFilter(response_flag_filter=m.ResponseFlagFilter())
    return m.AccessLog(name="envoy.access_loggers.stdout", filter=failed, typed_config=m.pack(config))


def outbound_http_log() -> m.AccessLog:
    """For an outbound HTTP connection manager."""
    tags = {
        **_UPSTREAM,
        "response_code": "%RESPONSE_CODE%",
        "response_flags": "%RESPONSE_FLAGS%",
        "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    }
    return _log([_counter("requests_total", tags)], _only("DownstreamEnd"))


def outbound_tcp_log() -> m.AccessLog:
    """For an outbound TCP proxy; needs `flush_access_log_on_connected`."""
    return _log([_counter("outbound_connections_total", _UPSTREAM)], _only("TcpUpstreamConnected"))


def _only(log_type: str) -> m.AccessLogFilter:
    return m.AccessLogFilter(log_type_filter=m.LogTypeFilter(types=[log_type]))


def _counter(name: str, tags: Mapping[str, str], value: str = "") -> m.StatsAccessLog.Counter:
    stat = {"name": name, "tags": [{"name": tag, "value_format": written} for tag, written in tags.items()]}
    if value:
        return m.StatsAccessLog.Counter(stat=stat, value_format=value)
    return m.StatsAccessLog.Counter(stat=stat, value_fixed=m.UInt64Value(value=1))


def _log(counters: list[m.StatsAccessLog.Counter], only: m.AccessLogFilter) -> m.AccessLog:
    # Deprecated since 1.39 for `stats_scope`, which xds-protos does not know yet; one of the two is demanded.
    config = m.StatsAccessLog(stat_prefix=_PREFIX, counters=counters)
    return m.AccessLog(name=_NAME, filter=only, typed_config=m.pack(config))
