import sys

from hauberk.node.linux import nftables as nft


def host(value: int) -> bytes:
    return value.to_bytes(4, sys.byteorder)


def test_ports_and_addresses_are_in_network_order() -> None:
    assert nft.packed_port(15001) == b"\x3a\x99"
    assert nft.packed_address("10.96.0.10") == b"\x0a\x60\x00\x0a"


def test_matches_read_the_field_they_are_named_after() -> None:
    assert nft.match_protocol(nft.TCP) == (
        nft.Expression("meta", (("dreg", 1), ("key", 16))),
        nft.Expression("cmp", (("sreg", 1), ("op", 0), ("data", b"\x06"))),
    )
    assert nft.match_destination_port(80) == (
        nft.Expression("payload", (("dreg", 1), ("base", 2), ("offset", 2), ("len", 2))),
        nft.Expression("cmp", (("sreg", 1), ("op", 0), ("data", b"\x00\x50"))),
    )
    assert nft.match_source("127.0.0.6") == (
        nft.Expression("payload", (("dreg", 1), ("base", 1), ("offset", 12), ("len", 4))),
        nft.Expression("cmp", (("sreg", 1), ("op", 0), ("data", b"\x7f\x00\x00\x06"))),
    )
    assert nft.match_mark(1337) == (
        nft.Expression("meta", (("dreg", 1), ("key", 3))),
        nft.Expression("cmp", (("sreg", 1), ("op", 0), ("data", host(1337)))),
    )
    assert nft.match_leaving_by_loopback() == (
        nft.Expression("meta", (("dreg", 1), ("key", 5))),
        nft.Expression("cmp", (("sreg", 1), ("op", 0), ("data", host(1)))),
    )
    assert nft.match_not_loopback_destination() == (
        nft.Expression("payload", (("dreg", 1), ("base", 1), ("offset", 16), ("len", 1))),
        nft.Expression("cmp", (("sreg", 1), ("op", 1), ("data", b"\x7f"))),
    )


def test_one_in_one_needs_no_chance() -> None:
    assert nft.match_one_in(1) == ()
    assert nft.match_one_in(3) == (
        nft.Expression("numgen", (("dreg", 1), ("modulus", 3), ("type", 1), ("offset", 0))),
        nft.Expression("cmp", (("sreg", 1), ("op", 0), ("data", host(0)))),
    )


def test_actions_carry_their_target_in_registers() -> None:
    assert nft.redirect(15006) == (
        nft.Expression("immediate", (("dreg", 1), ("data", b"\x3a\x9e"))),
        nft.Expression("redir", (("reg_proto_min", 1),)),
    )
    assert nft.translate_destination("10.244.0.7", 8080) == (
        nft.Expression("immediate", (("dreg", 1), ("data", b"\x0a\xf4\x00\x07"))),
        nft.Expression("immediate", (("dreg", 2), ("data", b"\x1f\x90"))),
        nft.Expression("nat", (("type", 1), ("family", 2), ("reg_addr_min", 1), ("reg_proto_min", 2))),
    )
    assert nft.translate_source("10.244.0.1") == (
        nft.Expression("immediate", (("dreg", 1), ("data", b"\x0a\xf4\x00\x01"))),
        nft.Expression("nat", (("type", 0), ("family", 2), ("reg_addr_min", 1))),
    )
    assert nft.accept() == (nft.Expression("immediate", (("dreg", 0), ("data", nft.Verdict(nft.NF_ACCEPT)))),)
