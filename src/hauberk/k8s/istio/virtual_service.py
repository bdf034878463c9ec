"""VirtualService: where requests to a host go. Implemented: all but `delegate` and `statPrefix`.

Source: istio/api networking/v1alpha3/virtual_service.proto; istio pkg/config/validation.
"""

from pydantic import Field

from hauberk.k8s.istio.hosts import check_export, check_host, check_regex, is_cidr
from hauberk.k8s.istio.http_route_parts import (
    CorsPolicy,
    Destination,
    Headers,
    HttpDirectResponse,
    HttpFault,
    HttpMatchRequest,
    HttpMirror,
    HttpRedirect,
    HttpRetry,
    HttpRewrite,
    Percent,
    RouteDestination,
    StringMatch,
)
from hauberk.k8s.istio.http_texts import check_body, check_headers, check_line, check_names
from hauberk.k8s.kind import Manifest
from hauberk.k8s.models import Duration, LaterObject, Part, UInt32
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_label, dns1123_subdomain, port_number

__all__ = ["HttpRoute", "VirtualServiceSpec", "check_virtual_service"]

_CODE = "HBK0211"
_LARGEST_SUM = 2**32 - 1
"""Of the weights of one route, in Envoy."""


class HttpRoute(Part):
    """What happens to the requests that match."""

    name: str | None = None
    """A name for people."""
    match: list[HttpMatchRequest] | None = None
    """Any of these must match; none means every request."""
    route: list[RouteDestination] | None = None
    """Where they go, by weight."""
    timeout: Duration | None = None
    """How long a request may take."""
    redirect: HttpRedirect | None = None
    """The client is told to ask elsewhere."""
    direct_response: HttpDirectResponse | None = None
    """The sidecar answers itself."""
    delegate: LaterObject = None
    rewrite: HttpRewrite | None = None
    """What is replaced before requests go on."""
    retries: HttpRetry | None = None
    """When a failed request is tried again."""
    fault: HttpFault | None = None
    """Faults on purpose."""
    mirror: Destination | None = None
    """Where copies go."""
    mirrors: list[HttpMirror] | None = None
    """Where copies go, to several destinations."""
    mirror_percent: UInt32 | None = None
    """How many are copied, as whole percents."""
    mirror_percent_old: UInt32 | None = Field(default=None, alias="mirror_percent")
    """How many are copied (deprecated)."""
    mirror_percentage: Percent | None = None
    """How many are copied; all by default."""
    cors_policy: CorsPolicy | None = None
    """What browsers are told about calls from other origins."""
    headers: Headers | None = None
    """Changes to headers."""


class L4MatchAttributes(Part):
    """Conditions that a connection must all meet."""

    destination_subnets: list[str] | None = None
    """Addresses or CIDR blocks that it is for."""
    port: UInt32 | None = None
    """The port that it is for."""
    source_labels: dict[str, str] | None = None
    """Labels of the client's pod."""
    source_namespace: str | None = None
    """The client's namespace."""
    gateways: list[str] | None = None
    """Gateways at which the match holds."""


class TlsMatchAttributes(L4MatchAttributes):
    """Conditions that a TLS connection must all meet."""

    sni_hosts: list[str] | None = None
    """Server names that it asks for."""


class TcpRoute(Part):
    """What happens to the connections that match."""

    match: list[L4MatchAttributes] | None = None
    """Any of these must match; none means every connection."""
    route: list[RouteDestination] | None = None
    """Where they go, by weight."""


class TlsRoute(Part):
    """What happens to the TLS connections that match, which are not ended."""

    match: list[TlsMatchAttributes] | None = None
    """Any of these must match."""
    route: list[RouteDestination] | None = None
    """Where they go, by weight."""


class VirtualServiceSpec(Part):
    """Where requests to a host go."""

    hosts: list[str] | None = None
    """Hosts that clients ask for."""
    gateways: list[str] | None = None
    """Gateways at which the routes hold, `[namespace/]name`; `mesh` (the default) is every sidecar."""
    http: list[HttpRoute] | None = None
    """Routes of HTTP requests; the first that matches is taken."""
    tls: list[TlsRoute] | None = None
    """Routes of TLS connections by server name."""
    tcp: list[TcpRoute] | None = None
    """Routes of connections."""
    export_to: list[str] | None = None
    """Namespaces whose clients see it: `.` its own, `*` all (the default)."""


_INSTEAD_OF_ROUTE = ("redirect", "direct_response", "delegate")


def check_virtual_service(obj: Manifest, review: Review) -> None:
    """Check hosts, gateways and routes, with Istio's texts."""
    spec = VirtualServiceSpec.model_validate(obj.get("spec") or {})
    if not spec.hosts:
        review.required("spec.hosts", "virtual service must have at least one host", code=_CODE)
    for index, host in enumerate(spec.hosts or ()):
        check_host(host, f"spec.hosts[{index}]", review, code=_CODE)
    for index, gateway in enumerate(spec.gateways or ()):
        _check_gateway(gateway, f"spec.gateways[{index}]", review)
    if not (spec.http or spec.tcp or spec.tls):
        review.required("spec.http", "http, tcp or tls must be provided in virtual service", code=_CODE)
    for index, route in enumerate(spec.http or ()):
        _check_route(route, f"spec.http[{index}]", review)
    for index, stream in enumerate(spec.tcp or ()):
        _check_connections(stream, f"spec.tcp[{index}]", review)
    for index, secure in enumerate(spec.tls or ()):
        _check_connections(secure, f"spec.tls[{index}]", review)
    check_export(spec.export_to or [], "spec.exportTo", review, code=_CODE)


def _check_gateway(gateway: str, path: str, review: Review) -> None:
    namespace, slash, name = gateway.rpartition("/")
    problems = dns1123_subdomain(name) + (dns1123_label(namespace) if slash else [])
    for problem in problems:
        review.invalid(path, gateway, problem, code=_CODE, fix="Write a Gateway's name, or namespace/name.")


def _check_route(route: HttpRoute, path: str, review: Review) -> None:
    if not route.route and not any(getattr(route, field) for field in _INSTEAD_OF_ROUTE):
        review.required(f"{path}.route", "HTTP route, redirect or direct_response is required", code=_CODE)
    for index, match in enumerate(route.match or ()):
        _check_conditions(match, f"{path}.match[{index}]", review)
    _check_actions(route, path, review)
    _check_destinations(route.route or [], f"{path}.route", review)
    _check_texts(route, path, review)


def _check_conditions(match: HttpMatchRequest, path: str, review: Review) -> None:
    for name in ("uri", "scheme", "method", "authority"):
        text = getattr(match, name)
        if text is not None:
            _check_match(text, f"{path}.{name}", review)
    for name, alias in (("headers", "headers"), ("without_headers", "withoutHeaders"), ("query_params", "queryParams")):
        for key, text in (getattr(match, name) or {}).items():
            if text != StringMatch():
                _check_match(text, f"{path}.{alias}[{key}]", review)


def _check_actions(route: HttpRoute, path: str, review: Review) -> None:
    given = [name for name in ("route", "redirect", "direct_response") if getattr(route, name)]
    if len(given) > 1:
        review.invalid(path, given, f"HTTP route cannot contain both {given[0]} and {given[1]}", code=_CODE)
    if route.redirect is not None:
        _check_redirect(route.redirect, f"{path}.redirect", review)
    if route.direct_response is not None and not 200 <= route.direct_response.status <= 599:
        review.invalid(f"{path}.directResponse.status", route.direct_response.status, "must be 200 to 599", code=_CODE)
    regex = route.rewrite.uri_regex_rewrite if route.rewrite is not None else None
    if regex is not None and regex.match:
        check_regex(regex.match, f"{path}.rewrite.uriRegexRewrite.match", review, code=_CODE)
    if route.retries is not None and (route.retries.attempts or 0) < 0:
        review.invalid(f"{path}.retries.attempts", route.retries.attempts, "attempts cannot be negative", code=_CODE)
    _check_percentage(route.mirror_percentage, f"{path}.mirrorPercentage", review)
    for index, mirror in enumerate(route.mirrors or ()):
        _check_percentage(mirror.percentage, f"{path}.mirrors[{index}].percentage", review)
    if route.fault is not None:
        _check_fault(route.fault, f"{path}.fault", review)


def _check_redirect(redirect: HttpRedirect, path: str, review: Review) -> None:
    code = redirect.redirect_code
    if code not in (None, 0, 301, 302, 303, 307, 308):
        review.invalid(f"{path}.redirectCode", code, "must be 301, 302, 303, 307 or 308", code=_CODE)
    for problem in port_number(redirect.port) if redirect.port else ():
        review.invalid(f"{path}.port", redirect.port, problem, code=_CODE)
    if not (redirect.uri or redirect.authority or redirect.scheme or redirect.port or code):
        review.required(path, "redirect must specify URI, authority, scheme, or both", code=_CODE)


def _check_texts(route: HttpRoute, path: str, review: Review) -> None:
    for index, match in enumerate(route.match or ()):
        for alias, names in (
            ("headers", match.headers),
            ("withoutHeaders", match.without_headers),
            ("queryParams", match.query_params),
        ):
            check_names(names or (), f"{path}.match[{index}].{alias}", review, code=_CODE)
    check_headers(route.headers, f"{path}.headers", review, code=_CODE)
    for index, entry in enumerate(route.route or ()):
        check_headers(entry.headers, f"{path}.route[{index}].headers", review, code=_CODE)
    for field, part in (("redirect", route.redirect), ("rewrite", route.rewrite)):
        if part is not None:
            check_line(part.uri, f"{path}.{field}.uri", review, code=_CODE)
            check_line(part.authority, f"{path}.{field}.authority", review, code=_CODE)
    if route.direct_response is not None:
        check_body(route.direct_response.body, f"{path}.directResponse.body", review, code=_CODE)
    for index, origin in enumerate((route.cors_policy.allow_origins or ()) if route.cors_policy is not None else ()):
        if origin.regex is not None:
            check_regex(origin.regex, f"{path}.corsPolicy.allowOrigins[{index}].regex", review, code=_CODE)


def _check_percentage(percentage: Percent | None, path: str, review: Review) -> None:
    value = percentage.value if percentage is not None else None
    if value is not None and not 0 <= value <= 100:
        review.invalid(f"{path}.value", value, "percentage must be in range 0.0 - 100.0", code=_CODE)


def _check_fault(fault: HttpFault, path: str, review: Review) -> None:
    for name, part in (("delay", fault.delay), ("abort", fault.abort)):
        _check_percentage(part.percentage if part is not None else None, f"{path}.{name}.percentage", review)
    if fault.abort is None:
        return
    status = fault.abort.http_status
    if status is None and not fault.abort.grpc_status:
        review.required(f"{path}.abort.httpStatus", "httpStatus or grpcStatus", code=_CODE)
    elif status is not None and not 200 <= status <= 599:
        review.invalid(f"{path}.abort.httpStatus", status, "must be 200 to 599", code=_CODE)


def _check_connections(route: TcpRoute | TlsRoute, path: str, review: Review) -> None:
    if not route.route:
        review.required(f"{path}.route", "TCP route is required" if isinstance(route, TcpRoute) else "TLS route is required", code=_CODE)
    _check_destinations(route.route or [], f"{path}.route", review)
    for index, match in enumerate(route.match or ()):
        if isinstance(match, TlsMatchAttributes) and not match.sni_hosts:
            review.required(f"{path}.match[{index}].sniHosts", "TLS match must have at least one SNI host", code=_CODE)
        for subnet in match.destination_subnets or ():
            if not is_cidr(subnet):
                review.invalid(f"{path}.match[{index}].destinationSubnets", subnet, "is no IP address or CIDR block", code=_CODE)
    if isinstance(route, TlsRoute) and not route.match:
        review.required(f"{path}.match", "TLS route must have at least one match condition", code=_CODE)


def _check_match(match: StringMatch, path: str, review: Review) -> None:
    given = [field for field in ("exact", "prefix", "regex") if getattr(match, field) is not None]
    if len(given) != 1:
        review.invalid(path, given, "exactly one of exact, prefix and regex must be set", code=_CODE)
    if match.regex is not None:
        check_regex(match.regex, f"{path}.regex", review, code=_CODE)


def _check_destinations(destinations: list[RouteDestination], path: str, review: Review) -> None:
    for index, entry in enumerate(destinations):
        _check_destination(entry, f"{path}[{index}]", review)
    total = sum(entry.weight or 0 for entry in destinations)
    if len(destinations) > 1 and total == 0:
        review.invalid(path, 0, "total destination weight = 0", code=_CODE, fix="Give the destinations weights.")
    if total > _LARGEST_SUM:
        review.invalid(path, total, f"total destination weight > {_LARGEST_SUM}", code=_CODE, fix="Write smaller weights.")


def _check_destination(entry: RouteDestination, path: str, review: Review) -> None:
    target = entry.destination
    check_host(target.host, f"{path}.destination.host", review, code=_CODE)
    if target.host.startswith("*"):
        review.invalid(f"{path}.destination.host", target.host, "destination host must not be a wildcard", code=_CODE)
    for problem in dns1123_label(target.subset) if target.subset else ():
        review.invalid(f"{path}.destination.subset", target.subset, f"subset name is invalid: {problem}", code=_CODE)
    number = target.port.number if target.port else None
    for problem in port_number(number) if number is not None else ():
        review.invalid(f"{path}.destination.port.number", number, problem, code=_CODE)
    if (entry.weight or 0) < 0:
        review.invalid(f"{path}.weight", entry.weight, f"weight {entry.weight} < 0", code=_CODE)
