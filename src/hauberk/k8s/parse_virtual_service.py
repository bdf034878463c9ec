"""VirtualService -> VirtualService.

What is not acted upon (`delegate`) is left out on the safe side: a route without a known action is not taken. Validation names it.
"""

import base64
import binascii
from dataclasses import replace
from typing import Any

from hauberk.errors import ConfigError
from hauberk.k8s.fields import created_of, integer, items, label_pairs, mapping, optional_duration, optional_integer, strings, text
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model import routing as r
from hauberk.model.hosts import resolve_host

__all__ = ["gateway_key", "parse_virtual_service"]

_UNKNOWN_ACTIONS = frozenset({"delegate"})
"""Actions without which the route would answer something else than was asked for."""


def parse_virtual_service(manifest: Manifest) -> r.VirtualService:
    """The VirtualService, hosts and gateways resolved.

    Raises: ConfigError.
    """
    spec = mapping(manifest, "spec")
    namespace = namespace_of(manifest)
    return r.VirtualService(
        namespace=namespace,
        name=name_of(manifest),
        hosts=tuple(resolve_host(host, namespace) for host in strings(spec, "hosts")),
        gateways=_gateways(spec, namespace) or (r.MESH_GATEWAY,),
        http=tuple(_http_route(route, namespace) for route in items(spec, "http") if not _UNKNOWN_ACTIONS & route.keys()),
        export_to=strings(spec, "exportTo"),
        created=created_of(manifest),
        tcp=tuple(_tcp_route(route, namespace) for route in items(spec, "tcp")),
        tls=tuple(_tcp_route(route, namespace) for route in items(spec, "tls")),
    )


def gateway_key(gateway: str, namespace: str) -> str:
    """`namespace/name` of a Gateway that an object of `namespace` names; `mesh` stays."""
    return gateway if gateway == r.MESH_GATEWAY or "/" in gateway else f"{namespace}/{gateway}"


def _gateways(owner: Manifest, namespace: str) -> tuple[str, ...]:
    return tuple(gateway_key(gateway, namespace) for gateway in strings(owner, "gateways"))


# -- HTTP: conditions -------------------------------------------------------------------------------------------------
def _http_route(route: Manifest, namespace: str) -> r.HttpRoute:
    fault, headers = mapping(route, "fault"), mapping(route, "headers")
    return r.HttpRoute(
        destinations=_destinations(route, namespace),
        matches=tuple(_http_match(match, namespace) for match in items(route, "match")),
        timeout=optional_duration(route, "timeout"),
        name=text(route, "name"),
        redirect=_redirect(mapping(route, "redirect")),
        direct_response=_direct_response(mapping(route, "directResponse")),
        rewrite=_rewrite(mapping(route, "rewrite")),
        retries=_retries(mapping(route, "retries")),
        delay=_delay(mapping(fault, "delay")),
        abort=_abort(mapping(fault, "abort")),
        mirrors=_mirrors(route, namespace),
        cors=_cors(route),
        request_headers=_header_changes(mapping(headers, "request")),
        response_headers=_header_changes(mapping(headers, "response")),
    )


def _http_match(match: Manifest, namespace: str) -> r.HttpMatch:
    return r.HttpMatch(
        uri=_text_match(match, "uri"),
        scheme=_text_match(match, "scheme"),
        method=_text_match(match, "method"),
        authority=_text_match(match, "authority"),
        headers=_named_matches(match, "headers"),
        without_headers=_named_matches(match, "withoutHeaders"),
        query_params=_named_matches(match, "queryParams"),
        port=optional_integer(match, "port"),
        source_labels=label_pairs(match, "sourceLabels"),
        source_namespace=text(match, "sourceNamespace"),
        gateways=_gateways(match, namespace),
        ignore_uri_case=bool(match.get("ignoreUriCase")),
    )


def _text_match(owner: Manifest, key: str) -> r.StringMatch | None:
    written = mapping(owner, key)
    return next((r.StringMatch(kind, text(written, kind)) for kind in r.MatchKind if kind in written), None)


def _named_matches(owner: Manifest, key: str) -> tuple[r.NamedMatch, ...]:
    """An empty match (`x-user: {}`) asks only that the header is there."""
    written = mapping(owner, key)
    return tuple(r.NamedMatch(name, _text_match(written, name)) for name in sorted(written))


# -- HTTP: actions ----------------------------------------------------------------------------------------------------
def _destinations(route: Manifest, namespace: str) -> tuple[r.HttpDestination, ...]:
    found = tuple(_destination(entry, namespace) for entry in items(route, "route"))
    # Whatever the weight of an only one, all goes there (Istio core/route/route.go).
    return (replace(found[0], weight=1),) if len(found) == 1 else found


def _destination(entry: Manifest, namespace: str) -> r.HttpDestination:
    weight, headers = entry.get("weight"), mapping(entry, "headers")
    target = _target(mapping(entry, "destination"), namespace)
    return r.HttpDestination(
        host=target.host,
        subset=target.subset,
        port=target.port,
        weight=1 if weight is None else integer(weight, "weight"),
        request_headers=_header_changes(mapping(headers, "request")),
        response_headers=_header_changes(mapping(headers, "response")),
    )


def _target(destination: Manifest, namespace: str) -> r.HttpDestination:
    port = mapping(destination, "port").get("number")
    return r.HttpDestination(
        host=resolve_host(text(destination, "host"), namespace),
        subset=text(destination, "subset"),
        port=None if port is None else integer(port, "destination.port.number"),
    )


def _redirect(written: Manifest) -> r.Redirect | None:
    if not written:
        return None
    return r.Redirect(
        uri=text(written, "uri"),
        authority=text(written, "authority"),
        scheme=text(written, "scheme"),
        port=optional_integer(written, "port"),
        code=optional_integer(written, "redirectCode") or 301,
    )


def _direct_response(written: Manifest) -> r.DirectResponse | None:
    if not written:
        return None
    body = mapping(written, "body")
    try:
        content = base64.b64decode(text(body, "bytes"), validate=True) if "bytes" in body else text(body, "string").encode()
    except binascii.Error as error:
        raise ConfigError(f"directResponse.body.bytes: {error}. Write base64.") from error
    return r.DirectResponse(integer(written.get("status"), "directResponse.status"), content)


def _rewrite(written: Manifest) -> r.Rewrite | None:
    if not written:
        return None
    regex = mapping(written, "uriRegexRewrite")
    return r.Rewrite(text(written, "uri"), text(written, "authority"), text(regex, "match"), text(regex, "rewrite"))


def _retries(written: Manifest) -> r.Retries | None:
    if not written:
        return None
    return r.Retries(
        attempts=optional_integer(written, "attempts") or 0,
        per_try_timeout=optional_duration(written, "perTryTimeout"),
        retry_on=text(written, "retryOn"),
        backoff=optional_duration(written, "backoff"),
        ignore_previous_hosts=written.get("retryIgnorePreviousHosts") is not False,
    )


def _delay(written: Manifest) -> r.Delay | None:
    fixed = optional_duration(written, "fixedDelay")
    return r.Delay(fixed, _percentage(written)) if fixed is not None else None


def _abort(written: Manifest) -> r.Abort | None:
    if not written:
        return None
    grpc = text(written, "grpcStatus")
    return r.Abort(optional_integer(written, "httpStatus") or 0, _grpc_status(grpc) if grpc else None, _percentage(written))


_GRPC = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED"),
    *("RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"),
    "UNAUTHENTICATED",
)


def _grpc_status(status: str) -> int:
    if status.upper() in _GRPC:
        return _GRPC.index(status.upper())
    return integer(status, "fault.abort.grpcStatus")


def _percentage(owner: Manifest, key: str = "percentage", old: str = "percent") -> float:
    """`percentage.value` (0.0 where the object is empty), else the old whole number, else all."""
    if owner.get(key) is not None:
        return _number(mapping(owner, key).get("value") or 0, key)
    return 100.0 if owner.get(old) is None else _number(owner[old], old)


def _mirrors(route: Manifest, namespace: str) -> tuple[r.Mirror, ...]:
    several = items(route, "mirrors")
    if several:
        return tuple(r.Mirror(_target(mapping(entry, "destination"), namespace), _percentage(entry)) for entry in several)
    one = mapping(route, "mirror")
    old = "mirrorPercent" if "mirrorPercent" in route else "mirror_percent"
    return (r.Mirror(_target(one, namespace), _percentage(route, "mirrorPercentage", old)),) if one else ()


def _cors(route: Manifest) -> r.Cors | None:
    written = mapping(route, "corsPolicy")
    if not written:
        return None
    origins = [{"origin": origin} for origin in items(written, "allowOrigins")]
    credentials = written.get("allowCredentials")
    return r.Cors(
        allow_origins=(
            *(match for match in (_text_match(origin, "origin") for origin in origins) if match is not None),
            *(r.StringMatch(r.MatchKind.EXACT, origin) for origin in strings(written, "allowOrigin")),
        ),
        allow_methods=strings(written, "allowMethods"),
        allow_headers=strings(written, "allowHeaders"),
        expose_headers=strings(written, "exposeHeaders"),
        max_age=optional_duration(written, "maxAge"),
        allow_credentials=None if credentials is None else bool(credentials),
        forward_unmatched_preflights=text(written, "unmatchedPreflights") != "IGNORE",
    )


def _header_changes(written: Manifest) -> r.HeaderChanges:
    return r.HeaderChanges(label_pairs(written, "set"), label_pairs(written, "add"), strings(written, "remove"))


# -- Connections ------------------------------------------------------------------------------------------------------
def _tcp_route(route: Manifest, namespace: str) -> r.TcpRoute:
    return r.TcpRoute(
        destinations=_destinations(route, namespace),
        matches=tuple(
            r.TcpMatch(
                sni_hosts=strings(match, "sniHosts"),
                destination_subnets=strings(match, "destinationSubnets"),
                port=optional_integer(match, "port"),
                source_labels=label_pairs(match, "sourceLabels"),
                source_namespace=text(match, "sourceNamespace"),
                gateways=_gateways(match, namespace),
            )
            for match in items(route, "match")
        ),
    )


# -- Values -----------------------------------------------------------------------------------------------------------
def _number(value: Any, key: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f'{key}: "{value}" is not a number.') from None
