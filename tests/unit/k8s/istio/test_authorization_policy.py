import pytest

from hauberk.k8s.security import AUTHORIZATION_POLICY
from tests.unit.k8s.builders import errors, warnings


def policy(spec: str) -> str:
    return f"{{kind: AuthorizationPolicy, spec: {spec}}}"


@pytest.mark.parametrize(
    "spec",
    [
        "{}",
        "{rules: [{}]}",
        "{action: DENY, rules: [{from: [{source: {principals: ['*/sa/x'], notIpBlocks: [10.0.0.0/8, 1.2.3.4]}}]}]}",
        "{rules: [{to: [{operation: {ports: ['80'], paths: ['/a/{*}']}}], when: [{key: 'request.headers[x]', notValues: [a]}]}]}",
        "{action: AUDIT, rules: [{when: [{key: source.ip, values: [10.0.0.1]}, {key: destination.port, values: ['80']}]}]}",
    ],
)
def test_what_istio_takes_and_we_do(spec: str) -> None:
    assert (errors(AUTHORIZATION_POLICY, policy(spec)), warnings(AUTHORIZATION_POLICY, policy(spec))) == ([], [])


R = "spec.rules[0]"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{rules: [{from: []}]}", (f"{R}.from", "Invalid value: []: `from` cannot be empty")),
        ("{rules: [{to: []}]}", (f"{R}.to", "Invalid value: []: `to` cannot be empty")),
        ("{rules: [{from: [{source: {}}]}]}", (f"{R}.from[0].source", "Invalid value: {}: `from.source` cannot be empty")),
        ("{rules: [{to: [{}]}]}", (f"{R}.to[0].operation", "Invalid value: {}: `to.operation` cannot be empty")),
        (
            "{rules: [{to: [{operation: {ports: ['0']}}]}]}",
            (f"{R}.to[0].operation.ports", 'Invalid value: "0": port must be in range 1..65535'),
        ),
        (
            "{rules: [{from: [{source: {ipBlocks: [10.0.0.300]}}]}]}",
            (f"{R}.from[0].source.ipBlocks", 'Invalid value: "10.0.0.300": is no IP address or CIDR block'),
        ),
        (
            "{rules: [{from: [{source: {principals: ['spiffe://td/ns/a/sa/b']}}]}]}",
            (
                f"{R}.from[0].source.principals[0]",
                'Invalid value: "spiffe://td/ns/a/sa/b": starts with spiffe://, which is not part of the value',
            ),
        ),
        (
            "{rules: [{to: [{operation: {paths: ['']}}]}]}",
            (f"{R}.to[0].operation.paths[0]", 'Invalid value: "": value cannot be empty'),
        ),
        (
            "{rules: [{when: [{key: source.ip}]}]}",
            (f"{R}.when[0].values", "Required value: at least one of `values`, `notValues` must be set"),
        ),
        ("{rules: [{when: [{key: moon.phase, values: [full]}]}]}", (f"{R}.when[0].key", 'Invalid value: "moon.phase": unknown attribute')),
        (
            "{rules: [{when: [{key: 'request.headers[]', values: [a]}]}]}",
            (f"{R}.when[0].key", 'Invalid value: "request.headers[]": unknown attribute'),
        ),
        ("{action: CUSTOM, rules: [{}]}", ("spec.action", 'Invalid value: "CUSTOM": external authorizers are not implemented yet')),
    ],
)
def test_what_istio_refuses(spec: str, expected: tuple[str, str]) -> None:
    assert errors(AUTHORIZATION_POLICY, policy(spec)) == [expected]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{action: DENY}", ("HBK0113", "spec.rules")),
        (
            "{rules: [{from: [{source: {requestPrincipals: ['*'], principals: [a]}}]}]}",
            ("HBK0290", f"{R}.from[0].source.requestPrincipals"),
        ),
        ("{rules: [{when: [{key: 'request.auth.claims[a]', values: [b]}]}]}", ("HBK0290", f"{R}.when[0].key")),
        ("{targetRefs: [{kind: Gateway, name: g}]}", ("HBK0290", "spec.targetRefs")),
    ],
)
def test_what_we_do_not_do_is_said(spec: str, expected: tuple[str, str]) -> None:
    assert warnings(AUTHORIZATION_POLICY, policy(spec)) == [expected]
