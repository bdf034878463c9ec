"""Which Route, and which endpoint of its Service, a request from the host goes to. No I/O.

Not implemented, so never chosen: Routes that terminate TLS (`edge`, `reencrypt`), alternateBackends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hauberk.k8s.kind import Manifest, name_of, namespace_of

__all__ = ["RouteEntry", "choose_route", "parse_route", "ready_endpoints", "render_no_endpoint", "render_no_route"]

_LABEL_SERVICE = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """A Route as the router needs it; `host` may carry a port, `target_port` is a name, a number, or empty."""

    namespace: str
    name: str
    host: str
    path: str
    service: str
    target_port: str
    plain: bool
    """Whether it takes HTTP."""
    passthrough: bool
    """Whether it takes TLS, unopened."""
    wildcard: bool = False
    """Whether it takes every name beside `host` in its domain (wildcardPolicy Subdomain)."""


def parse_route(route: Manifest) -> RouteEntry:
    """A Route's manifest, defaults filled in."""
    spec = route.get("spec") or {}
    tls = spec.get("tls") or {}
    return RouteEntry(
        namespace=namespace_of(route),
        name=name_of(route),
        host=str(spec.get("host") or "").lower(),
        path=str(spec.get("path") or "/"),
        service=str((spec.get("to") or {}).get("name") or ""),
        target_port=str((spec.get("port") or {}).get("targetPort") or ""),
        plain=not tls or (tls.get("termination") != "passthrough" and tls.get("insecureEdgeTerminationPolicy") == "Allow"),
        passthrough=tls.get("termination") == "passthrough",
        wildcard=spec.get("wildcardPolicy") == "Subdomain",
    )


def choose_route(routes: Iterable[RouteEntry], host: str, path: str = "", *, tls: bool = False) -> RouteEntry | None:
    """The Route of `host` (as in the Host header, or SNI where `tls`) with the longest path that `path` begins with.

    A path matches whole segments: `/a` takes `/a` and `/a/b` but not `/ab`. A Route of this very host goes before one of the whole
    domain; of equals the first by namespace and name wins.
    """
    wanted = host.lower().rstrip(".")
    hosts = {wanted, wanted.rsplit(":", 1)[0]}
    plain_path = path.partition("?")[0]
    fitting = [
        route
        for route in routes
        if _serves(route, hosts) and (route.passthrough if tls else route.plain and _below(plain_path, route.path))
    ]
    return min(fitting, key=lambda route: (route.host not in hosts, -len(route.path), route.namespace, route.name), default=None)


def _serves(route: RouteEntry, hosts: set[str]) -> bool:
    if route.host in hosts:
        return True
    domain = route.host.partition(".")[2]
    return route.wildcard and bool(domain) and any(host.partition(".")[2] == domain for host in hosts)


def ready_endpoints(route: RouteEntry, services: Mapping[tuple[str, str], Manifest], slices: Iterable[Manifest]) -> list[tuple[str, int]]:
    """(address, port) of the ready endpoints of the Route's Service on its target port."""
    service = services.get((route.namespace, route.service), {})
    found: list[tuple[str, int]] = []
    for endpoint_slice in slices:
        owner = (endpoint_slice["metadata"].get("labels") or {}).get(_LABEL_SERVICE)
        if owner != route.service or namespace_of(endpoint_slice) != route.namespace:
            continue
        port = _endpoint_port(route, service, endpoint_slice.get("ports") or [])
        if port is None:
            continue
        for endpoint in endpoint_slice.get("endpoints") or []:
            if (endpoint.get("conditions") or {}).get("ready") is not False:
                found += [(address, port) for address in endpoint.get("addresses") or []]
    return sorted(set(found))


def render_no_route(host: str, routes: Iterable[RouteEntry]) -> str:
    """The page for a host that no Route has."""
    hosts = sorted({route.host for route in routes if route.host})
    known = "".join(f"  http://{known}/\n" for known in hosts) or "  (none yet: kubectl get routes -A)\n"
    return f'No Route has the host "{host}". Hosts that are served here:\n{known}'


def render_no_endpoint(route: RouteEntry) -> str:
    """The page for a Route whose Service has nothing ready."""
    port = f" on port {route.target_port}" if route.target_port else ""
    return (
        f"Route {route.namespace}/{route.name}: no endpoint of Service {route.service}{port} is ready.\n"
        f"  kubectl get endpointslices -n {route.namespace} -l {_LABEL_SERVICE}={route.service}\n"
    )


def _below(path: str, prefix: str) -> bool:
    stem = prefix.rstrip("/")
    return path == stem or path.startswith(f"{stem}/")


def _endpoint_port(route: RouteEntry, service: Manifest, ports: list[Manifest]) -> int | None:
    """The pods' port: by the name of the endpoint's port, by its number, or by the number of the Service's port."""
    wanted = route.target_port
    if not wanted:
        return int(ports[0]["port"]) if ports else None
    for port in ports:
        if wanted in (port.get("name"), str(port["port"])):
            return int(port["port"])
    names = [
        p.get("name", "") for p in (service.get("spec") or {}).get("ports") or [] if wanted in (str(p["port"]), str(p.get("targetPort")))
    ]
    return next((int(port["port"]) for port in ports if (port.get("name") or "") in names), None)
