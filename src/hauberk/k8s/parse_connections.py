"""A traffic policy's load balancer, connection pool and outlier detection -> ConnectionSettings."""

from hauberk.k8s.fields import mapping, optional_duration, optional_integer, text
from hauberk.k8s.kind import Manifest
from hauberk.model.connections import ConnectionPool, ConnectionSettings, ConsistentHash, LoadBalancer, OutlierDetection

__all__ = ["parse_connection_settings"]


def parse_connection_settings(policy: Manifest) -> ConnectionSettings:
    """Of a traffic policy or of one of its portLevelSettings."""
    return ConnectionSettings(
        load_balancer=_load_balancer(mapping(policy, "loadBalancer")),
        pool=_pool(mapping(policy, "connectionPool")),
        outlier=_outlier(mapping(policy, "outlierDetection")),
    )


def _load_balancer(written: Manifest) -> LoadBalancer | None:
    hashing = mapping(written, "consistentHash")
    if hashing:
        return LoadBalancer(consistent_hash=_consistent_hash(hashing))
    return LoadBalancer(text(written, "simple")) if written.get("simple") else None


def _consistent_hash(written: Manifest) -> ConsistentHash:
    cookie, maglev = mapping(written, "httpCookie"), written.get("maglev")
    sizes = (optional_integer(mapping(written, "maglev"), "tableSize"), optional_integer(mapping(written, "ringHash"), "minimumRingSize"))
    return ConsistentHash(
        header=text(written, "httpHeaderName"),
        query_parameter=text(written, "httpQueryParameterName"),
        cookie=text(cookie, "name"),
        source_address=written.get("useSourceIp") is True,
        cookie_path=text(cookie, "path"),
        cookie_ttl=optional_duration(cookie, "ttl"),
        maglev=maglev is not None,
        size=sizes[0] if maglev is not None else sizes[1] or optional_integer(written, "minimumRingSize"),
    )


def _pool(written: Manifest) -> ConnectionPool | None:
    if not written:
        return None
    tcp, http = mapping(written, "tcp"), mapping(written, "http")
    return ConnectionPool(
        max_connections=optional_integer(tcp, "maxConnections"),
        connect_timeout=optional_duration(tcp, "connectTimeout"),
        max_pending_requests=optional_integer(http, "http1MaxPendingRequests"),
        max_requests=optional_integer(http, "http2MaxRequests"),
        max_requests_per_connection=optional_integer(http, "maxRequestsPerConnection"),
        max_retries=optional_integer(http, "maxRetries"),
        idle_timeout=optional_duration(http, "idleTimeout"),
        keepalive_time=optional_duration(mapping(tcp, "tcpKeepalive"), "time"),
    )


def _outlier(written: Manifest) -> OutlierDetection | None:
    if not written:
        return None
    return OutlierDetection(
        consecutive_5xx=optional_integer(written, "consecutive5xxErrors" if "consecutive5xxErrors" in written else "consecutiveErrors"),
        consecutive_gateway_errors=optional_integer(written, "consecutiveGatewayErrors"),
        interval=optional_duration(written, "interval"),
        base_ejection_time=optional_duration(written, "baseEjectionTime"),
        max_ejection_percent=optional_integer(written, "maxEjectionPercent"),
        min_health_percent=optional_integer(written, "minHealthPercent"),
    )
