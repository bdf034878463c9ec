from datetime import timedelta

import pytest

from hauberk.k8s.parse_connections import parse_connection_settings
from hauberk.model.connections import ConnectionPool, ConnectionSettings, ConsistentHash, LoadBalancer, OutlierDetection


def test_nothing_said_is_nothing() -> None:
    assert parse_connection_settings({"loadBalancer": {"warmup": {"duration": "1s"}}}) == ConnectionSettings()


@pytest.mark.parametrize(
    ("written", "hashing"),
    [
        ({"useSourceIp": True}, ConsistentHash(source_address=True)),
        ({"httpHeaderName": "x", "minimumRingSize": 3}, ConsistentHash("x", size=3)),
        ({"httpQueryParameterName": "q", "ringHash": {"minimumRingSize": 4}}, ConsistentHash(query_parameter="q", size=4)),
        (
            {"httpCookie": {"name": "c", "path": "/p", "ttl": "0s"}, "maglev": {"tableSize": 251}},
            ConsistentHash(cookie="c", cookie_path="/p", cookie_ttl=timedelta(0), maglev=True, size=251),
        ),
    ],
)
def test_what_is_hashed(written: dict[str, object], hashing: ConsistentHash) -> None:
    balancer = parse_connection_settings({"loadBalancer": {"consistentHash": written}}).load_balancer
    assert balancer == LoadBalancer(consistent_hash=hashing)


def test_the_three_blocks() -> None:
    policy = {
        "loadBalancer": {"simple": "RANDOM"},
        "connectionPool": {
            "tcp": {"maxConnections": 1, "connectTimeout": "2s", "tcpKeepalive": {"time": "3s"}},
            "http": {
                "http1MaxPendingRequests": 4,
                "http2MaxRequests": 5,
                "maxRequestsPerConnection": 6,
                "maxRetries": 7,
                "idleTimeout": "8s",
            },
        },
        "outlierDetection": {"consecutive5xxErrors": 9, "interval": "10s", "maxEjectionPercent": 11},
    }
    second = timedelta(seconds=1)
    assert parse_connection_settings(policy) == ConnectionSettings(
        LoadBalancer("RANDOM"),
        ConnectionPool(1, 2 * second, 4, 5, 6, 7, 8 * second, 3 * second),
        OutlierDetection(9, interval=10 * second, max_ejection_percent=11),
    )


def test_the_old_name_of_the_count_of_errors_counts() -> None:
    assert parse_connection_settings({"outlierDetection": {"consecutiveErrors": 2}}).outlier == OutlierDetection(2)
