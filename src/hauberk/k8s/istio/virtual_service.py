"""VirtualService: where requests to a host go. Implemented: hosts, gateways, HTTP routes by uri with weights, subsets and timeout.

Source: istio/api networking/v1alpha3/virtual_service.proto; istio pkg/config/validation.
"""

from pydantic import Field

from hauberk.k8s.istio.destination_rule import PortSelector
from hauberk.k8s.istio.hosts import check_host, check_regex
from hauberk.k8s.kind import Manifest
from hauberk.k8s.models import Duration, LaterFlag, LaterList, LaterNumber, LaterObject, LaterText, Part
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_label, dns1123_subdomain, port_number

__all__ = ["HttpRoute", "VirtualServiceSpec", "check_virtual_service"]

_CODE = "HBK0211"


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
    scheme: LaterObject = None
    method: LaterObject = None
    authority: LaterObject = None
    headers: LaterObject = None
    without_headers: LaterObject = None
    query_params: LaterObject = None
    port: LaterNumber = None
    source_labels: LaterObject = None
    source_namespace: LaterText = None
    gateways: LaterList = None
    ignore_uri_case: LaterFlag = None
    stat_prefix: LaterText = None


class Destination(Part):
    """Where requests go."""

    host: str
    """A service's name; short names are of the VirtualService's own namespace."""
    subset: str | None = None
    """One of the subsets that a DestinationRule names for the host."""
    port: PortSelector | None = None
    """The Service's port; needed where it has more than one."""


class RouteDestination(Part):
    """A destination and its share."""

    destination: Destination
    """Where requests go."""
    weight: int | None = None
    """Its share of the route's requests; alone it takes all."""
    headers: LaterObject = None


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
    redirect: LaterObject = None
    direct_response: LaterObject = None
    delegate: LaterObject = None
    rewrite: LaterObject = None
    retries: LaterObject = None
    fault: LaterObject = None
    mirror: LaterObject = None
    mirrors: LaterList = None
    mirror_percent: LaterNumber = None
    mirror_percent_old: LaterNumber = Field(default=None, alias="mirror_percent")
    mirror_percentage: LaterObject = None
    cors_policy: LaterObject = None
    headers: LaterObject = None


class VirtualServiceSpec(Part):
    """Where requests to a host go."""

    hosts: list[str] | None = None
    """Hosts that clients ask for."""
    gateways: list[str] | None = None
    """Gateways at which the routes hold, `[namespace/]name`; `mesh` (the default) is every sidecar."""
    http: list[HttpRoute] | None = None
    """Routes of HTTP requests; the first that matches is taken."""
    tls: LaterList = None
    tcp: LaterList = None
    export_to: LaterList = None


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


def _check_gateway(gateway: str, path: str, review: Review) -> None:
    namespace, slash, name = gateway.rpartition("/")
    problems = dns1123_subdomain(name) + (dns1123_label(namespace) if slash else [])
    for problem in problems:
        review.invalid(path, gateway, problem, code=_CODE, fix="Write a Gateway's name, or namespace/name.")


def _check_route(route: HttpRoute, path: str, review: Review) -> None:
    if not route.route and not any(getattr(route, field) for field in _INSTEAD_OF_ROUTE):
        review.required(f"{path}.route", "HTTP route, redirect or direct_response is required", code=_CODE)
    for index, match in enumerate(route.match or ()):
        if match.uri is not None:
            _check_match(match.uri, f"{path}.match[{index}].uri", review)
    destinations = route.route or []
    for index, entry in enumerate(destinations):
        _check_destination(entry, f"{path}.route[{index}]", review)
    if len(destinations) > 1 and sum(entry.weight or 0 for entry in destinations) == 0:
        review.invalid(f"{path}.route", 0, "total destination weight = 0", code=_CODE, fix="Give the destinations weights.")


def _check_match(match: StringMatch, path: str, review: Review) -> None:
    given = [field for field in ("exact", "prefix", "regex") if getattr(match, field) is not None]
    if len(given) != 1:
        review.invalid(path, given, "exactly one of exact, prefix and regex must be set", code=_CODE)
    if match.regex is not None:
        check_regex(match.regex, f"{path}.regex", review, code=_CODE)


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
