from datetime import UTC, datetime

import pytest

from hauberk.k8s.cluster_networking import NETWORK_POLICY
from tests.unit.k8s.builders import errors, load

NOW = datetime(2026, 11, 25, tzinfo=UTC)
CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def of_spec(text: str) -> list[tuple[str, str]]:
    return errors(NETWORK_POLICY, f"{{spec: {text}}}")


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("{podSelector: {}}", ["Ingress"]),
        ("{podSelector: {}, egress: []}", ["Ingress"]),
        ("{podSelector: {}, egress: [{}]}", ["Ingress", "Egress"]),
        ("{podSelector: {}, policyTypes: [Egress]}", ["Egress"]),
    ],
)
def test_types_follow_from_what_the_policy_speaks_of(spec: str, types: list[str]) -> None:
    policy = load(f"{{spec: {spec}}}")
    NETWORK_POLICY.complete(policy)
    assert policy["spec"]["policyTypes"] == types


def test_a_port_is_one_of_tcp_where_it_does_not_say() -> None:
    policy = load("{spec: {ingress: [{ports: [{port: 80}]}], egress: [{ports: [{port: 53, protocol: UDP}, {}]}]}}")
    NETWORK_POLICY.complete(policy)
    assert policy["spec"]["ingress"] == [{"ports": [{"port": 80, "protocol": "TCP"}]}]
    assert policy["spec"]["egress"] == [{"ports": [{"port": 53, "protocol": "UDP"}, {"protocol": "TCP"}]}]


@pytest.mark.parametrize(
    ("selector", "cell"),
    [
        ("{}", "<none>"),
        ("{matchLabels: {b: '2', a: '1'}}", "a=1,b=2"),
        ("{matchExpressions: [{key: a, operator: In, values: [y, x]}, {key: b, operator: NotIn, values: [z]}]}", "a in (x,y),b notin (z)"),
        ("{matchExpressions: [{key: a, operator: Exists}, {key: b, operator: DoesNotExist}]}", "a,!b"),
    ],
)
def test_the_selector_is_shown_as_kubectl_writes_it(selector: str, cell: str) -> None:
    column = NETWORK_POLICY.columns[1]
    assert column.value(load(f"{{spec: {{podSelector: {selector}}}}}"), NOW) == cell


def test_a_sound_policy_has_no_finding() -> None:
    peers = "[{podSelector: {}, namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]"
    ports = "[{port: 80, endPort: 90}, {port: web}]"
    assert of_spec(f"{{podSelector: {{matchLabels: {{app: web}}}}, ingress: [{{}}, {{from: {peers}, ports: {ports}}}]}}") == []


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        ("{ingress: [{from: [{}]}]}", "spec.ingress[0].from[0]", "Required value: must specify a peer"),
        (
            "{egress: [{to: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}",
            "spec.egress[0].to[0]",
            "Forbidden: may not specify both ipBlock and another peer",
        ),
        ("{ingress: [{from: [{ipBlock: {cidr: ''}}]}]}", "spec.ingress[0].from[0].ipBlock.cidr", "Required value"),
        ("{ingress: [{from: [{ipBlock: {cidr: here}}]}]}", "spec.ingress[0].from[0].ipBlock.cidr", f'Invalid value: "here": {CIDR}'),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]}",
            "spec.ingress[0].from[0].ipBlock.except[0]",
            'Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
        ),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['10.0.0.0']}}]}]}",
            "spec.ingress[0].from[0].ipBlock.except[0]",
            f'Invalid value: "10.0.0.0": {CIDR}',
        ),
        (
            "{ingress: [{ports: [{protocol: ICMP}]}]}",
            "spec.ingress[0].ports[0].protocol",
            'Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
        ),
        (
            "{ingress: [{ports: [{port: 0}]}]}",
            "spec.ingress[0].ports[0].port",
            "Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            "{ingress: [{ports: [{port: 90, endPort: 80}]}]}",
            "spec.ingress[0].ports[0].endPort",
            "Invalid value: 80: must be greater than or equal to `port`",
        ),
        (
            "{ingress: [{ports: [{endPort: 80}]}]}",
            "spec.ingress[0].ports[0].endPort",
            "Invalid value: 80: may not be specified when `port` is not specified",
        ),
        (
            "{ingress: [{ports: [{port: web, endPort: 80}]}]}",
            "spec.ingress[0].ports[0].endPort",
            "Invalid value: 80: may not be specified when `port` is non-numeric",
        ),
        ("{policyTypes: [Both]}", "spec.policyTypes[0]", 'Unsupported value: "Both": supported values: "Egress", "Ingress"'),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: In}]}}",
            "spec.podSelector.matchExpressions[0].values",
            "Required value: must be specified when `operator` is 'In' or 'NotIn'",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}",
            "spec.podSelector.matchExpressions[0].values",
            "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Like}]}}",
            "spec.podSelector.matchExpressions[0].operator",
            'Invalid value: "Like": not a valid selector operator',
        ),
    ],
)
def test_what_is_wrong_is_named_in_upstreams_words(spec: str, path: str, message: str) -> None:
    assert of_spec(spec) == [(path, message)]


def test_more_than_two_types_are_too_many() -> None:
    types = '["Ingress","Egress","Ingress"]'
    message = f"Invalid value: {types}: may not specify more than two policyTypes"
    assert of_spec(f"{{policyTypes: {types}}}") == [("spec.policyTypes", message)]
