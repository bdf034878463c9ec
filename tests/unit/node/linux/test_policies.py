"""Plans are applied to a model of the kernel's table, with its refusals, and the table is compared with what was wanted."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from hauberk.node.linux import nftables as nft
from hauberk.node.linux.policies import Allowance, Block, PolicyTable, PortRange, chain_of, plan_policies, plan_policy_base

WAYS = ("ingress", "egress")


@dataclass
class Table:
    """What the kernel keeps: rules may ask existing sets only, and what is in use cannot be removed."""

    chains: dict[str, list[nft.Rule]] = field(default_factory=dict)
    sets: dict[str, set[bytes]] = field(default_factory=dict)
    ways: dict[str, dict[bytes, str]] = field(default_factory=lambda: {way: {} for way in WAYS})

    def apply(self, operations: Iterable[nft.Operation]) -> None:
        for operation in operations:
            self._apply(operation)

    def _apply(self, operation: nft.Operation) -> None:  # noqa: C901 - one case an operation
        match operation:
            case nft.AddChain(name):
                assert name not in self.chains
                self.chains[name] = []
            case nft.FlushChain(name):
                self.chains[name].clear()
            case nft.DeleteChain(name):
                assert all(name not in led.values() for led in self.ways.values())
                del self.chains[name]
            case nft.Rule(chain):
                assert asked(operation) <= self.sets.keys()
                self.chains[chain].append(operation)
            case nft.AddSet(name):
                assert name not in self.sets
                self.sets[name] = set()
            case nft.DeleteSet(name):
                assert all(name not in asked(rule) for rules in self.chains.values() for rule in rules)
                del self.sets[name]
            case nft.AddElement(name, key, nft.Verdict(nft.NFT_JUMP, chain)):
                assert chain in self.chains
                assert key not in self.ways[name]
                self.ways[name][key] = chain
            case nft.AddElement(name, key, None):
                self.sets[name].add(key)
            case nft.DeleteElement(name, key) if name in WAYS:
                del self.ways[name][key]
            case nft.DeleteElement(name, key):
                self.sets[name].remove(key)
            case _:
                raise AssertionError(operation)


def asked(rule: nft.Rule) -> set[object]:
    return {dict(one.attributes)["set"] for one in rule.expressions if one.name == "lookup"}


def packed(addresses: Iterable[str]) -> set[bytes]:
    return {nft.packed_address(address) for address in addresses}


def assert_holds(table: Table, wanted: PolicyTable) -> None:
    assert table.sets == {name: packed(members) for name, members in wanted.used_sets().items()}
    for way in WAYS:
        assert table.ways[way] == {nft.packed_address(address): chain for address, chain in wanted.ways(way).items()}
    assert set(table.chains) == set(wanted.chains())
    assert all(rules[-1].expressions == nft.drop() for rules in table.chains.values())


ADDRESSES = st.sampled_from(["10.244.0.2", "10.244.0.3", "10.244.0.4"])
ALLOWANCES = st.builds(
    Allowance,
    st.sampled_from([None, (), ("a",), ("b",), ("a", "b")]),
    st.sampled_from([(), (Block("10.0.0.0/8"),), (Block("10.0.0.0/8", ("10.1.0.0/16",)),)]),
    st.sampled_from([None, (), (PortRange("TCP", 80, 80),), (PortRange("UDP", 1, 9), PortRange("SCTP"))]),
)
PODS = st.dictionaries(ADDRESSES, st.lists(ALLOWANCES, max_size=2, unique=True).map(tuple), max_size=3)
TABLES = st.builds(PolicyTable, st.fixed_dictionaries({"a": st.frozensets(ADDRESSES), "b": st.frozensets(ADDRESSES)}), PODS, PODS)


@given(st.lists(TABLES, max_size=5))
def test_any_way_of_policies_leads_to_what_is_wanted(states: list[PolicyTable]) -> None:
    table, current = Table(), PolicyTable()
    for wanted in states:
        for transaction in plan_policies(current, wanted):
            table.apply(transaction)
        assert_holds(table, wanted)
        current = wanted


@given(TABLES)
def test_nothing_is_sent_where_nothing_changes(table: PolicyTable) -> None:
    assert plan_policies(table, table) == ()


def test_a_pod_that_comes_is_one_element_in_the_set_of_peers() -> None:
    ingress = {f"10.244.1.{index}": (Allowance(("a",)),) for index in range(1, 200)}
    before = PolicyTable({"a": frozenset({"10.244.0.2"})}, ingress)
    after = PolicyTable({"a": frozenset({"10.244.0.2", "10.244.0.3"})}, ingress)
    assert plan_policies(before, after) == ((nft.AddElement("a", nft.packed_address("10.244.0.3")),),)


def test_pods_with_the_same_rules_share_a_chain_and_change_in_one_step() -> None:
    strict, open_ = (), (Allowance(),)
    before = PolicyTable(ingress={"10.244.0.2": strict, "10.244.0.3": strict})
    assert set(before.chains()) == {chain_of("ingress", strict)}
    after = PolicyTable(ingress={"10.244.0.2": open_, "10.244.0.3": strict})
    new, key = chain_of("ingress", open_), nft.packed_address("10.244.0.2")
    assert plan_policies(before, after) == (
        (
            nft.AddChain(new),
            nft.Rule(new, nft.leave_chain()),
            nft.Rule(new, nft.drop()),
            nft.DeleteElement("ingress", key),
            nft.AddElement("ingress", key, nft.Verdict(nft.NFT_JUMP, new)),
        ),
    )


def test_a_rule_is_a_peer_and_a_port_of_the_direction() -> None:
    allowed = Allowance(("a",), (Block("10.0.0.0/8", ("10.1.0.0/16",)), Block("fd00::/8")), (PortRange("TCP", 80, 90),))
    ports = nft.match_protocol(nft.TCP) + nft.match_destination_ports(80, 90)
    inside = nft.compare_masked(b"\x0a\0\0\0", b"\xff\0\0\0", equal=True)
    outside = nft.compare_masked(b"\x0a\x01\0\0", b"\xff\xff\0\0", equal=False)
    for direction, load in (("ingress", nft.load_source()), ("egress", nft.load_destination())):
        pods = {"10.244.0.2": (allowed,)}
        table = PolicyTable({"a": frozenset()}, **{direction: pods})
        rules = [operation.expressions for operation in plan_policies(PolicyTable(), table)[0] if isinstance(operation, nft.Rule)]
        assert rules == [
            (load, nft.is_in("a"), *ports, *nft.leave_chain()),
            (load, *inside, load, *outside, *ports, *nft.leave_chain()),
            nft.drop(),
        ]


def test_many_are_sent_in_several_transactions_and_each_pod_changes_within_one() -> None:
    pods = {f"10.244.{third}.{last}": (Allowance(ports=(PortRange("TCP", last, last),)),) for third in range(4) for last in range(1, 200)}
    transactions = plan_policies(PolicyTable(), PolicyTable(ingress=pods))
    assert len(transactions) == 5
    assert max(map(len, transactions)) <= 300
    table = Table()
    for transaction in transactions:
        table.apply(transaction)
    assert_holds(table, PolicyTable(ingress=pods))


def test_the_base_lets_answers_and_a_pods_own_calls_pass_before_it_asks() -> None:
    rules = [operation.expressions for operation in plan_policy_base() if isinstance(operation, nft.Rule)]
    assert rules[0] == nft.match_established() + nft.accept()
    assert [dict(one.attributes).get("set") for rule in rules[1:] for one in rule if one.name == "lookup"] == [
        "hairpins",
        "ingress",
        "egress",
    ]
    hooks = [operation.hook for operation in plan_policy_base() if isinstance(operation, nft.AddChain)]
    assert hooks == [nft.FORWARD]
