"""One rule of a VirtualService as Envoy's routes: conditions, and what becomes of the requests that meet them.

Source: Istio core/route/route.go. Faults and CORS are settings of filters that the connection manager holds disabled
(network_filters.py), so that requests of other routes do not pay for them.
"""

import re
from collections.abc import Collection, Iterable
from datetime import timedelta

from hauberk.envoy import messages as m
from hauberk.envoy.network_filters import CORS_FILTER, FAULT_FILTER
from hauberk.envoy.outbound.cluster_specs import cluster_name
from hauberk.model.routing import (
    MESH_GATEWAY,
    Abort,
    Cors,
    Delay,
    HeaderChanges,
    HttpDestination,
    HttpMatch,
    HttpRoute,
    MatchKind,
    NamedMatch,
    Redirect,
    Retries,
    Rewrite,
    StringMatch,
)
from hauberk.view.mesh_view import MeshView

__all__ = ["build_http_route", "destination_cluster", "text_matcher"]

_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled,reset-before-request"
"""Istio's default, each certain not to have reached the application (`unavailable` and `cancelled` are gRPC's own answers)."""
_RETRIES = 2
_MILLION = 1_000_000
_PREFIX_MARK = "%PREFIX()%"
_HOST_HEADERS = frozenset({"host", ":authority", "authority"})


def build_http_route(view: MeshView, route: HttpRoute, called_port: int, at: Collection[str] = (MESH_GATEWAY,)) -> list[m.Route]:
    """One Envoy route for each match that can be met on `called_port` `at` these gateways; none where it has nowhere to go."""
    if not _has_action(route):
        return []
    matches = [match for match in route.matches if _can_be_met(match, called_port, at)]
    if route.matches and not matches:
        return []
    return [_route(view, route, match, called_port) for match in matches or [HttpMatch()]]


def destination_cluster(view: MeshView, target: HttpDestination, called_port: int) -> str:
    """The cluster of a destination; without a port it means the Service's only one, else the port that was called.

    Source: Istio `GetDestinationCluster`.
    """
    service = view.services.get(target.host)
    only = service.ports[0].number if service is not None and len(service.ports) == 1 else called_port
    return cluster_name(target.port or only, target.subset, target.host)


def _has_action(route: HttpRoute) -> bool:
    return bool(route.redirect or route.direct_response or any(target.weight > 0 for target in route.destinations))


def _can_be_met(match: HttpMatch, called_port: int, at: Collection[str]) -> bool:
    if match.port is not None and match.port != called_port:
        return False
    return not match.gateways or any(gateway in at for gateway in match.gateways)


def _route(view: MeshView, rule: HttpRoute, match: HttpMatch, called_port: int) -> m.Route:
    built = m.Route(name=rule.name, match=_match(match))
    if rule.redirect is not None:
        built.redirect.CopyFrom(_redirect(rule.redirect))
    elif rule.direct_response is not None:
        built.direct_response.status = rule.direct_response.status
        if rule.direct_response.body:
            built.direct_response.body.inline_bytes = rule.direct_response.body
    else:
        built.route.CopyFrom(_action(view, rule, match, called_port))
    _change_headers(built, rule.request_headers, rule.response_headers)
    for name, config in _filter_settings(rule):
        built.typed_per_filter_config[name].CopyFrom(m.pack(config))
    return built


# -- Conditions -------------------------------------------------------------------------------------------------------
def _match(match: HttpMatch) -> m.RouteMatch:
    built = _path(match.uri)
    if match.ignore_uri_case:
        built.case_sensitive.value = False
    pseudo = ((":method", match.method), (":authority", match.authority), (":scheme", match.scheme))
    wanted = [NamedMatch(name, text) for name, text in pseudo if text is not None]
    built.headers.extend(_header(entry) for entry in (*wanted, *match.headers))
    for entry in match.without_headers:
        header = _header(entry)
        header.invert_match = True
        built.headers.append(header)
    for entry in match.query_params:
        parameter = m.QueryParameterMatcher(name=entry.name)
        if entry.match is None:
            parameter.present_match = True
        else:
            parameter.string_match.CopyFrom(text_matcher(entry.match))
        built.query_parameters.append(parameter)
    return built


def _path(match: StringMatch | None) -> m.RouteMatch:
    if match is None:
        return m.RouteMatch(prefix="/")
    if match.kind is MatchKind.EXACT:
        return m.RouteMatch(path=match.value)
    if match.kind is MatchKind.PREFIX:
        return m.RouteMatch(prefix=match.value)
    return m.RouteMatch(safe_regex={"regex": match.value})


def _header(entry: NamedMatch) -> m.HeaderMatcher:
    if entry.match is None:
        return m.HeaderMatcher(name=entry.name, present_match=True)
    return m.HeaderMatcher(name=entry.name, string_match=text_matcher(entry.match))


def text_matcher(match: StringMatch) -> m.StringMatcher:
    """A StringMatch; an empty prefix is any text, which Envoy's own matcher refuses to say."""
    if match.kind is MatchKind.REGEX:
        return m.StringMatcher(safe_regex={"regex": match.value})
    if match.kind is MatchKind.PREFIX:
        return m.StringMatcher(prefix=match.value) if match.value else m.StringMatcher(safe_regex={"regex": ".*"})
    return m.StringMatcher(exact=match.value)


# -- Actions ----------------------------------------------------------------------------------------------------------
_REDIRECT_CODES = {301: "MOVED_PERMANENTLY", 302: "FOUND", 303: "SEE_OTHER", 307: "TEMPORARY_REDIRECT", 308: "PERMANENT_REDIRECT"}


def _redirect(redirect: Redirect) -> m.RedirectAction:
    built = m.RedirectAction(
        host_redirect=redirect.authority,
        port_redirect=redirect.port or 0,
        response_code=_REDIRECT_CODES.get(redirect.code, "MOVED_PERMANENTLY"),
    )
    if redirect.scheme:
        built.scheme_redirect = redirect.scheme
    if redirect.uri.startswith(_PREFIX_MARK):
        built.prefix_rewrite = redirect.uri.removeprefix(_PREFIX_MARK)
    elif redirect.uri:
        built.path_redirect = redirect.uri
    return built


def _action(view: MeshView, rule: HttpRoute, match: HttpMatch, called_port: int) -> m.RouteAction:
    action = m.RouteAction()
    if rule.retries is None or rule.retries.attempts:
        action.retry_policy.CopyFrom(_retry_policy(rule.retries))
    action.timeout.CopyFrom(m.duration(rule.timeout or timedelta(0)))
    targets = [target for target in rule.destinations if target.weight > 0]
    if len(targets) == 1 and targets[0].request_headers == targets[0].response_headers == HeaderChanges():
        action.cluster = destination_cluster(view, targets[0], called_port)
    else:
        for target in targets:
            share = m.WeightedClusters.ClusterWeight(
                name=destination_cluster(view, target, called_port), weight=m.UInt32Value(value=target.weight)
            )
            _change_headers(share, target.request_headers, target.response_headers)
            action.weighted_clusters.clusters.append(share)
    if rule.rewrite is not None:
        _rewrite(action, rule.rewrite, match)
    host = next((value for name, value in rule.request_headers.set if name.lower() in _HOST_HEADERS), "")
    if host:
        action.host_rewrite_literal = host
    for mirror in rule.mirrors:
        cluster = destination_cluster(view, mirror.destination, called_port)
        fraction = {"default_value": _fraction(mirror.percentage)}
        action.request_mirror_policies.append(m.RouteAction.RequestMirrorPolicy(cluster=cluster, runtime_fraction=fraction))
    return action


def _rewrite(action: m.RouteAction, rewrite: Rewrite, match: HttpMatch) -> None:
    if rewrite.authority:
        action.host_rewrite_literal = rewrite.authority
    if rewrite.pattern:
        action.regex_rewrite.pattern.regex = rewrite.pattern
        action.regex_rewrite.substitution = rewrite.substitution
    elif rewrite.uri == "/" and match.uri is not None and match.uri.kind is MatchKind.PREFIX and not match.uri.value.endswith("/"):
        # A plain prefix rewrite of /api by / would make //x of /api/x.
        action.regex_rewrite.pattern.regex = f"^{re.escape(match.uri.value)}(/?)(.*)"
        action.regex_rewrite.substitution = r"/\2"
    elif rewrite.uri and match.uri is not None and match.uri.kind is MatchKind.REGEX:
        action.regex_rewrite.pattern.regex = match.uri.value
        action.regex_rewrite.substitution = rewrite.uri
    elif rewrite.uri:
        action.prefix_rewrite = rewrite.uri


def _retry_policy(retries: Retries | None) -> m.RetryPolicy:
    policy = m.RetryPolicy(retry_on=_RETRY_ON, num_retries=m.UInt32Value(value=_RETRIES), host_selection_retry_max_attempts=5)
    if retries is not None:
        policy.num_retries.value = retries.attempts
        words = [word.strip() for word in retries.retry_on.split(",") if word.strip()]
        codes = [int(word) for word in words if word.isdigit()]
        if words:
            named = [word for word in words if not word.isdigit()]
            policy.retry_on = ",".join([*named, *(["retriable-status-codes"] if codes else [])])
        policy.retriable_status_codes.extend(codes)
        if retries.per_try_timeout is not None:
            policy.per_try_timeout.CopyFrom(m.duration(retries.per_try_timeout))
        if retries.backoff is not None:
            policy.retry_back_off.base_interval.CopyFrom(m.duration(retries.backoff))
    if retries is None or retries.ignore_previous_hosts:
        policy.retry_host_predicate.extend(_other_hosts())
    return policy


def _other_hosts() -> Iterable[m.RetryPolicy.RetryHostPredicate]:
    name = "envoy.retry_host_predicates.previous_hosts"
    return [m.RetryPolicy.RetryHostPredicate(name=name, typed_config=m.pack(m.PreviousHostsPredicate()))]


# -- Headers, faults, CORS --------------------------------------------------------------------------------------------
def _change_headers(target: "m.Route | m.WeightedClusters.ClusterWeight", request: HeaderChanges, response: HeaderChanges) -> None:
    """Of a route or of a weighted cluster, which have the same four fields."""
    overwrite, append = "OVERWRITE_IF_EXISTS_OR_ADD", "APPEND_IF_EXISTS_OR_ADD"
    for changes, added, removed in (
        (request, target.request_headers_to_add, target.request_headers_to_remove),
        (response, target.response_headers_to_add, target.response_headers_to_remove),
    ):
        for action, pairs in ((overwrite, changes.set), (append, changes.add)):
            for name, value in pairs:
                if changes is response or name.lower() not in _HOST_HEADERS:
                    added.add(header={"key": name, "value": value}, append_action=action)
        removed.extend(changes.remove)


def _filter_settings(rule: HttpRoute) -> Iterable[tuple[str, m.Message]]:
    if rule.delay is not None or rule.abort is not None:
        yield FAULT_FILTER, _fault(rule.delay, rule.abort)
    if rule.cors is not None:
        yield CORS_FILTER, _cors(rule.cors)


def _fault(delay: Delay | None, abort: Abort | None) -> m.Fault:
    fault = m.Fault()
    if delay is not None:
        fault.delay.fixed_delay.CopyFrom(m.duration(delay.fixed))
        fault.delay.percentage.CopyFrom(_fraction(delay.percentage))
    if abort is not None:
        if abort.grpc_status is not None:
            fault.abort.grpc_status = abort.grpc_status
        else:
            fault.abort.http_status = abort.http_status
        fault.abort.percentage.CopyFrom(_fraction(abort.percentage))
    return fault


def _cors(cors: Cors) -> m.CorsPolicy:
    policy = m.CorsPolicy(
        allow_origin_string_match=[text_matcher(origin) for origin in cors.allow_origins],
        allow_methods=",".join(cors.allow_methods),
        allow_headers=",".join(cors.allow_headers),
        expose_headers=",".join(cors.expose_headers),
        max_age=str(int(cors.max_age.total_seconds())) if cors.max_age is not None else "",
        forward_not_matching_preflights=m.BoolValue(value=cors.forward_unmatched_preflights),
    )
    if cors.allow_credentials is not None:
        policy.allow_credentials.value = cors.allow_credentials
    return policy


def _fraction(percentage: float) -> m.FractionalPercent:
    return m.FractionalPercent(numerator=round(percentage * _MILLION / 100), denominator="MILLION")
