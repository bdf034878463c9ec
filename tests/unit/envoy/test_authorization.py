"""RBAC filters, condition by condition; what they do to traffic is tests/netns/test_authorization.py."""

from typing import Any

import pytest

from hauberk.envoy.authorization import connection_filters, request_filters
from hauberk.model.authorization import Attribute, AuthorizationRule, Condition
from hauberk.policy.authorization import NamedRule, WorkloadAuthorization
from tests.unit.envoy.builders import as_dict


def built(*sources: Condition, operations: tuple[Condition, ...] = (), when: tuple[Condition, ...] = ()) -> dict[str, Any]:
    rule = AuthorizationRule((sources,) if sources else (), (operations,) if operations else (), when)
    (made,) = request_filters(WorkloadAuthorization(allow=(NamedRule("r", rule),)), "example.com")
    policy: dict[str, Any] = as_dict(made)["typed_config"]["rules"]["policies"]["r"]
    return policy


def name(**matcher: Any) -> dict[str, Any]:
    return {"authenticated": {"principal_name": matcher}}


@pytest.mark.parametrize(
    ("attribute", "value", "principal"),
    [
        (Attribute.PRINCIPAL, "td/ns/a/sa/b", name(exact="spiffe://td/ns/a/sa/b")),
        (Attribute.PRINCIPAL, "cluster.local/ns/a/sa/b", name(exact="spiffe://example.com/ns/a/sa/b")),
        (Attribute.PRINCIPAL, "td/ns/a/*", name(prefix="spiffe://td/ns/a/")),
        (Attribute.PRINCIPAL, "*/sa/b", name(suffix="/sa/b")),
        (Attribute.PRINCIPAL, "*", name(safe_regex={"regex": ".+"})),
        (Attribute.NAMESPACE, "a", name(safe_regex={"regex": ".*/ns/a/.*"})),
        (Attribute.NAMESPACE, "a*", name(safe_regex={"regex": ".*/ns/a[^/]*/.*"})),
        (Attribute.SERVICE_ACCOUNT, "a/b", name(safe_regex={"regex": "spiffe://.+/ns/a/sa/b"})),
        (Attribute.IP, "10.1.2.3/8", {"direct_remote_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}),
        (Attribute.REMOTE_IP, "10.1.2.3", {"remote_ip": {"address_prefix": "10.1.2.3", "prefix_len": 32}}),
    ],
)
def test_sources(attribute: Attribute, value: str, principal: dict[str, Any]) -> None:
    assert built(Condition(attribute, (value,))) == {"principals": [principal], "permissions": [{"any": True}]}


@pytest.mark.parametrize(
    ("attribute", "value", "permission"),
    [
        (Attribute.PORT, "80", {"destination_port": 80}),
        (Attribute.SNI, "a*", {"requested_server_name": {"prefix": "a"}}),
        (Attribute.DESTINATION_IP, "1.2.3.4", {"destination_ip": {"address_prefix": "1.2.3.4", "prefix_len": 32}}),
        (Attribute.HOST, "*.a", {"header": {"name": ":authority", "string_match": {"suffix": ".a", "ignore_case": True}}}),
        (Attribute.METHOD, "GET", {"header": {"name": ":method", "string_match": {"exact": "GET"}}}),
        (Attribute.PATH, "/a*", {"url_path": {"path": {"prefix": "/a"}}}),
    ],
)
def test_operations(attribute: Attribute, value: str, permission: dict[str, Any]) -> None:
    assert built(operations=(Condition(attribute, (value,)),)) == {"principals": [{"any": True}], "permissions": [permission]}


def test_a_template_of_a_path_is_matched_by_envoys_own_matcher() -> None:
    (permission,) = built(operations=(Condition(Attribute.PATH, ("/a/{*}/{**}",)),))["permissions"]
    assert permission["uri_template"]["typed_config"]["path_template"] == "/a/*/**"


def test_several_values_are_alternatives_and_not_values_exceptions() -> None:
    (permission,) = built(operations=(Condition(Attribute.PORT, ("1", "2"), ("3",)),))["permissions"]
    some = {"or_rules": {"rules": [{"destination_port": 1}, {"destination_port": 2}]}}
    assert permission == {"and_rules": {"rules": [some, {"not_rule": {"destination_port": 3}}]}}
    (principal,) = built(Condition(Attribute.NAMESPACE, (), ("x",)))["principals"]
    assert principal == {"not_id": name(safe_regex={"regex": ".*/ns/x/.*"})}


def test_when_is_added_to_the_side_that_it_is_about() -> None:
    header = Condition(Attribute.HEADER, ("a",), key="x-team")
    policy = built(Condition(Attribute.PRINCIPAL, ("td/x",)), when=(header, Condition(Attribute.PORT, ("80",))))
    wanted = {"header": {"name": "x-team", "string_match": {"exact": "a"}}}
    assert policy == {
        "principals": [{"and_ids": {"ids": [name(exact="spiffe://td/x"), wanted]}}],
        "permissions": [{"destination_port": 80}],
    }


def test_audit_then_deny_then_allow_and_nothing_where_nothing_is_asked_for() -> None:
    some = (NamedRule("r", AuthorizationRule()),)
    everything = WorkloadAuthorization(deny=some, allow=(), audit=some)
    for filters in (connection_filters(everything, "td"), request_filters(everything, "td")):
        assert [as_dict(made)["typed_config"]["rules"].get("action", "ALLOW") for made in filters] == ["LOG", "DENY", "ALLOW"]
    assert (connection_filters(WorkloadAuthorization(), "td"), request_filters(WorkloadAuthorization(), "td")) == ([], [])


def test_on_connections_nothing_about_requests_is_left() -> None:
    rule = AuthorizationRule(operations=((Condition(Attribute.METHOD, ("GET",)),),))
    deny, allow = connection_filters(WorkloadAuthorization(deny=(NamedRule("r", rule),), allow=(NamedRule("r", rule),)), "td")
    assert as_dict(deny)["typed_config"]["rules"]["policies"]["r"] == {"principals": [{"any": True}], "permissions": [{"any": True}]}
    assert "policies" not in as_dict(allow)["typed_config"]["rules"]
