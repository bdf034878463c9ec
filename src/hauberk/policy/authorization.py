"""Which AuthorizationPolicies govern a workload, and what is left of their rules where only connections are seen.

Source: Istio model/authorization.go, secauthz/model (facts: istio.io, AuthorizationPolicy). All policies that select a workload hold
together: DENY first; then, if there is any ALLOW policy, one of them must match. A condition that cannot be seen where it is
asked for (a path on a TCP port, a claim of a JWT) makes an ALLOW or AUDIT rule match nothing and a DENY rule match more: never less safe.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from hauberk.model.authorization import HTTP_ATTRIBUTES, Attribute, AuthorizationAction, AuthorizationPolicy, AuthorizationRule, Condition
from hauberk.model.objects import Labels
from hauberk.policy.selectors import selects

__all__ = ["AuthorizationIndex", "NamedRule", "WorkloadAuthorization", "for_connections", "for_requests", "needs_http"]


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule, and the name by which Envoy's statistics know it: `ns[bookinfo]-policy[viewer]-rule[0]`, as Istio's."""

    name: str
    rule: AuthorizationRule


@dataclass(frozen=True, slots=True)
class WorkloadAuthorization:
    """The rules of all policies of a workload. `allow` None: no ALLOW policy, so what is not denied passes; empty: nothing passes."""

    deny: tuple[NamedRule, ...] = ()
    allow: tuple[NamedRule, ...] | None = None
    audit: tuple[NamedRule, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.deny or self.audit) or self.allow is not None


@dataclass(frozen=True, slots=True)
class AuthorizationIndex:
    """Policies by namespace, oldest first."""

    root_namespace: str = ""
    namespaces: Mapping[str, tuple[AuthorizationPolicy, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, policies: Iterable[AuthorizationPolicy], root_namespace: str) -> "AuthorizationIndex":
        """Sort `policies` by namespace."""
        found: dict[str, list[AuthorizationPolicy]] = {}
        for policy in sorted(policies, key=lambda policy: (policy.created, policy.name)):
            found.setdefault(policy.namespace, []).append(policy)
        return cls(root_namespace, {namespace: tuple(members) for namespace, members in found.items()})

    def for_workload(self, namespace: str, labels: Labels) -> WorkloadAuthorization:
        """What holds for a workload; policies of the root namespace, with or without selector, reach into all namespaces."""
        candidates = self.namespaces.get(self.root_namespace, ())
        if namespace != self.root_namespace:
            candidates = (*candidates, *self.namespaces.get(namespace, ()))
        policies = [policy for policy in candidates if selects(dict(policy.selector), labels)]
        allowing = any(policy.action is AuthorizationAction.ALLOW for policy in policies)
        return WorkloadAuthorization(
            deny=_rules(policies, AuthorizationAction.DENY),
            allow=_rules(policies, AuthorizationAction.ALLOW) if allowing else None,
            audit=_rules(policies, AuthorizationAction.AUDIT),
        )


def needs_http(authorization: WorkloadAuthorization) -> bool:
    """Whether any rule looks at requests."""
    rules = (*authorization.deny, *(authorization.allow or ()), *authorization.audit)
    return any(condition.attribute in HTTP_ATTRIBUTES for named in rules for condition in _conditions(named.rule))


def for_requests(authorization: WorkloadAuthorization) -> WorkloadAuthorization:
    """The rules as they can be decided where requests are read."""
    return _without(authorization, lambda condition: condition.attribute is Attribute.UNKNOWN)


def for_connections(authorization: WorkloadAuthorization) -> WorkloadAuthorization:
    """The rules as they can be decided where only connections are seen."""
    hidden = HTTP_ATTRIBUTES | {Attribute.UNKNOWN}
    return _without(authorization, lambda condition: condition.attribute in hidden)


def _rules(policies: Iterable[AuthorizationPolicy], action: AuthorizationAction) -> tuple[NamedRule, ...]:
    return tuple(
        NamedRule(f"ns[{policy.namespace}]-policy[{policy.name}]-rule[{index}]", rule)
        for policy in policies
        if policy.action is action
        for index, rule in enumerate(policy.rules)
    )


def _conditions(rule: AuthorizationRule) -> Iterable[Condition]:
    for alternative in (*rule.sources, *rule.operations, rule.when):
        yield from alternative


_Hidden = Callable[[Condition], bool]


def _without(authorization: WorkloadAuthorization, hidden: _Hidden) -> WorkloadAuthorization:
    allow = authorization.allow
    return WorkloadAuthorization(
        deny=tuple(NamedRule(named.name, _widened(named.rule, hidden)) for named in authorization.deny),
        allow=None if allow is None else _narrowed(allow, hidden),
        audit=_narrowed(authorization.audit, hidden),
    )


def _widened(rule: AuthorizationRule, hidden: _Hidden) -> AuthorizationRule:
    """Without the conditions that cannot be seen; an alternative that is left with none matches anything."""

    def seen(alternatives: tuple[tuple[Condition, ...], ...]) -> tuple[tuple[Condition, ...], ...]:
        return tuple(tuple(condition for condition in alternative if not hidden(condition)) for alternative in alternatives)

    return AuthorizationRule(seen(rule.sources), seen(rule.operations), tuple(entry for entry in rule.when if not hidden(entry)))


def _narrowed(rules: Iterable[NamedRule], hidden: _Hidden) -> tuple[NamedRule, ...]:
    """Without the alternatives that cannot be told; a rule of which none is left is gone."""
    kept: list[NamedRule] = []
    for named in rules:
        rule = named.rule
        sources = tuple(alternative for alternative in rule.sources if not any(map(hidden, alternative)))
        operations = tuple(alternative for alternative in rule.operations if not any(map(hidden, alternative)))
        if (rule.sources and not sources) or (rule.operations and not operations) or any(map(hidden, rule.when)):
            continue
        kept.append(NamedRule(named.name, AuthorizationRule(sources, operations, rule.when)))
    return tuple(kept)
