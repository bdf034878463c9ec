"""Names only; links and rules are made in tests/netns."""

from hypothesis import given
from hypothesis import strategies as st

from hauberk.node.linux.network import link_name, mac_of


@given(st.text(max_size=80))
def test_a_link_has_a_name_that_the_kernel_takes(pod: str) -> None:
    name = link_name(pod)
    assert len(name) <= 15
    assert name.isalnum()
    assert name == link_name(pod)


def test_pods_have_different_links() -> None:
    assert len({link_name(f"pod-{number}") for number in range(1000)}) == 1000


def test_a_mac_follows_from_the_address() -> None:
    assert mac_of("10.244.0.7") == "02:48:0a:f4:00:07"


@given(st.ip_addresses(v=4).map(str))
def test_a_mac_is_locally_administered_and_of_one_station(address: str) -> None:
    assert int(mac_of(address)[:2], 16) & 0b11 == 0b10
