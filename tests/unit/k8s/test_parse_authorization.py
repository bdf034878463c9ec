import pytest

from hauberk.errors import ConfigError
from hauberk.k8s.parse_authorization import parse_authorization_policy
from hauberk.model.authorization import Attribute, AuthorizationAction, AuthorizationPolicy, AuthorizationRule, Condition
from tests.unit.k8s.builders import load


def parse(spec: str) -> AuthorizationPolicy:
    return parse_authorization_policy(load(f"{{kind: AuthorizationPolicy, metadata: {{name: p, namespace: n}}, spec: {spec}}}"))


def test_nothing_said_is_an_allow_policy_that_allows_nothing() -> None:
    assert parse("{}") == AuthorizationPolicy("n", "p", AuthorizationAction.ALLOW)


def test_every_field_becomes_a_condition() -> None:
    policy = parse(DENY)
    assert policy.selector == (("a", "1"), ("b", "2"))
    assert policy.rules == (
        AuthorizationRule(
            sources=(
                (
                    Condition(Attribute.PRINCIPAL, ("p",)),
                    Condition(Attribute.NAMESPACE, (), ("ns",)),
                    Condition(Attribute.SERVICE_ACCOUNT, ("n/reader", "other/writer")),
                    Condition(Attribute.IP, ("10.0.0.0/8",)),
                ),
                (Condition(Attribute.REMOTE_IP, ("1.2.3.4",)), Condition(Attribute.UNKNOWN, ("*",))),
            ),
            operations=(
                (
                    Condition(Attribute.HOST, ("h",)),
                    Condition(Attribute.PORT, ("80",)),
                    Condition(Attribute.METHOD, (), ("GET",)),
                    Condition(Attribute.PATH, ("/a", "/b*")),
                ),
            ),
            when=(
                Condition(Attribute.HEADER, ("a",), ("b",), key="X-Team"),
                Condition(Attribute.SNI, ("s",)),
                Condition(Attribute.UNKNOWN, ("i",)),
            ),
        ),
    )


DENY = """{
  action: DENY, selector: {matchLabels: {b: "2", a: "1"}}, rules: [{
    from: [
      {source: {principals: [p], notNamespaces: [ns], serviceAccounts: [reader, other/writer], ipBlocks: [10.0.0.0/8]}},
      {source: {remoteIpBlocks: [1.2.3.4], requestPrincipals: ["*"]}}],
    to: [{operation: {hosts: [h], ports: ["80"], notMethods: [GET], paths: [/a, /b*]}}],
    when: [
      {key: "request.headers[X-Team]", values: [a], notValues: [b]},
      {key: connection.sni, values: [s]},
      {key: "request.auth.claims[iss]", values: [i]}]}]}"""


def test_an_action_that_we_do_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="CUSTOM"):
        parse("{action: CUSTOM}")
