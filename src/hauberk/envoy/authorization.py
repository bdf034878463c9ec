"""AuthorizationPolicies as Envoy's RBAC filters: on connections, or on requests where they are read.

Source: Istio pilot/pkg/security/authz/model (generator.go, matcher.go). The order is AUDIT, DENY, ALLOW; rules keep Istio's names, which
Envoy's statistics and the reason of a 403 show.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from hauberk.envoy import messages as m
from hauberk.model.authorization import Attribute, AuthorizationRule, Condition
from hauberk.policy.authorization import NamedRule, WorkloadAuthorization, for_connections, for_requests

__all__ = ["connection_filters", "request_filters"]

_NETWORK, _HTTP = "envoy.filters.network.rbac", "envoy.filters.http.rbac"
_TEMPLATE = "envoy.path.match.uri_template.uri_template_matcher"
_LOCAL_DOMAIN = "cluster.local/"
"""In a principal it stands for the mesh's own trust domain, whatever that is called (Istio, trust domain aliases)."""
_SOURCE_ATTRIBUTES = frozenset(
    {Attribute.PRINCIPAL, Attribute.NAMESPACE, Attribute.SERVICE_ACCOUNT, Attribute.IP, Attribute.REMOTE_IP, Attribute.HEADER}
)


def connection_filters(authorization: WorkloadAuthorization, trust_domain: str) -> list[m.Filter]:
    """What stands before a TCP proxy; none where nothing is asked for."""
    return [
        m.Filter(name=_NETWORK, typed_config=m.pack(m.NetworkRbac(rules=rules, stat_prefix="tcp.")))
        for rules in _all_rules(for_connections(authorization), trust_domain)
    ]


def request_filters(authorization: WorkloadAuthorization, trust_domain: str) -> list[m.HttpFilter]:
    """What stands before the router in an HTTP connection manager; none where nothing is asked for."""
    return [
        m.HttpFilter(name=_HTTP, typed_config=m.pack(m.HttpRbac(rules=rules)))
        for rules in _all_rules(for_requests(authorization), trust_domain)
    ]


def _all_rules(authorization: WorkloadAuthorization, trust_domain: str) -> Iterable[m.Rbac]:
    if authorization.audit:
        yield _rules(m.Rbac.LOG, authorization.audit, trust_domain)
    if authorization.deny:
        yield _rules(m.Rbac.DENY, authorization.deny, trust_domain)
    if authorization.allow is not None:
        yield _rules(m.Rbac.ALLOW, authorization.allow, trust_domain)


def _rules(action: int, rules: Iterable[NamedRule], trust_domain: str) -> m.Rbac:
    built = m.Rbac(action=action)
    for named in rules:
        built.policies[named.name].CopyFrom(_policy(named.rule, trust_domain))
    return built


def _policy(rule: AuthorizationRule, trust_domain: str) -> m.RbacPolicy:
    """Any permission and any principal; conditions of `when` are added to each alternative of the side they belong to."""
    about_source = tuple(entry for entry in rule.when if entry.attribute in _SOURCE_ATTRIBUTES)
    about_target = tuple(entry for entry in rule.when if entry.attribute not in _SOURCE_ATTRIBUTES)
    principals = [
        _all_ids([_principal(condition, trust_domain) for condition in (*alternative, *about_source)])
        for alternative in rule.sources or ((),)
    ]
    permissions = [
        _all_permissions([_permission(condition) for condition in (*alternative, *about_target)])
        for alternative in rule.operations or ((),)
    ]
    return m.RbacPolicy(principals=principals, permissions=permissions)


# -- Principals -------------------------------------------------------------------------------------------------------
def _principal(condition: Condition, trust_domain: str) -> m.RbacPrincipal:
    def one(value: str) -> m.RbacPrincipal:
        return _one_principal(condition, value, trust_domain)

    parts = []
    if condition.values:
        parts.append(_any_id([one(value) for value in condition.values]))
    if condition.not_values:
        parts.append(m.RbacPrincipal(not_id=_any_id([one(value) for value in condition.not_values])))
    return _all_ids(parts)


def _one_principal(condition: Condition, value: str, trust_domain: str) -> m.RbacPrincipal:
    attribute = condition.attribute
    if attribute is Attribute.IP:
        return m.RbacPrincipal(direct_remote_ip=_cidr(value))
    if attribute is Attribute.REMOTE_IP:
        return m.RbacPrincipal(remote_ip=_cidr(value))
    if attribute is Attribute.HEADER:
        return m.RbacPrincipal(header=_header(condition.key, value))
    name = _IDENTITIES[attribute](value, trust_domain)
    return m.RbacPrincipal(authenticated={"principal_name": name})


def _identity(value: str, trust_domain: str) -> m.StringMatcher:
    if value == "*":
        return _regex(".+")
    if value.startswith("*"):
        return m.StringMatcher(suffix=value[1:])
    if value.startswith(_LOCAL_DOMAIN):
        value = f"{trust_domain}/{value.removeprefix(_LOCAL_DOMAIN)}"
    return m.StringMatcher(prefix=f"spiffe://{value[:-1]}") if value.endswith("*") else m.StringMatcher(exact=f"spiffe://{value}")


def _of_namespace(value: str, _trust_domain: str) -> m.StringMatcher:
    return _regex(f".*/ns/{_wild(value)}/.*")


def _of_account(value: str, _trust_domain: str) -> m.StringMatcher:
    namespace, _, account = value.partition("/")
    return _regex(f"spiffe://.+/ns/{_wild(namespace)}/sa/{_wild(account)}")


_IDENTITIES: Mapping[Attribute, Callable[[str, str], m.StringMatcher]] = {
    Attribute.PRINCIPAL: _identity,
    Attribute.NAMESPACE: _of_namespace,
    Attribute.SERVICE_ACCOUNT: _of_account,
}


def _all_ids(ids: Sequence[m.RbacPrincipal]) -> m.RbacPrincipal:
    if not ids:
        return m.RbacPrincipal(any=True)
    return ids[0] if len(ids) == 1 else m.RbacPrincipal(and_ids={"ids": ids})


def _any_id(ids: Sequence[m.RbacPrincipal]) -> m.RbacPrincipal:
    return ids[0] if len(ids) == 1 else m.RbacPrincipal(or_ids={"ids": ids})


# -- Permissions ------------------------------------------------------------------------------------------------------
def _permission(condition: Condition) -> m.RbacPermission:
    parts = []
    if condition.values:
        parts.append(_any_permission([_one_permission(condition, value) for value in condition.values]))
    if condition.not_values:
        unwanted = _any_permission([_one_permission(condition, value) for value in condition.not_values])
        parts.append(m.RbacPermission(not_rule=unwanted))
    return _all_permissions(parts)


def _one_permission(condition: Condition, value: str) -> m.RbacPermission:
    attribute = condition.attribute
    if attribute is Attribute.PORT:
        return m.RbacPermission(destination_port=int(value))
    if attribute is Attribute.DESTINATION_IP:
        return m.RbacPermission(destination_ip=_cidr(value))
    if attribute is Attribute.SNI:
        return m.RbacPermission(requested_server_name=_text(value))
    if attribute is Attribute.PATH:
        return _path(value)
    # Hosts are compared without regard to case, as DNS does.
    name = ":authority" if attribute is Attribute.HOST else ":method"
    return m.RbacPermission(header=_header(name, value, ignore_case=attribute is Attribute.HOST))


def _path(value: str) -> m.RbacPermission:
    if "{*}" in value or "{**}" in value:
        template = m.UriTemplateMatch(path_template=value.replace("{*}", "*").replace("{**}", "**"))
        return m.RbacPermission(uri_template=m.TypedExtension(name=_TEMPLATE, typed_config=m.pack(template)))
    return m.RbacPermission(url_path={"path": _text(value)})


def _all_permissions(rules: Sequence[m.RbacPermission]) -> m.RbacPermission:
    if not rules:
        return m.RbacPermission(any=True)
    return rules[0] if len(rules) == 1 else m.RbacPermission(and_rules={"rules": rules})


def _any_permission(rules: Sequence[m.RbacPermission]) -> m.RbacPermission:
    return rules[0] if len(rules) == 1 else m.RbacPermission(or_rules={"rules": rules})


# -- Values -----------------------------------------------------------------------------------------------------------
def _text(value: str, *, ignore_case: bool = False) -> m.StringMatcher:
    if value == "*":
        return _regex(".+")
    if value.startswith("*"):
        return m.StringMatcher(suffix=value[1:], ignore_case=ignore_case)
    if value.endswith("*"):
        return m.StringMatcher(prefix=value[:-1], ignore_case=ignore_case)
    return m.StringMatcher(exact=value, ignore_case=ignore_case)


def _header(name: str, value: str, *, ignore_case: bool = False) -> m.HeaderMatcher:
    return m.HeaderMatcher(name=name, string_match=_text(value, ignore_case=ignore_case))


def _wild(value: str) -> str:
    """A value with a leading or trailing `*` as a part of a regular expression that stays within one path segment."""
    if value == "*":
        return "[^/]+"
    return "[^/]*".join(re.escape(part) for part in value.split("*"))


def _regex(pattern: str) -> m.StringMatcher:
    return m.StringMatcher(safe_regex={"regex": pattern})


def _cidr(block: str) -> m.CidrRange:
    network = ipaddress.ip_network(block, strict=False)
    return m.CidrRange(address_prefix=str(network.network_address), prefix_len=m.UInt32Value(value=network.prefixlen))
