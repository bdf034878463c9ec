"""The bytes of a transaction, read back by the layout of linux/netlink.h; the kernel reads them in tests/netns."""

import struct

import pytest

from hauberk.node.linux import nftables as nft
from hauberk.node.linux import transaction
from hauberk.node.linux.redirect import plan_redirect
from hauberk.node.linux.vips import ServiceVip, plan_base, plan_services

CREATE, APPEND, REQUEST, ACK = 0x400, 0x800, 1, 4
Attributes = list[tuple[int, bytes]]


def header(message: bytes) -> tuple[int, int, int]:
    """Kind, flags, sequence number; the length must be the message's own."""
    length, kind, flags, sequence, _pid = struct.unpack_from("=IHHII", message)
    assert length == len(message)
    return kind, flags, sequence


def attributes(data: bytes) -> Attributes:
    found, offset = [], 0
    while offset < len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        found.append((kind & 0x3FFF, data[offset + 4 : offset + length]))
        offset += (length + 3) & ~3
    return found


def encode(operation: nft.Operation, *, ack: bool = False) -> tuple[tuple[int, int, int], Attributes]:
    message = transaction._encode(operation, 7, ack=ack)
    assert message[16:18] == b"\x02\x00"  # AF_INET, version
    return header(message), attributes(message[20:])


TABLE = (1, b"hauberk\0")


def test_a_table_is_created_by_name() -> None:
    assert encode(nft.AddTable()) == ((0x0A00, REQUEST | CREATE, 7), [TABLE])


def test_the_last_operation_asks_for_an_answer() -> None:
    (_kind, flags, _sequence), _attributes = encode(nft.AddTable(), ack=True)
    assert flags == REQUEST | CREATE | ACK


def test_a_base_chain_says_hook_priority_and_type() -> None:
    kind, found = encode(nft.AddChain("outbound", nft.OUTPUT))
    assert kind == (0x0A03, REQUEST | CREATE, 7)
    assert found[:2] == [TABLE, (3, b"outbound\0")]
    hook = dict(found)[4]
    assert attributes(hook) == [(1, struct.pack(">I", 3)), (2, struct.pack(">i", -100))]
    assert dict(found)[7] == b"nat\0"


def test_a_plain_chain_has_a_name_only() -> None:
    assert encode(nft.AddChain("tcp-10.96.1.1-80"))[1] == [TABLE, (3, b"tcp-10.96.1.1-80\0")]


def test_flushing_a_chain_deletes_its_rules_and_not_the_chain() -> None:
    assert encode(nft.FlushChain("inbound")) == ((0x0A08, REQUEST, 7), [TABLE, (2, b"inbound\0")])
    assert encode(nft.DeleteChain("inbound")) == ((0x0A05, REQUEST, 7), [TABLE, (3, b"inbound\0")])


def test_a_rule_is_appended_with_its_expressions_in_order() -> None:
    kind, found = encode(nft.Rule("inbound", nft.redirect(15006)))
    assert kind == (0x0A06, REQUEST | CREATE | APPEND, 7)
    immediate, redir = (attributes(data) for _number, data in attributes(dict(found)[4]))
    assert immediate[0] == (1, b"immediate\0")
    assert attributes(immediate[1][1]) == [(1, struct.pack(">I", 1)), (2, b"\x06\x00\x01\x00\x3a\x9e\0\0")]
    assert redir == [(1, b"redir\0"), (2, b"\x08\x00\x01\x00\0\0\0\x01")]


def test_a_map_has_verdicts_as_its_data() -> None:
    kind, found = encode(nft.AddSet("services", 1, 12, 0, verdicts=True))
    assert kind == (0x0A09, REQUEST | CREATE, 7)
    assert found == [
        TABLE,
        (2, b"services\0"),
        (10, b"\0\0\0\x01"),
        (4, b"\0\0\0\0"),
        (5, b"\0\0\0\x0c"),
        (3, b"\0\0\0\x08"),
        (6, b"\xff\xff\xff\0"),
    ]


def test_an_element_leads_to_a_chain() -> None:
    kind, found = encode(nft.AddElement("services", b"k" * 12, nft.Verdict(nft.NFT_GOTO, "chain")))
    assert kind == (0x0A0C, REQUEST | CREATE, 7)
    assert found[:2] == [TABLE, (2, b"services\0")]
    ((_number, element),) = attributes(found[2][1])
    parts = dict(attributes(element))
    assert attributes(parts[1]) == [(1, b"k" * 12)]
    assert attributes(attributes(parts[2])[0][1]) == [(1, struct.pack(">i", -4)), (2, b"chain\0")]
    assert encode(nft.DeleteElement("hairpins", b"k" * 8))[0] == (0x0A0E, REQUEST, 7)


def test_every_operation_that_is_planned_can_be_encoded() -> None:
    vip = ServiceVip("10.96.1.1", 80, "TCP", (("10.244.0.2", 1), ("10.244.0.3", 2)))
    changes = [operation for step in (*plan_services([], [vip]), *plan_services([vip], [])) for operation in step]
    for operation in (*plan_base(), *plan_redirect(), *changes):
        assert encode(operation)[1][0] == TABLE


def answer(sequence: int, error: int) -> bytes:
    return struct.pack("=IHHIIi", 36, 2, 0, sequence, 0, -error) + b"\0" * 16


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (answer(3, 0), (3, 0)),
        (answer(1, 0), None),
        (answer(2, 17) + answer(3, 0), (2, 17)),
        (answer(1, 0) + answer(3, 0), (3, 0)),
        (answer(0, 1), (0, 1)),
        (b"", None),
    ],
)
def test_the_first_refusal_counts_else_the_last_acknowledgement(data: bytes, expected: tuple[int, int] | None) -> None:
    assert transaction._first_answer(data, 3) == expected


def test_no_operations_need_no_socket() -> None:
    transaction.apply_nftables(())
