"""Addresses for pods."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.errors import EnvironmentProblem
from hauberk.node.addresses import AddressPool


def test_addresses_are_given_in_order_after_the_nodes_own() -> None:
    pool = AddressPool("10.244.0.0/16")
    assert [pool.take(owner) for owner in ("a", "b", "a")] == ["10.244.0.2", "10.244.0.3", "10.244.0.2"]


def test_an_address_rests_before_it_is_used_again() -> None:
    pool = AddressPool("10.0.0.0/29")
    assert [pool.take(owner) for owner in ("a", "b")] == ["10.0.0.2", "10.0.0.3"]
    pool.give_back("a")
    pool.give_back("nobody")
    assert [pool.take(owner) for owner in ("c", "d", "e", "f")] == ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"]
    with pytest.raises(EnvironmentProblem, match="all 5 pod addresses are in use"):
        pool.take("g")


def test_a_pod_gets_the_address_that_it_had_where_that_is_free() -> None:
    pool = AddressPool("10.0.0.0/29")
    assert pool.take("a", "10.0.0.4") == "10.0.0.4"
    assert [pool.take("b", wanted) for wanted in ("10.0.0.4", "10.0.0.5")] == ["10.0.0.2", "10.0.0.2"]
    outside = ["10.0.0.0", "10.0.0.1", "10.0.0.7", "192.168.0.1"]
    assert [pool.take(wanted, wanted) for wanted in outside[:3]] == ["10.0.0.3", "10.0.0.5", "10.0.0.6"]
    with pytest.raises(EnvironmentProblem):
        pool.take("x", outside[3])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=40))
def test_no_two_owners_ever_share_an_address(steps: list[tuple[bool, int]]) -> None:
    pool, held = AddressPool("10.0.0.0/29"), {}
    for take, owner in steps:
        if take:
            held[owner] = pool.take(str(owner))
        else:
            pool.give_back(str(owner))
            held.pop(owner, None)
        assert len(set(held.values())) == len(held)
