"""What a VirtualService's routes are made of: conditions, destinations, and what is done to requests on their way.

Source: istio/api networking/v1alpha3/virtual_service.proto. Checks that span fields are in virtual_service.py.
"""

from typing import Literal

from hauberk.k8s.istio.destination_rule import PortSelector
from hauberk.k8s.models import Duration, LaterFlag, LaterText, Part, UInt32

__all__ = [
    "CorsPolicy",
    "Destination",
    "Headers",
    "HttpDirectResponse",
    "HttpFault",
    "HttpMatchRequest",
    "HttpMirror",
    "HttpRedirect",
    "HttpRetry",
    "HttpRewrite",
    "Percent",
    "RouteDestination",
    "StringMatch",
]


class StringMatch(Part):
    """One of three ways to match text."""

    exact: str | None = None
    """The whole text."""
    prefix: str | None = None
    """Its beginning."""
    regex: str | None = None
    """A regular expression (RE2) for the whole text."""


class HttpMatchRequest(Part):
    """Conditions that a request must all meet."""

    name: str | None = None
    """A name for people."""
    uri: StringMatch | None = None
    """The path of the request."""
    scheme: StringMatch | None = None
    """Its scheme."""
    method: StringMatch | None = None
    """Its method."""
    authority: StringMatch | None = None
    """The host that it asks for."""
    headers: dict[str, StringMatch] | None = None
    """Its headers; an empty match asks only that the header is there."""
    without_headers: dict[str, StringMatch] | None = None
    """Headers that must not match."""
    query_params: dict[str, StringMatch] | None = None
    """Its query parameters."""
    port: UInt32 | None = None
    """The port that it was sent to."""
    source_labels: dict[str, str] | None = None
    """Labels of the client's pod."""
    source_namespace: str | None = None
    """The client's namespace."""
    gateways: list[str] | None = None
    """Gateways at which the match holds, instead of the VirtualService's."""
    ignore_uri_case: bool | None = None
    """Compare the path without regard to case."""
    stat_prefix: LaterText = None


class Destination(Part):
    """Where requests go."""

    host: str
    """A service's name; short names are of the VirtualService's own namespace."""
    subset: str | None = None
    """One of the subsets that a DestinationRule names for the host."""
    port: PortSelector | None = None
    """The Service's port; needed where it has more than one."""


class HeaderOperations(Part):
    """Changes to headers."""

    set: dict[str, str] | None = None
    """Headers to write over."""
    add: dict[str, str] | None = None
    """Headers to add a value to."""
    remove: list[str] | None = None
    """Headers to take out."""


class Headers(Part):
    """Changes to the headers of both directions."""

    request: HeaderOperations | None = None
    """On the way to the destination."""
    response: HeaderOperations | None = None
    """On the way back."""


class Percent(Part):
    """A percentage."""

    value: float | None = None
    """From 0.0 to 100.0."""


class HttpRedirect(Part):
    """Where the client is told to ask instead."""

    uri: str | None = None
    """The new path; `%PREFIX()%...` replaces the matched prefix only."""
    authority: str | None = None
    """The new host."""
    port: UInt32 | None = None
    """The new port."""
    derive_port: LaterText = None
    scheme: str | None = None
    """The new scheme."""
    redirect_code: UInt32 | None = None
    """301 (the default), 302, 303, 307 or 308."""


class HttpBody(Part):
    """The body of an answer."""

    string: str | None = None
    """As text."""
    bytes: str | None = None
    """As base64."""


class HttpDirectResponse(Part):
    """An answer that nobody is asked for."""

    status: UInt32
    """Its status."""
    body: HttpBody | None = None
    """Its body."""


class RegexRewrite(Part):
    """A rewrite of the path by a regular expression."""

    match: str | None = None
    """The expression (RE2)."""
    rewrite: str | None = None
    """What takes its place, with groups as \\1."""


class HttpRewrite(Part):
    """What is replaced in requests before they go on."""

    uri: str | None = None
    """The new path, or the new prefix where a prefix was matched."""
    authority: str | None = None
    """The new host."""
    uri_regex_rewrite: RegexRewrite | None = None
    """A rewrite by a regular expression."""


class HttpRetry(Part):
    """When a failed request is tried again."""

    attempts: int | None = None
    """How often; 0 is never."""
    per_try_timeout: Duration | None = None
    """How long each try may take."""
    retry_on: str | None = None
    """Envoy's conditions and status codes, with commas."""
    retry_remote_localities: LaterFlag = None
    retry_ignore_previous_hosts: bool | None = None
    """Choose another endpoint each time (the default)."""
    backoff: Duration | None = None
    """The shortest wait between tries."""


class FaultDelay(Part):
    """Requests that are held back."""

    fixed_delay: Duration | None = None
    """How long."""
    exponential_delay: LaterText = None
    percentage: Percent | None = None
    """How many; all by default."""
    percent: UInt32 | None = None
    """How many, as whole percents."""


class FaultAbort(Part):
    """Requests that fail."""

    http_status: UInt32 | None = None
    """With this status."""
    grpc_status: str | None = None
    """With this gRPC status, by name or number."""
    http2_error: LaterText = None
    percentage: Percent | None = None
    """How many; all by default."""


class HttpFault(Part):
    """Faults on purpose."""

    delay: FaultDelay | None = None
    """Requests that are held back."""
    abort: FaultAbort | None = None
    """Requests that fail."""


class HttpMirror(Part):
    """Where copies of requests go."""

    destination: Destination
    """Where they go; answers are dropped."""
    percentage: Percent | None = None
    """How many; all by default."""


class CorsPolicy(Part):
    """What browsers are told about calls from other origins."""

    allow_origin: list[str] | None = None
    """Origins, exactly (deprecated)."""
    allow_origins: list[StringMatch] | None = None
    """Origins that may call."""
    allow_methods: list[str] | None = None
    """Methods that they may use."""
    allow_headers: list[str] | None = None
    """Headers that they may send."""
    expose_headers: list[str] | None = None
    """Headers that they may read."""
    max_age: Duration | None = None
    """How long browsers may remember it."""
    allow_credentials: bool | None = None
    """Whether credentials may be sent."""
    unmatched_preflights: Literal["UNSPECIFIED", "FORWARD", "IGNORE"] | None = None
    """Whether preflights of other origins go to the application (the default)."""


class RouteDestination(Part):
    """A destination and its share."""

    destination: Destination
    """Where requests go."""
    weight: int | None = None
    """Its share of the route's requests; alone it takes all."""
    headers: Headers | None = None
    """Changes to headers of what goes there."""
