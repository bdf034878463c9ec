"""Node ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.errors import ConfigError
from hauberk.model.proxy import NodeId, Proxy, ProxyKind, parse_node_id
from tests.unit.model.builders import make_workload

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)


@given(
    st.sampled_from(ProxyKind),
    st.from_regex(r"10\.244\.[0-9]{1,2}\.[0-9]{1,2}", fullmatch=True),
    st.lists(NAMES, min_size=1, max_size=3).map(".".join),
    NAMES,
)
def test_a_node_id_is_read_as_it_was_written(kind: ProxyKind, address: str, name: str, namespace: str) -> None:
    node = NodeId(kind, address, name, namespace)
    assert parse_node_id(str(node)) == node


@pytest.mark.parametrize("text", ["", "sidecar", "sidecar~10.0.0.1~pod~x", "waypoint~10.0.0.1~p.n~n", "sidecar~1~p.n", "sidecar~1~.n~x"])
def test_other_node_ids_are_refused_with_the_form_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match="sidecar~<pod address>"):
        parse_node_id(text)


def test_a_proxy_is_that_of_its_pod() -> None:
    proxy = Proxy.of(ProxyKind.SIDECAR, make_workload())
    assert proxy == Proxy(ProxyKind.SIDECAR, "bookinfo", "details-1", "10.244.0.1", {"app": "details"}, "bookinfo-details")
    assert proxy.node_id == "sidecar~10.244.0.1~details-1.bookinfo~bookinfo.svc.cluster.local"
