"""Plans are applied to a model of the kernel's table, and the table is compared with what was wanted."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from hauberk.node.linux import nftables as nft
from hauberk.node.linux.vips import ServiceVip, plan_base, plan_services

Endpoint = tuple[str, int]


class Table:
    """What the kernel keeps, with its refusals: a chain that is used cannot be removed, an element must be there to be taken."""

    def __init__(self) -> None:
        self.chains: dict[str, list[nft.Rule]] = {}
        self.services: dict[bytes, str] = {}
        self.hairpins: set[bytes] = set()

    def apply(self, operations: Iterable[nft.Operation]) -> None:
        for operation in operations:
            self._apply(operation)

    def _apply(self, operation: nft.Operation) -> None:
        match operation:
            case nft.AddChain(name):
                assert name not in self.chains
                self.chains[name] = []
            case nft.FlushChain(name):
                self.chains[name].clear()
            case nft.DeleteChain(name):
                assert name not in self.services.values()
                del self.chains[name]
            case nft.Rule(chain):
                self.chains[chain].append(operation)
            case nft.AddElement("services", key, nft.Verdict(nft.NFT_GOTO, chain)):
                assert chain in self.chains
                assert key not in self.services
                self.services[key] = chain
            case nft.DeleteElement("services", key):
                del self.services[key]
            case nft.AddElement("hairpins", key, None):
                self.hairpins.add(key)
            case nft.DeleteElement("hairpins", key):
                self.hairpins.remove(key)
            case _:
                raise AssertionError(operation)

    def endpoints(self, key: bytes) -> list[tuple[int, Endpoint]]:
        """(one in how many, endpoint) of each rule of the service's chain."""
        return [draw(rule) for rule in self.chains[self.services[key]]]


def draw(rule: nft.Rule) -> tuple[int, Endpoint]:
    address, port = [dict(e.attributes)["data"] for e in rule.expressions if e.name == "immediate"]
    chances = [dict(e.attributes)["modulus"] for e in rule.expressions if e.name == "numgen"]
    assert isinstance(address, bytes)
    assert isinstance(port, bytes)
    chance = chances[0] if chances else 1
    assert isinstance(chance, int)
    return chance, (".".join(map(str, address)), int.from_bytes(port, "big"))


def make_vip(address: str = "10.96.1.1", *endpoints: Endpoint, port: int = 80) -> ServiceVip:
    return ServiceVip(address, port, "TCP", endpoints)


def assert_holds(table: Table, wanted: Iterable[ServiceVip]) -> None:
    served = {vip.key: vip for vip in wanted}
    served = {key: vip for key, vip in served.items() if vip.endpoints}
    assert set(table.services) == set(served)
    for key, vip in served.items():
        count = len(vip.endpoints)
        assert table.endpoints(key) == [(count - index, endpoint) for index, endpoint in enumerate(vip.endpoints)]
    assert table.hairpins == {nft.packed_address(address) * 2 for vip in served.values() for address, _port in vip.endpoints}
    assert set(table.chains) == set(table.services.values())


ENDPOINTS = st.tuples(st.sampled_from(["10.244.0.2", "10.244.0.3", "10.244.0.4"]), st.sampled_from([8080, 9090]))
VIPS = st.builds(
    ServiceVip,
    st.sampled_from(["10.96.0.1", "10.96.0.2"]),
    st.sampled_from([80, 443]),
    st.sampled_from(["TCP", "UDP"]),
    st.lists(ENDPOINTS, max_size=4, unique=True).map(tuple),
)


@given(st.lists(st.lists(VIPS, max_size=6), max_size=5))
def test_any_way_of_services_leads_to_what_is_wanted(states: list[list[ServiceVip]]) -> None:
    table = Table()
    current: list[ServiceVip] = []
    for wanted in states:
        for transaction in plan_services(current, wanted):
            table.apply(transaction)
        assert_holds(table, wanted)
        current = wanted


@given(st.lists(VIPS, max_size=6))
def test_nothing_is_sent_where_nothing_changes(vips: list[ServiceVip]) -> None:
    assert plan_services(vips, list(vips)) == ()


def test_one_change_touches_one_service() -> None:
    others = [make_vip(f"10.96.2.{index}", ("10.244.0.2", 80)) for index in range(1, 100)]
    before = [*others, make_vip("10.96.1.1", ("10.244.0.2", 8080))]
    after = [*others, make_vip("10.96.1.1", ("10.244.0.2", 8081))]
    assert plan_services(before, after) == (
        (
            nft.FlushChain("tcp-10.96.1.1-80"),
            nft.Rule("tcp-10.96.1.1-80", nft.translate_destination("10.244.0.2", 8081)),
        ),
    )


def test_a_service_that_loses_its_last_endpoint_is_taken_out() -> None:
    before = make_vip("10.96.1.1", ("10.244.0.2", 8080))
    assert plan_services([before], [make_vip("10.96.1.1")]) == (
        (
            nft.DeleteElement("hairpins", nft.packed_address("10.244.0.2") * 2),
            nft.DeleteElement("services", before.key),
            nft.FlushChain("tcp-10.96.1.1-80"),
            nft.DeleteChain("tcp-10.96.1.1-80"),
        ),
    )


def test_many_services_are_sent_in_several_transactions_but_each_whole() -> None:
    vips = [make_vip(f"10.96.1.{index}", ("10.244.0.2", 1), ("10.244.0.3", 2)) for index in range(1, 250)]
    transactions = plan_services([], vips)
    assert [len(transaction) for transaction in transactions] == [398, 400, 200]
    table = Table()
    for transaction in transactions:
        table.apply(transaction)
        assert all(len(table.chains[chain]) == 2 for chain in table.chains)
    assert_holds(table, vips)


def test_a_key_is_address_protocol_and_port() -> None:
    assert ServiceVip("10.96.0.10", 53, "UDP", ()).key == bytes([10, 96, 0, 10, 17, 0, 0, 0, 0, 53, 0, 0])


def test_the_base_has_a_way_in_for_pods_and_for_the_node() -> None:
    chains = {operation.name: operation.hook for operation in plan_base() if isinstance(operation, nft.AddChain)}
    assert chains == {"from-pods": nft.PREROUTING, "from-node": nft.OUTPUT, "to-pods": nft.POSTROUTING}
    sets = {operation.name: operation.key_length_bytes for operation in plan_base() if isinstance(operation, nft.AddSet)}
    assert sets == {"services": len(make_vip().key), "hairpins": 8}
