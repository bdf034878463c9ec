"""The plan is run by a small interpreter of its rules, and asked where each connection goes."""

import sys
from dataclasses import dataclass

import pytest

from hauberk.node.linux import nftables as nft
from hauberk.node.linux.redirect import plan_redirect

POD, PEER, VIP = "10.244.0.10", "10.244.0.11", "10.96.1.1"


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection."""

    source: str
    destination: str
    port: int
    protocol: int = nft.TCP
    mark: int = 0
    loopback: bool = False


def holds(packet: Packet, load: nft.Expression, comparison: nft.Expression) -> bool:
    """One load and the comparison after it."""
    loaded, compared = dict(load.attributes), dict(comparison.attributes)
    data = compared["data"]
    assert isinstance(data, bytes)
    field = loaded["key"] if load.name == "meta" else loaded["offset"]
    values: dict[tuple[str, object], bytes] = {
        ("meta", 16): bytes([packet.protocol]),
        ("meta", 3): packet.mark.to_bytes(4, sys.byteorder),
        ("meta", 5): (1 if packet.loopback else 2).to_bytes(4, sys.byteorder),
        ("payload", 2): nft.packed_port(packet.port),
        ("payload", 12): nft.packed_address(packet.source),
        ("payload", 16): nft.packed_address(packet.destination)[: len(data)],
    }
    return (values[load.name, field] == data) == (compared["op"] == 0)


def verdict(chain: str, packet: Packet) -> int | None:
    """The port that a connection is redirected to; None where it goes where it wanted."""
    for operation in plan_redirect():
        if not isinstance(operation, nft.Rule) or operation.chain != chain:
            continue
        *matches, last = operation.expressions
        port = None
        if last.name == "redir":
            data = dict(matches.pop().attributes)["data"]
            assert isinstance(data, bytes)
            port = int.from_bytes(data, "big")
        if all(holds(packet, load, comparison) for load, comparison in zip(matches[::2], matches[1::2], strict=True)):
            return port
    return None


@pytest.mark.parametrize(
    ("packet", "port"),
    [
        (Packet(PEER, POD, 9080), 15006),
        (Packet(PEER, POD, 22), 15006),
        (Packet(PEER, POD, 15020), None),
        (Packet(PEER, POD, 15021), None),
        (Packet(PEER, POD, 15090), None),
        (Packet(PEER, POD, 9080, protocol=nft.UDP), None),
    ],
)
def test_inbound(packet: Packet, port: int | None) -> None:
    assert verdict("inbound", packet) == port


@pytest.mark.parametrize(
    ("packet", "port"),
    [
        (Packet(POD, VIP, 9080), 15001),
        (Packet(POD, PEER, 9080), 15001),
        (Packet(POD, PEER, 9080, protocol=nft.UDP), None),
        (Packet(POD, PEER, 9080, mark=1337), None),
        (Packet(POD, PEER, 9080, mark=1), 15001),
        (Packet("127.0.0.1", "127.0.0.1", 9080, loopback=True), None),
        (Packet(POD, POD, 9080, loopback=True), None),
        (Packet(POD, POD, 9080, mark=1337, loopback=True), 15006),
        (Packet("127.0.0.1", "127.0.0.1", 15000, mark=1337, loopback=True), None),
        (Packet("127.0.0.6", POD, 9080, mark=1337, loopback=True), None),
        (Packet("127.0.0.6", POD, 9080, loopback=True), None),
    ],
)
def test_outbound(packet: Packet, port: int | None) -> None:
    assert verdict("outbound", packet) == port


def test_the_table_and_its_chains_come_before_the_rules() -> None:
    assert plan_redirect()[:3] == (nft.AddTable(), nft.AddChain("inbound", nft.PREROUTING), nft.AddChain("outbound", nft.OUTPUT))
