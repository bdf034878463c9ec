"""A traffic policy's loadBalancer. Implemented: `simple` and `consistentHash`.

Source: istio/api networking/v1alpha3/destination_rule.proto; istio pkg/config/validation `validateLoadBalancer`.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from hauberk.k8s.models import LaterList, LaterObject, LaterText, Part, ZeroOrDuration
from hauberk.k8s.review import Review

__all__ = ["LoadBalancerSettings", "check_load_balancer"]

_CODE: Final = "HBK0205"
_LARGEST_TABLE: Final = 5_000_011
"""Envoy's limit of a Maglev table."""
_UNSENDABLE: Final = frozenset("\0\r\n")
RingSize = Annotated[int, Field(ge=0, le=8 * 1024 * 1024)]
"""Up to Envoy's limit of a ring; it refuses the whole cluster of a larger one."""


class HttpCookie(Part):
    """A cookie."""

    name: str
    """Its name."""
    path: str | None = None
    """Its path, where it is made."""
    ttl: ZeroOrDuration | None = None
    """How long it lives, 0s as long as the browser; without it no cookie is made, only read."""
    attributes: LaterList = None


class RingHash(Part):
    """A ring of points."""

    minimum_ring_size: RingSize | None = None
    """Points of the ring, at least."""


class MagLev(Part):
    """A Maglev table."""

    table_size: int | None = None
    """Its size, a prime number."""


class ConsistentHash(Part):
    """What is alike goes to one endpoint."""

    http_header_name: str | None = None
    """By this header."""
    http_cookie: HttpCookie | None = None
    """By this cookie."""
    use_source_ip: bool | None = None
    """By the client's address."""
    http_query_parameter_name: str | None = None
    """By this parameter of the query."""
    minimum_ring_size: RingSize | None = None
    """The older place of ringHash.minimumRingSize."""
    ring_hash: RingHash | None = None
    """A ring of points (the default)."""
    maglev: MagLev | None = None
    """A Maglev table instead."""


class LoadBalancerSettings(Part):
    """How endpoints are chosen."""

    simple: Literal["UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"] | None = None
    """LEAST_REQUEST (the default), ROUND_ROBIN or RANDOM."""
    consistent_hash: ConsistentHash | None = None
    """What is alike goes to one endpoint."""
    locality_lb_setting: LaterObject = None
    zone_aware_lb_setting: LaterObject = None
    warmup: LaterObject = None
    warmup_duration_secs: LaterText = None


def check_load_balancer(settings: LoadBalancerSettings | None, path: str, review: Review) -> None:
    """Check that one way of choosing is asked for, and that it can be built."""
    if settings is None:
        return
    if settings.simple == "PASSTHROUGH":
        message = "PASSTHROUGH is not implemented yet; an endpoint of the host is chosen, by LEAST_REQUEST."
        review.warn("HBK0290", f"{path}.simple", message, "Write another, or make the Service headless, whose clients choose the address.")
    if settings.consistent_hash is None:
        return
    hashing, path = settings.consistent_hash, f"{path}.consistentHash"
    if settings.simple is not None:
        review.invalid(path, "", "`simple` stands beside it: endpoints are chosen in one way", code=_CODE, fix="Take one of the two out.")
    keys = [hashing.http_header_name, hashing.http_cookie, hashing.use_source_ip, hashing.http_query_parameter_name]
    if sum(key is not None for key in keys) != 1:
        fix = "Write one of httpHeaderName, httpCookie, useSourceIp and httpQueryParameterName."
        review.invalid(path, "", "must say by exactly one thing what is alike", code=_CODE, fix=fix)
    for field, name in (("httpHeaderName", hashing.http_header_name), ("httpQueryParameterName", hashing.http_query_parameter_name)):
        if name is not None and (not name or _UNSENDABLE.intersection(name)):
            review.invalid(f"{path}.{field}", name, "must be a name that a request can have", code=_CODE, fix="Write the name.")
    if hashing.http_cookie is not None and not hashing.http_cookie.name:
        review.required(f"{path}.httpCookie.name", "name required for HttpCookie", code=_CODE)
    size = hashing.maglev.table_size if hashing.maglev is not None else None
    if size is not None and not _is_table_size(size):
        message = f"tableSize must be a prime number less than {_LARGEST_TABLE}"
        review.invalid(f"{path}.maglev.tableSize", size, message, code=_CODE, fix="Write 65537, or leave it out.")


def _is_table_size(size: int) -> bool:
    return 2 <= size < _LARGEST_TABLE and all(size % divisor for divisor in range(2, int(size**0.5) + 1))
