"""A traffic policy's load balancer, connection pool and outlier detection -> ConnectionSettings."""

from datetime import timedelta

from hauberk.k8s.durations import parse_go_duration
from hauberk.k8s.fields import integer, mapping, text
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
    sizes = (_number(mapping(written, "maglev"), "tableSize"), _number(mapping(written, "ringHash"), "minimumRingSize"))
    return ConsistentHash(
        header=text(written, "httpHeaderName"),
        query_parameter=text(written, "httpQueryParameterName"),
        cookie=text(cookie, "name"),
        source_address=written.get("useSourceIp") is True,
        cookie_path=text(cookie, "path"),
        cookie_ttl=_duration(cookie, "ttl"),
        maglev=maglev is not None,
        size=sizes[0] if maglev is not None else sizes[1] or _number(written, "minimumRingSize"),
    )


def _pool(written: Manifest) -> ConnectionPool | None:
    if not written:
        return None
    tcp, http = mapping(written, "tcp"), mapping(written, "http")
    return ConnectionPool(
        max_connections=_number(tcp, "maxConnections"),
        connect_timeout=_duration(tcp, "connectTimeout"),
        max_pending_requests=_number(http, "http1MaxPendingRequests"),
        max_requests=_number(http, "http2MaxRequests"),
        max_requests_per_connection=_number(http, "maxRequestsPerConnection"),
        max_retries=_number(http, "maxRetries"),
        idle_timeout=_duration(http, "idleTimeout"),
        keepalive_time=_duration(mapping(tcp, "tcpKeepalive"), "time"),
    )


def _outlier(written: Manifest) -> OutlierDetection | None:
    if not written:
        return None
    return OutlierDetection(
        consecutive_5xx=_number(written, "consecutive5xxErrors" if "consecutive5xxErrors" in written else "consecutiveErrors"),
        consecutive_gateway_errors=_number(written, "consecutiveGatewayErrors"),
        interval=_duration(written, "interval"),
        base_ejection_time=_duration(written, "baseEjectionTime"),
        max_ejection_percent=_number(written, "maxEjectionPercent"),
        min_health_percent=_number(written, "minHealthPercent"),
    )


def _number(owner: Manifest, key: str) -> int | None:
    return None if owner.get(key) is None else integer(owner[key], key)


def _duration(owner: Manifest, key: str) -> timedelta | None:
    return None if owner.get(key) is None else parse_go_duration(str(owner[key]))
