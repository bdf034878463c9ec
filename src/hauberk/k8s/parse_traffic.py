"""DestinationRule, VirtualService and Gateway manifests -> model.

What is not acted upon yet is left out here, on the safe side: a match with a condition that we do not know never matches
(matching too much would be worse), and a route with an action that we do not know is not taken. Validation names each such field.
"""

from datetime import timedelta

from hauberk.errors import ConfigError
from hauberk.k8s.durations import parse_go_duration
from hauberk.k8s.fields import created_of, integer, items, mapping, strings, text, text_map
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.hosts import resolve_host
from hauberk.model.traffic import (
    MESH_GATEWAY,
    ClientTls,
    DestinationRule,
    Gateway,
    GatewayServer,
    HttpDestination,
    HttpRoute,
    MatchKind,
    Subset,
    TlsMode,
    TrafficPolicy,
    UriMatch,
    VirtualService,
)

__all__ = ["parse_destination_rule", "parse_gateway", "parse_virtual_service"]

_UNKNOWN_ACTIONS = frozenset({"redirect", "directResponse", "delegate", "rewrite"})
"""Actions without which the route would answer something else than was asked for."""


def parse_destination_rule(manifest: Manifest) -> DestinationRule:
    """The rule, its host resolved.

    Raises: ConfigError.
    """
    spec = mapping(manifest, "spec")
    namespace = namespace_of(manifest)
    return DestinationRule(
        namespace=namespace,
        name=name_of(manifest),
        host=resolve_host(text(spec, "host"), namespace),
        policy=_policy(spec),
        subsets=tuple(
            Subset(text(subset, "name"), tuple(sorted(text_map(subset, "labels").items())), _policy(subset))
            for subset in items(spec, "subsets")
        ),
        export_to=strings(spec, "exportTo"),
        created=created_of(manifest),
    )


def _policy(owner: Manifest) -> TrafficPolicy | None:
    if owner.get("trafficPolicy") is None:
        return None
    policy = mapping(owner, "trafficPolicy")
    ports = tuple(
        (integer(mapping(entry, "port").get("number"), "portLevelSettings[].port.number"), _client_tls(entry))
        for entry in items(policy, "portLevelSettings")
    )
    return TrafficPolicy(_client_tls(policy), ports)


def _client_tls(owner: Manifest) -> ClientTls | None:
    """`tls: {}` means DISABLE (the zero value of Istio's enum), and not "inherit": facts/istio-mtls.md 2.5."""
    if owner.get("tls") is None:
        return None
    tls = mapping(owner, "tls")
    mode = text(tls, "mode") or TlsMode.DISABLE.value
    if mode not in TlsMode.__members__:
        raise ConfigError(f'tls.mode: "{mode}" is no mode. Write DISABLE, SIMPLE, MUTUAL or ISTIO_MUTUAL.')
    return ClientTls(
        mode=TlsMode(mode),
        client_certificate=text(tls, "clientCertificate"),
        private_key=text(tls, "privateKey"),
        ca_certificates=text(tls, "caCertificates"),
        subject_alt_names=strings(tls, "subjectAltNames"),
        sni=text(tls, "sni"),
        insecure_skip_verify=bool(tls.get("insecureSkipVerify")),
    )


def parse_virtual_service(manifest: Manifest) -> VirtualService:
    """The HTTP part of a VirtualService.

    Raises: ConfigError.
    """
    spec = mapping(manifest, "spec")
    namespace = namespace_of(manifest)
    routes = (_http_route(route, namespace) for route in items(spec, "http"))
    return VirtualService(
        namespace=namespace,
        name=name_of(manifest),
        hosts=tuple(resolve_host(host, namespace) for host in strings(spec, "hosts")),
        gateways=tuple(_gateway_key(gateway, namespace) for gateway in strings(spec, "gateways")) or (MESH_GATEWAY,),
        http=tuple(route for route in routes if route is not None),
        export_to=strings(spec, "exportTo"),
        created=created_of(manifest),
    )


def _gateway_key(gateway: str, namespace: str) -> str:
    return gateway if gateway == MESH_GATEWAY or "/" in gateway else f"{namespace}/{gateway}"


def _http_route(route: Manifest, namespace: str) -> HttpRoute | None:
    if _UNKNOWN_ACTIONS & route.keys():
        return None
    written = items(route, "match")
    matches = tuple(match for match in map(_uri_match, written) if match is not None)
    if written and not matches and not any(_matches_all(match) for match in written):
        return None
    if any(_matches_all(match) for match in written):
        matches = ()
    return HttpRoute(
        destinations=tuple(_destination(destination, namespace) for destination in items(route, "route")),
        matches=matches,
        timeout=_timeout(route),
        name=text(route, "name"),
    )


def _matches_all(match: Manifest) -> bool:
    return not match.keys() - {"name"}


def _uri_match(match: Manifest) -> UriMatch | None:
    """None where there are conditions besides the path's."""
    if match.keys() - {"uri", "name"}:
        return None
    uri = mapping(match, "uri")
    return next((UriMatch(kind, text(uri, kind)) for kind in MatchKind if kind in uri), None)


def _destination(entry: Manifest, namespace: str) -> HttpDestination:
    destination = mapping(entry, "destination")
    port = mapping(destination, "port").get("number")
    weight = entry.get("weight")
    return HttpDestination(
        host=resolve_host(text(destination, "host"), namespace),
        subset=text(destination, "subset"),
        port=None if port is None else integer(port, "destination.port.number"),
        weight=1 if weight is None else integer(weight, "weight"),
    )


def _timeout(route: Manifest) -> timedelta | None:
    written = route.get("timeout")
    return None if written is None else parse_go_duration(str(written))


def parse_gateway(manifest: Manifest) -> Gateway:
    """The Gateway.

    Raises: ConfigError.
    """
    spec = mapping(manifest, "spec")
    return Gateway(
        namespace=namespace_of(manifest),
        name=name_of(manifest),
        selector=text_map(spec, "selector"),
        servers=tuple(_server(server) for server in items(spec, "servers")),
        created=created_of(manifest),
    )


def _server(server: Manifest) -> GatewayServer:
    port = mapping(server, "port")
    return GatewayServer(
        port=integer(port.get("number"), "servers[].port.number"),
        protocol=text(port, "protocol").upper(),
        name=text(port, "name"),
        hosts=tuple(host.rpartition("/")[2] for host in strings(server, "hosts")) or ("*",),
    )
