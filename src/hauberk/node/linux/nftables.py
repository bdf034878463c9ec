"""nftables as values: operations on the table `hauberk`, rules as rows of expressions. Pure; `network` sends them.

An expression loads, compares or acts; a rule runs its expressions from left to right and ends at the first comparison that
fails. Registers are four bytes wide (8 and up) or sixteen (1 to 4). Numbers of packets are in network order, numbers of the
kernel's own (marks, interface indexes, random numbers) in host order. Source: linux/netfilter/nf_tables.h.
"""

import sys
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, Literal

__all__ = [
    "TABLE",
    "AddChain",
    "AddElement",
    "AddSet",
    "AddTable",
    "DeleteChain",
    "DeleteElement",
    "DeleteSet",
    "Expression",
    "FlushChain",
    "Operation",
    "Rule",
    "Verdict",
]

TABLE: Final = "hauberk"
TCP: Final = 6
UDP: Final = 17
SCTP: Final = 132
NF_DROP: Final = 0
NF_ACCEPT: Final = 1
NFT_JUMP: Final = -3
NFT_GOTO: Final = -4
NFT_RETURN: Final = -5

_LOOPBACK_INDEX: Final = 1
"""lo is the first interface of every network namespace."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a packet goes: `code` is one of those above, NFT_JUMP and NFT_GOTO with a chain."""

    code: int
    chain: str = ""


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression: its kernel name and its attributes in order, named as in nf_tables.h without `NFTA_<NAME>_`."""

    name: str
    attributes: tuple[tuple[str, int | str | bytes | Verdict], ...]


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a base chain is entered, in which order among others, and whether it translates addresses or lets pass."""

    name: str
    priority: int
    type: Literal["nat", "filter"] = "nat"


@dataclass(frozen=True, slots=True)
class AddTable:
    """Make the table; no error where it is there."""


@dataclass(frozen=True, slots=True)
class AddChain:
    """Make a chain; with a hook, packets enter it from there, otherwise by a verdict only."""

    name: str
    hook: Hook | None = None


@dataclass(frozen=True, slots=True)
class FlushChain:
    """Take all rules out of a chain."""

    name: str


@dataclass(frozen=True, slots=True)
class DeleteChain:
    """Remove a chain with its rules; nothing may lead to it any more."""

    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Append a rule to a chain."""

    chain: str
    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AddSet:
    """Make a named set; `verdicts` makes it a map from keys to verdicts. `number` is its own within a transaction."""

    name: str
    number: int
    key_length_bytes: int
    key_type: int
    """Data types of the key's parts, six bits each, for tools that list the set; the kernel does not read it."""
    verdicts: bool = False


@dataclass(frozen=True, slots=True)
class AddElement:
    """Put a key, in a map with its verdict, into a set."""

    set_name: str
    key: bytes
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class DeleteElement:
    """Take a key out of a set."""

    set_name: str
    key: bytes


@dataclass(frozen=True, slots=True)
class DeleteSet:
    """Remove a set with its elements; no rule may ask it any more."""

    name: str


Operation = AddTable | AddChain | FlushChain | DeleteChain | Rule | AddSet | AddElement | DeleteElement | DeleteSet

PREROUTING: Final = Hook("prerouting", -100)
OUTPUT: Final = Hook("output", -100)
POSTROUTING: Final = Hook("postrouting", 100)
"""Hooks and priorities as nft's own `dstnat` and `srcnat`."""
FORWARD: Final = Hook("forward", 0, "filter")


def packed_address(address: str) -> bytes:
    """Four bytes in network order."""
    return IPv4Address(address).packed


def packed_port(port: int) -> bytes:
    """Two bytes in network order."""
    return port.to_bytes(2, "big")


def _host_number(value: int) -> bytes:
    return value.to_bytes(4, sys.byteorder)


def _load(base: int, offset: int, length: int, register: int) -> Expression:
    return Expression("payload", (("dreg", register), ("base", base), ("offset", offset), ("len", length)))


def load_destination(register: int = 1) -> Expression:
    """The packet's destination address."""
    return _load(1, 16, 4, register)


def load_source(register: int = 1) -> Expression:
    """The packet's source address."""
    return _load(1, 12, 4, register)


def load_addresses(register: int = 1) -> Expression:
    """Source and destination address, eight bytes."""
    return _load(1, 12, 8, register)


def load_protocol(register: int = 1) -> Expression:
    """The protocol's number, one byte, zeros after it."""
    return Expression("meta", (("dreg", register), ("key", 16)))


def load_destination_port(register: int = 1) -> Expression:
    """Destination port of TCP or UDP, two bytes, zeros after it."""
    return _load(2, 2, 2, register)


def equals(data: bytes, register: int = 1) -> Expression:
    """Go on only where the register holds `data`."""
    return Expression("cmp", (("sreg", register), ("op", 0), ("data", data)))


def match_protocol(protocol: int) -> tuple[Expression, ...]:
    """`meta l4proto <protocol>`."""
    return (load_protocol(), equals(bytes([protocol])))


def match_destination_port(port: int) -> tuple[Expression, ...]:
    """`th dport <port>`; a protocol with ports must have been matched."""
    return (load_destination_port(), equals(packed_port(port)))


def match_destination_ports(first: int, last: int) -> tuple[Expression, ...]:
    """`th dport <first>-<last>`; in network order bytes compare as numbers do."""
    lowest = Expression("cmp", (("sreg", 1), ("op", 5), ("data", packed_port(first))))
    highest = Expression("cmp", (("sreg", 1), ("op", 3), ("data", packed_port(last))))
    return (load_destination_port(), lowest, highest)


def compare_masked(network: bytes, mask: bytes, *, equal: bool) -> tuple[Expression, ...]:
    """Go on where the address in register 1 is in the network, or, unless `equal`, where it is not; the register is spent."""
    masked = Expression("bitwise", (("sreg", 1), ("dreg", 1), ("len", 4), ("mask", mask), ("xor", bytes(4))))
    return (masked, Expression("cmp", (("sreg", 1), ("op", 0 if equal else 1), ("data", network))))


def match_established() -> tuple[Expression, ...]:
    """`ct state established,related`: answers, and whatever goes on in a connection that was allowed."""
    bits = _host_number(0b110)
    state = Expression("ct", (("dreg", 1), ("key", 0)))
    masked = Expression("bitwise", (("sreg", 1), ("dreg", 1), ("len", 4), ("mask", bits), ("xor", bytes(4))))
    return (state, masked, Expression("cmp", (("sreg", 1), ("op", 1), ("data", bytes(4)))))


def match_source(address: str) -> tuple[Expression, ...]:
    """`ip saddr <address>`."""
    return (_load(1, 12, 4, 1), equals(packed_address(address)))


def match_not_loopback_destination() -> tuple[Expression, ...]:
    """`ip daddr != 127.0.0.0/8`: its first byte tells."""
    return (_load(1, 16, 1, 1), Expression("cmp", (("sreg", 1), ("op", 1), ("data", b"\x7f"))))


def match_leaving_by_loopback() -> tuple[Expression, ...]:
    """`oif lo`: the destination is an address of this very namespace."""
    return (Expression("meta", (("dreg", 1), ("key", 5))), equals(_host_number(_LOOPBACK_INDEX)))


def match_mark(mark: int) -> tuple[Expression, ...]:
    """`meta mark <mark>`."""
    return (Expression("meta", (("dreg", 1), ("key", 3))), equals(_host_number(mark)))


def match_one_in(count: int) -> tuple[Expression, ...]:
    """Go on for one packet in `count`, by chance; for one in one, always."""
    if count == 1:
        return ()
    return (Expression("numgen", (("dreg", 1), ("modulus", count), ("type", 1), ("offset", 0))), equals(_host_number(0)))


def accept() -> tuple[Expression, ...]:
    """End with the packet as it is; connection tracking remembers that for the rest of the connection."""
    return (Expression("immediate", (("dreg", 0), ("data", Verdict(NF_ACCEPT)))),)


def drop() -> tuple[Expression, ...]:
    """Let the packet go lost: the sender waits, as network plugins have it."""
    return (Expression("immediate", (("dreg", 0), ("data", Verdict(NF_DROP)))),)


def leave_chain() -> tuple[Expression, ...]:
    """Go on behind the rule that led into this chain."""
    return (Expression("immediate", (("dreg", 0), ("data", Verdict(NFT_RETURN)))),)


def redirect(port: int) -> tuple[Expression, ...]:
    """To a local port of this namespace; SO_ORIGINAL_DST tells where it was going."""
    return (Expression("immediate", (("dreg", 1), ("data", packed_port(port)))), Expression("redir", (("reg_proto_min", 1),)))


def translate_destination(address: str, port: int) -> tuple[Expression, ...]:
    """`dnat to <address>:<port>`."""
    return (
        Expression("immediate", (("dreg", 1), ("data", packed_address(address)))),
        Expression("immediate", (("dreg", 2), ("data", packed_port(port)))),
        Expression("nat", (("type", 1), ("family", 2), ("reg_addr_min", 1), ("reg_proto_min", 2))),
    )


def translate_source(address: str) -> tuple[Expression, ...]:
    """`snat to <address>`."""
    return (
        Expression("immediate", (("dreg", 1), ("data", packed_address(address)))),
        Expression("nat", (("type", 0), ("family", 2), ("reg_addr_min", 1))),
    )


def look_up_verdict(set_name: str, register: int) -> Expression:
    """Do as the map says for the key that starts in `register`; go on where it has none."""
    return Expression("lookup", (("set", set_name), ("sreg", register), ("dreg", 0)))


def is_in(set_name: str, register: int = 1) -> Expression:
    """Go on only where the set has the key that starts in `register`."""
    return Expression("lookup", (("set", set_name), ("sreg", register)))
