"""Route (route.openshift.io/v1): a host name from outside that leads to a Service.

Implemented: host, path, to, port, wildcard policy, TLS that is passed through.
Source: openshift/api route/v1, openshift/library-go route validation, oc's printer.
"""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from hauberk.k8s.columns import NAME, dig, text
from hauberk.k8s.kind import Column, Manifest
from hauberk.k8s.models import LaterList, LaterObject, LaterText, Part
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_subdomain

__all__ = ["ROUTE_COLUMNS", "RouteSpec", "check_route", "complete_route"]

_WEIGHT: Final = 100


class RouteTarget(Part):
    """The Service that a route leads to."""

    kind: Literal["Service", ""] | None = None
    """Service."""
    name: str
    """Its name."""
    weight: int | None = None
    """Its share beside alternate backends."""


class RoutePort(Part):
    """The port of the pods."""

    target_port: int | str
    """A target port's number, or the name of the Service's port."""


class RouteTls(Part):
    """How TLS of clients is handled."""

    termination: Literal["edge", "passthrough", "reencrypt"] | None = None
    """passthrough: it goes to the pods unopened, by the name that the client asks for."""
    insecure_edge_termination_policy: Literal["None", "Allow", "Redirect"] | None = None
    """What becomes of plain HTTP; it is not redirected here."""
    certificate: LaterText = None
    key: LaterText = None
    ca_certificate: LaterText = None
    destination_ca_certificate: LaterText = Field(default=None, alias="destinationCACertificate")
    external_certificate: LaterObject = None


class RouteSpec(Part):
    """A host name from outside that leads to a Service."""

    host: str | None = None
    """The host; one under apps.localhost is given where there is none."""
    to: RouteTarget
    """Where it leads."""
    port: RoutePort | None = None
    """Which of the Service's ports; the first unless said otherwise."""
    wildcard_policy: Literal["None", "Subdomain"] | None = None
    """None: just this host. Subdomain: every name in its domain."""
    path: str | None = None
    """Requests whose path begins with it, by whole segments."""
    subdomain: LaterText = None
    alternate_backends: LaterList = None
    tls: RouteTls | None = None
    """How TLS of clients is handled."""
    http_headers: LaterObject = None


def complete_route(obj: Manifest) -> None:
    """Fill in the target's kind and weight, and the wildcard policy."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("wildcardPolicy", "None")
    if isinstance(spec.get("to"), dict):
        spec["to"].setdefault("kind", "Service")
        spec["to"].setdefault("weight", _WEIGHT)


def check_route(obj: Manifest, review: Review) -> None:
    """Check host and target."""
    spec = RouteSpec.model_validate(obj.get("spec") or {})
    # Where port 80 may not be bound the host carries the port.
    host, _, port = (spec.host or "").partition(":")
    for problem in dns1123_subdomain(host) if host else ():
        review.invalid("spec.host", spec.host, problem)
    if port and not port.isdigit():
        review.invalid("spec.host", spec.host, "what follows the colon must be a port's number")
    if spec.tls is not None:
        _warn_of_tls(spec.tls, review)
    if not spec.to.name:
        review.required("spec.to.name")


def _warn_of_tls(tls: RouteTls, review: Review) -> None:
    if tls.termination not in (None, "passthrough"):
        message = f"{tls.termination} is not implemented yet; the Route is never chosen."
        review.warn("HBK0390", "spec.tls.termination", message, "Write passthrough, or leave spec.tls out.")
    if tls.insecure_edge_termination_policy == "Redirect":
        message = "Redirect is not implemented yet; plain HTTP gets no answer from this Route."
        review.warn("HBK0390", "spec.tls.insecureEdgeTerminationPolicy", message, "Send clients to https:// yourself.")


def _services(route: Manifest, _now: datetime) -> str:
    targets = [dig(route, "spec", "to") or {}, *(dig(route, "spec", "alternateBackends") or ())]
    if len(targets) == 1:
        return str(targets[0].get("name", ""))
    total = sum(target.get("weight") or 0 for target in targets) or 1
    return ",".join(f"{target.get('name')}({(target.get('weight') or 0) * 100 // total}%)" for target in targets)


def _port(route: Manifest, _now: datetime) -> str:
    return str(dig(route, "spec", "port", "targetPort") or "<all>")


def _termination(route: Manifest, _now: datetime) -> str | None:
    termination, insecure = dig(route, "spec", "tls", "termination"), dig(route, "spec", "tls", "insecureEdgeTerminationPolicy")
    return f"{termination}/{insecure}" if termination and insecure else termination


ROUTE_COLUMNS: Final = (
    NAME,
    text("Host/Port", "spec", "host", description="The host that clients ask for."),
    text("Path", "spec", "path", description="The path that it is limited to."),
    Column("Services", _services, description="Where it leads."),
    Column("Port", _port, description="The port of the Service."),
    Column("Termination", _termination, description="Where TLS ends."),
    text("Wildcard", "spec", "wildcardPolicy", empty="None", description="Whether subdomains are meant too."),
)
