"""Which policies govern a workload, and what is left of rules that cannot be seen."""

from datetime import timedelta

import pytest

from hauberk.model.authorization import Attribute, AuthorizationAction, AuthorizationPolicy, AuthorizationRule, Condition
from hauberk.model.service import EPOCH
from hauberk.policy.authorization import (
    AuthorizationIndex,
    NamedRule,
    WorkloadAuthorization,
    for_connections,
    for_requests,
    needs_http,
)

ALLOW, DENY, AUDIT = AuthorizationAction.ALLOW, AuthorizationAction.DENY, AuthorizationAction.AUDIT
READER = Condition(Attribute.PRINCIPAL, ("reader",))
GET = Condition(Attribute.METHOD, ("GET",))
PORT = Condition(Attribute.PORT, ("80",))
CLAIM = Condition(Attribute.UNKNOWN, ("x",))
ANY = AuthorizationRule()


def policy(
    name: str,
    namespace: str = "bookinfo",
    action: AuthorizationAction = ALLOW,
    *rules: AuthorizationRule,
    selector: tuple[tuple[str, str], ...] = (),
    age: int = 0,
) -> AuthorizationPolicy:
    return AuthorizationPolicy(namespace, name, action, selector, rules, EPOCH - timedelta(days=age))


def names(policies: list[AuthorizationPolicy], namespace: str = "bookinfo", **labels: str) -> list[str]:
    found = AuthorizationIndex.of(policies, "istio-system").for_workload(namespace, labels)
    return [named.name for named in (*found.deny, *(found.allow or ()), *found.audit)]


def test_policies_of_the_namespace_and_the_root_namespace_hold_together_oldest_first() -> None:
    policies = [
        policy("young", "bookinfo", ALLOW, ANY),
        policy("old", "bookinfo", ALLOW, ANY, ANY, age=1),
        policy("mesh", "istio-system", DENY, ANY),
        policy("other", "elsewhere", ALLOW, ANY),
    ]
    assert names(policies) == [
        "ns[istio-system]-policy[mesh]-rule[0]",
        "ns[bookinfo]-policy[old]-rule[0]",
        "ns[bookinfo]-policy[old]-rule[1]",
        "ns[bookinfo]-policy[young]-rule[0]",
    ]
    assert names(policies, "istio-system") == ["ns[istio-system]-policy[mesh]-rule[0]"]


@pytest.mark.parametrize("namespace", ["bookinfo", "istio-system"])
def test_a_selector_picks_workloads_of_the_root_namespaces_policies_too(namespace: str) -> None:
    policies = [policy("some", namespace, DENY, ANY, selector=(("app", "details"),))]
    assert (len(names(policies, app="details")), names(policies, app="reviews")) == (1, [])


def test_allow_without_rules_lets_nothing_through_and_no_policy_everything() -> None:
    index = AuthorizationIndex.of([policy("nothing")], "istio-system")
    assert index.for_workload("bookinfo", {}) == WorkloadAuthorization(allow=())
    assert index.for_workload("elsewhere", {}) == WorkloadAuthorization()
    assert (bool(WorkloadAuthorization()), bool(WorkloadAuthorization(allow=()))) == (False, True)


def ruled(action: AuthorizationAction, *rules: AuthorizationRule) -> WorkloadAuthorization:
    named = tuple(NamedRule(str(index), rule) for index, rule in enumerate(rules))
    return WorkloadAuthorization(**{action.value.lower(): named})


@pytest.mark.parametrize(
    ("rule", "needed"),
    [
        (AuthorizationRule(sources=((READER,),)), False),
        (AuthorizationRule(operations=((PORT,),)), False),
        (AuthorizationRule(operations=((PORT,), (GET,))), True),
        (AuthorizationRule(when=(Condition(Attribute.HEADER, ("a",), key="x"),)), True),
    ],
)
@pytest.mark.parametrize("action", AuthorizationAction)
def test_http_is_needed_where_a_rule_looks_at_requests(action: AuthorizationAction, rule: AuthorizationRule, needed: bool) -> None:
    assert needs_http(ruled(action, ANY, rule)) is needed


# rule, what is left of it on connections: as ALLOW or AUDIT (None: nothing), as DENY
SEEN_ON_CONNECTIONS = [
    (AuthorizationRule(((READER,),)), AuthorizationRule(((READER,),)), AuthorizationRule(((READER,),))),
    (AuthorizationRule(((READER,),), ((GET,),)), None, AuthorizationRule(((READER,),), ((),))),
    (AuthorizationRule((), ((GET,), (PORT,))), AuthorizationRule((), ((PORT,),)), AuthorizationRule((), ((), (PORT,)))),
    (AuthorizationRule((), ((GET, PORT),)), None, AuthorizationRule((), ((PORT,),))),
    (AuthorizationRule(((CLAIM,), (READER,))), AuthorizationRule(((READER,),)), AuthorizationRule(((), (READER,)))),
    (AuthorizationRule(when=(CLAIM,)), None, AuthorizationRule()),
]


@pytest.mark.parametrize(("rule", "narrowed", "widened"), SEEN_ON_CONNECTIONS)
def test_what_cannot_be_seen_allows_less_and_denies_more(
    rule: AuthorizationRule, narrowed: AuthorizationRule | None, widened: AuthorizationRule
) -> None:
    for action in (ALLOW, AUDIT):
        assert for_connections(ruled(action, rule)) == ruled(action, *([narrowed] if narrowed is not None else []))
    assert for_connections(ruled(DENY, rule)) == ruled(DENY, widened)


def test_requests_show_everything_but_claims() -> None:
    assert for_requests(ruled(ALLOW, AuthorizationRule((), ((GET,),)))) == ruled(ALLOW, AuthorizationRule((), ((GET,),)))
    assert for_requests(ruled(ALLOW, AuthorizationRule(((CLAIM,),)))) == ruled(ALLOW)
