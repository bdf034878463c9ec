"""VirtualService: where requests and connections to a host go.

`hosts` and destinations are resolved names, gateways are `mesh` or `namespace/name`; None and empty mean "not said".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hauberk.model.objects import LabelPairs, ObjectRef
from hauberk.model.service import EPOCH

__all__ = [
    "MESH_GATEWAY",
    "Abort",
    "Cors",
    "Delay",
    "DirectResponse",
    "HeaderChanges",
    "HttpDestination",
    "HttpMatch",
    "HttpRoute",
    "MatchKind",
    "Mirror",
    "NamedMatch",
    "Redirect",
    "Retries",
    "Rewrite",
    "StringMatch",
    "TcpMatch",
    "TcpRoute",
    "VirtualService",
]

MESH_GATEWAY = "mesh"
"""The reserved gateway name that stands for all sidecars."""


class MatchKind(StrEnum):
    """How a StringMatch compares."""

    EXACT = "exact"
    PREFIX = "prefix"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class StringMatch:
    """A match of text, of the request's path or another part; `regex` is RE2 and must match the whole."""

    kind: MatchKind
    value: str


@dataclass(frozen=True, slots=True)
class NamedMatch:
    """A header or query parameter; `match` None: it must only be there."""

    name: str
    match: StringMatch | None = None


@dataclass(frozen=True, slots=True)
class HttpMatch:
    """Conditions that a request must all meet; none of them: every request."""

    uri: StringMatch | None = None
    scheme: StringMatch | None = None
    method: StringMatch | None = None
    authority: StringMatch | None = None
    headers: tuple[NamedMatch, ...] = ()
    without_headers: tuple[NamedMatch, ...] = ()
    query_params: tuple[NamedMatch, ...] = ()
    port: int | None = None
    """The port that was called."""
    source_labels: LabelPairs = ()
    """Of the client's workload; gateways have none of them."""
    source_namespace: str = ""
    gateways: tuple[str, ...] = ()
    """Instead of the VirtualService's."""
    ignore_uri_case: bool = False


@dataclass(frozen=True, slots=True)
class HeaderChanges:
    """Changes to one direction's headers."""

    set: LabelPairs = ()
    add: LabelPairs = ()
    remove: tuple[str, ...] = ()


_UNCHANGED = HeaderChanges()


@dataclass(frozen=True, slots=True)
class HttpDestination:
    """Where a part of the requests goes; `port` None means the Service's only port, or the one that was called."""

    host: str
    subset: str = ""
    port: int | None = None
    weight: int = 1
    request_headers: HeaderChanges = _UNCHANGED
    response_headers: HeaderChanges = _UNCHANGED


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer is to ask elsewhere; empty parts stay as they were."""

    uri: str = ""
    authority: str = ""
    scheme: str = ""
    port: int | None = None
    code: int = 301


@dataclass(frozen=True, slots=True)
class DirectResponse:
    """The answer is given without asking anybody."""

    status: int
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Parts of the request are replaced before it goes on; of `uri` what was matched."""

    uri: str = ""
    authority: str = ""
    pattern: str = ""
    substitution: str = ""
    """`uriRegexRewrite`: `pattern` (RE2) in the path becomes `substitution`."""


@dataclass(frozen=True, slots=True)
class Retries:
    """`attempts` 0: none. `retry_on` empty: Istio's default conditions."""

    attempts: int
    per_try_timeout: timedelta | None = None
    retry_on: str = ""
    backoff: timedelta | None = None
    ignore_previous_hosts: bool = True


@dataclass(frozen=True, slots=True)
class Delay:
    """Hold back this percentage of the requests."""

    fixed: timedelta
    percentage: float = 100.0


@dataclass(frozen=True, slots=True)
class Abort:
    """Fail this percentage of the requests."""

    http_status: int = 0
    grpc_status: int | None = None
    percentage: float = 100.0


@dataclass(frozen=True, slots=True)
class Mirror:
    """Copies of this percentage of the requests also go there; the answers are dropped."""

    destination: HttpDestination
    percentage: float = 100.0


@dataclass(frozen=True, slots=True)
class Cors:
    """What browsers are told about calls from other origins."""

    allow_origins: tuple[StringMatch, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: timedelta | None = None
    allow_credentials: bool | None = None
    forward_unmatched_preflights: bool = True


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """One rule of a VirtualService; without `matches` it takes every request."""

    destinations: tuple[HttpDestination, ...] = ()
    matches: tuple[HttpMatch, ...] = ()
    timeout: timedelta | None = None
    name: str = ""
    redirect: Redirect | None = None
    direct_response: DirectResponse | None = None
    rewrite: Rewrite | None = None
    retries: Retries | None = None
    delay: Delay | None = None
    abort: Abort | None = None
    mirrors: tuple[Mirror, ...] = ()
    cors: Cors | None = None
    request_headers: HeaderChanges = _UNCHANGED
    response_headers: HeaderChanges = _UNCHANGED


@dataclass(frozen=True, slots=True)
class TcpMatch:
    """Conditions that a connection must all meet; `sni_hosts` only in TLS routes, where they must be."""

    sni_hosts: tuple[str, ...] = ()
    destination_subnets: tuple[str, ...] = ()
    port: int | None = None
    source_labels: LabelPairs = ()
    source_namespace: str = ""
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TcpRoute:
    """A rule about connections; without `matches` it takes every one."""

    destinations: tuple[HttpDestination, ...]
    matches: tuple[TcpMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class VirtualService:
    """A VirtualService; `hosts` and destinations are resolved, `gateways` are `mesh` or `namespace/name`."""

    namespace: str
    name: str
    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = (MESH_GATEWAY,)
    http: tuple[HttpRoute, ...] = ()
    export_to: tuple[str, ...] = ()
    created: datetime = EPOCH
    tcp: tuple[TcpRoute, ...] = ()
    tls: tuple[TcpRoute, ...] = ()

    @property
    def destinations(self) -> Iterator[HttpDestination]:
        """Everywhere that it sends requests, copies of them, or connections."""
        for route in self.http:
            yield from route.destinations
            yield from (mirror.destination for mirror in route.mirrors)
        for connections in (*self.tcp, *self.tls):
            yield from connections.destinations

    @property
    def destination_hosts(self) -> frozenset[str]:
        """The hosts among them."""
        return frozenset(target.host for target in self.destinations)

    @property
    def ref(self) -> ObjectRef:
        """The VirtualService."""
        return ObjectRef("VirtualService", self.namespace, self.name)

    @property
    def age_order(self) -> tuple[datetime, str, str]:
        """Sorts the oldest first."""
        return (self.created, self.name, self.namespace)
