from typing import Any

import pytest
import yaml

from hauberk.node.linux.policies import Allowance, Block, PolicyTable, PortRange
from hauberk.node.traffic.policies import PodFacts, is_enforced, pod_facts, select_policies

WEB, API, DB = "10.244.0.2", "10.244.0.3", "10.244.0.4"
HTTP = ("http", "TCP", 8080)
PODS = [
    PodFacts("shop", {"app": "web"}, WEB, (HTTP,)),
    PodFacts("shop", {"app": "api"}, API, (("http", "TCP", 9090),)),
    PodFacts("data", {"app": "db"}, DB),
]
NAMESPACES: list[dict[str, Any]] = [{"metadata": {"name": name, "labels": {"team": team}}} for name, team in (("shop", "a"), ("data", "b"))]


def policy(spec: str, namespace: str = "shop", **annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": "x", "namespace": namespace, "annotations": annotations}, "spec": yaml.safe_load(spec)}


def select(*policies: dict[str, Any]) -> PolicyTable:
    return select_policies(policies, PODS, NAMESPACES)


def peers_of(table: PolicyTable, allowance: Allowance) -> set[str]:
    return {address for name in allowance.sets or () for address in table.sets[name]}


def test_without_a_policy_nobody_is_isolated() -> None:
    assert select() == PolicyTable()


def test_a_policy_isolates_the_pods_that_it_selects_in_the_directions_that_it_names() -> None:
    table = select(policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}"))
    assert (table.ingress, table.egress) == ({WEB: ()}, {})
    table = select(policy("{podSelector: {}, policyTypes: [Ingress, Egress], egress: [{}]}"))
    assert (table.ingress, table.egress) == ({WEB: (), API: ()}, {WEB: (Allowance(),), API: (Allowance(),)})


def test_policies_add_up() -> None:
    table = select(policy("{policyTypes: [Ingress]}"), policy("{policyTypes: [Ingress], ingress: [{ports: [{port: 80}]}]}"))
    assert table.ingress[WEB] == (Allowance(None, (), (PortRange("TCP", 80, 80),)),)


@pytest.mark.parametrize(
    ("peer", "members"),
    [
        ("{podSelector: {}}", {WEB, API}),
        ("{podSelector: {matchLabels: {app: api}}}", {API}),
        ("{podSelector: {matchLabels: {app: db}}}", set()),
        ("{namespaceSelector: {}}", {WEB, API, DB}),
        ("{namespaceSelector: {matchLabels: {team: b}}}", {DB}),
        ("{namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}", {DB}),
        ("{namespaceSelector: {matchLabels: {team: c}}}", set()),
    ],
)
def test_peers_are_pods_by_their_own_and_their_namespaces_labels(peer: str, members: set[str]) -> None:
    table = select(policy(f"{{podSelector: {{matchLabels: {{app: web}}}}, policyTypes: [Ingress], ingress: [{{from: [{peer}]}}]}}"))
    (allowance,) = table.ingress[WEB]
    assert peers_of(table, allowance) == members
    assert (allowance.blocks, allowance.ports) == ((), None)


def test_the_same_words_in_another_namespace_mean_other_pods() -> None:
    spec = "{policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}"
    table = select(policy(spec), policy(spec, namespace="data"))
    assert peers_of(table, table.ingress[WEB][0]) == {WEB, API}
    assert peers_of(table, table.ingress[DB][0]) == {DB}


def test_blocks_and_port_ranges_are_taken_as_they_are() -> None:
    peers, ports = "[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]", "[{port: 1, endPort: 9}, {protocol: UDP}]"
    spec = f"{{policyTypes: [Ingress], ingress: [{{from: {peers}, ports: {ports}}}]}}"
    expected = Allowance((), (Block("10.0.0.0/8", ("10.1.0.0/16",)),), (PortRange("TCP", 1, 9), PortRange("UDP")))
    assert select(policy(spec)).ingress[WEB] == (expected,)


def test_a_named_port_is_looked_up_at_the_pod_that_is_called() -> None:
    inward = select(policy("{policyTypes: [Ingress], ingress: [{ports: [{port: http}]}]}"))
    assert inward.ingress == {
        WEB: (Allowance(None, (), (PortRange("TCP", 8080, 8080),)),),
        API: (Allowance(None, (), (PortRange("TCP", 9090, 9090),)),),
    }
    outward = select(policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}"))
    found = {one.ports: peers_of(outward, one) for one in outward.egress[WEB]}
    assert found == {(PortRange("TCP", 8080, 8080),): {WEB}, (PortRange("TCP", 9090, 9090),): {API}}


def test_a_name_that_no_port_has_opens_none() -> None:
    assert select(policy("{policyTypes: [Ingress], ingress: [{ports: [{port: ghost}]}]}")).ingress == {WEB: (), API: ()}


def test_a_policy_that_was_not_asked_for_is_passed_over() -> None:
    assert select(policy("{policyTypes: [Ingress]}", **{"hauberk.io/enforced": "false (...)"})) == PolicyTable()
    assert is_enforced(policy("{}", **{"hauberk.io/enforced": "true"}))


def test_a_pods_address_is_the_nodes_word_before_it_is_in_status() -> None:
    ports = [{"name": "http", "containerPort": 8080}, {"containerPort": 9}]
    spec = {"containers": [{"ports": ports}]}
    metadata = {"name": "web", "namespace": "shop", "labels": {"app": "web"}}
    starting = {"metadata": metadata | {"uid": "1"}, "spec": spec}
    running = {"metadata": metadata | {"uid": "2"}, "spec": spec, "status": {"podIP": API, "phase": "Running"}}
    ended = {"metadata": metadata | {"uid": "3"}, "spec": spec, "status": {"podIP": DB, "phase": "Succeeded"}}
    waiting = {"metadata": metadata | {"uid": "4"}, "spec": spec}
    expected = [PodFacts("shop", {"app": "web"}, address, (HTTP,)) for address in (WEB, API)]
    assert pod_facts([starting, running, ended, waiting], {"1": WEB}) == expected
