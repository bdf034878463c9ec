"""How connections to a host are made, besides TLS: a DestinationRule's load balancer, connection pool and outlier detection.

None means "not said": the mesh's default holds.
"""

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["ConnectionPool", "ConnectionSettings", "ConsistentHash", "LoadBalancer", "OutlierDetection"]


@dataclass(frozen=True, slots=True)
class ConsistentHash:
    """Requests (connections) that are alike in one thing go to one endpoint. Exactly one of the first four says in which.

    `cookie_ttl` None: a cookie is only read, never made. `maglev`: a table of `size` instead of a ring of at least `size`.
    """

    header: str = ""
    query_parameter: str = ""
    cookie: str = ""
    source_address: bool = False
    cookie_path: str = ""
    cookie_ttl: timedelta | None = None
    maglev: bool = False
    size: int | None = None


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """`simple` is the manifest's word; `consistent_hash` stands instead of it."""

    simple: str = ""
    consistent_hash: ConsistentHash | None = None


@dataclass(frozen=True, slots=True)
class ConnectionPool:
    """Limits on what a client has open towards a host."""

    max_connections: int | None = None
    connect_timeout: timedelta | None = None
    max_pending_requests: int | None = None
    max_requests: int | None = None
    max_requests_per_connection: int | None = None
    max_retries: int | None = None
    idle_timeout: timedelta | None = None
    keepalive_time: timedelta | None = None


@dataclass(frozen=True, slots=True)
class OutlierDetection:
    """When an endpoint that fails is left out for a while."""

    consecutive_5xx: int | None = None
    consecutive_gateway_errors: int | None = None
    interval: timedelta | None = None
    base_ejection_time: timedelta | None = None
    max_ejection_percent: int | None = None
    min_health_percent: int | None = None


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """The three blocks of a traffic policy; each overrides as a whole."""

    load_balancer: LoadBalancer | None = None
    pool: ConnectionPool | None = None
    outlier: OutlierDetection | None = None

    def over(self, wider: "ConnectionSettings") -> "ConnectionSettings":
        """These settings, and the wider ones where these say nothing."""
        return ConnectionSettings(self.load_balancer or wider.load_balancer, self.pool or wider.pool, self.outlier or wider.outlier)
