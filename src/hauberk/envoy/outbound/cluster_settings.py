"""A DestinationRule's load balancer, connection pool and outlier detection on a cluster.

Source: Istio core/cluster_traffic_policy.go.
"""

from hauberk.envoy import messages as m
from hauberk.model.connections import ConnectionPool, ConnectionSettings, ConsistentHash, LoadBalancer, OutlierDetection

__all__ = ["apply_settings"]

_POLICIES = {"ROUND_ROBIN": "ROUND_ROBIN", "RANDOM": "RANDOM", "LEAST_CONN": "LEAST_REQUEST", "LEAST_REQUEST": "LEAST_REQUEST"}
_RING_SIZE = 1024
"""Istio's default of minimumRingSize."""
_LONGEST_KEEPALIVE = 2**32 - 1
"""Seconds that the field holds."""


def apply_settings(cluster: m.Cluster, settings: ConnectionSettings) -> None:
    """Put the settings on a cluster that has the mesh's defaults."""
    if settings.load_balancer is not None and cluster.type != m.Cluster.ORIGINAL_DST:
        _balance(cluster, settings.load_balancer)
    if settings.pool is not None:
        _limit(cluster, settings.pool)
    if settings.outlier is not None:
        _watch(cluster, settings.outlier)


def _balance(cluster: m.Cluster, balancer: LoadBalancer) -> None:
    if balancer.consistent_hash is not None:
        cluster.load_balancing_policy.CopyFrom(_hashing(balancer.consistent_hash))
    if balancer.simple in _POLICIES:
        cluster.lb_policy = m.Cluster.LbPolicy.Value(_POLICIES[balancer.simple])


def _hashing(hashing: ConsistentHash) -> m.LoadBalancingPolicy:
    """What is hashed stands at the cluster and not at the routes to it, so that routes need not know DestinationRules."""
    common = m.ConsistentHashingLbConfig(hash_policy=[_hashed(hashing)])
    if hashing.maglev:
        maglev = m.Maglev(consistent_hashing_lb_config=common)
        if hashing.size:
            maglev.table_size.value = hashing.size
        return _policy("envoy.load_balancing_policies.maglev", maglev)
    ring = m.RingHash(consistent_hashing_lb_config=common)
    ring.minimum_ring_size.value = hashing.size or _RING_SIZE
    return _policy("envoy.load_balancing_policies.ring_hash", ring)


def _policy(name: str, config: m.Message) -> m.LoadBalancingPolicy:
    return m.LoadBalancingPolicy(policies=[{"typed_extension_config": {"name": name, "typed_config": m.pack(config)}}])


def _hashed(hashing: ConsistentHash) -> m.RouteAction.HashPolicy:
    policy = m.RouteAction.HashPolicy()
    if hashing.header:
        policy.header.header_name = hashing.header
    elif hashing.query_parameter:
        policy.query_parameter.name = hashing.query_parameter
    elif hashing.cookie:
        policy.cookie.name, policy.cookie.path = hashing.cookie, hashing.cookie_path
        if hashing.cookie_ttl is not None:
            policy.cookie.ttl.CopyFrom(m.duration(hashing.cookie_ttl))
    else:
        policy.connection_properties.source_ip = hashing.source_address
    return policy


def _limit(cluster: m.Cluster, pool: ConnectionPool) -> None:
    (thresholds,) = cluster.circuit_breakers.thresholds
    for field, value in (
        (thresholds.max_connections, pool.max_connections),
        (thresholds.max_pending_requests, pool.max_pending_requests),
        (thresholds.max_requests, pool.max_requests),
        (thresholds.max_retries, pool.max_retries),
    ):
        if value is not None:
            field.value = value
    if pool.connect_timeout is not None:
        cluster.connect_timeout.CopyFrom(m.duration(pool.connect_timeout))
    if pool.keepalive_time is not None:
        cluster.upstream_connection_options.tcp_keepalive.keepalive_time.value = min(
            int(pool.keepalive_time.total_seconds()), _LONGEST_KEEPALIVE
        )


def _watch(cluster: m.Cluster, outlier: OutlierDetection) -> None:
    """Only what is asked for ejects: Envoy's own default also watches success rates."""
    built = cluster.outlier_detection
    built.enforcing_success_rate.value = 0
    for field, value in (
        (built.consecutive_5xx, outlier.consecutive_5xx),
        (built.max_ejection_percent, outlier.max_ejection_percent),
    ):
        if value is not None:
            field.value = value
    built.enforcing_consecutive_5xx.value = 0 if outlier.consecutive_5xx == 0 else 100
    if outlier.consecutive_gateway_errors:
        built.consecutive_gateway_failure.value = outlier.consecutive_gateway_errors
        built.enforcing_consecutive_gateway_failure.value = 100
    if outlier.interval is not None:
        built.interval.CopyFrom(m.duration(outlier.interval))
    if outlier.base_ejection_time is not None:
        built.base_ejection_time.CopyFrom(m.duration(outlier.base_ejection_time))
    # Istio's default 0: with few endpoints left, none is sent what others refuse to be sent.
    cluster.common_lb_config.healthy_panic_threshold.value = outlier.min_health_percent or 0
