"""Affected."""

from hypothesis import given
from hypothesis import strategies as st

from hauberk.view.changes import Affected

SETS = st.frozensets(st.sampled_from(["a", "b", "c"]))
AFFECTED = st.builds(Affected, clusters=SETS, endpoints=SETS, ports=st.frozensets(st.integers(1, 3)), routers=st.booleans())


def test_nothing_affected_is_false() -> None:
    assert not Affected()
    assert Affected(ports=frozenset({1}))
    assert Affected(everything=True)


@given(AFFECTED, AFFECTED)
def test_the_union_names_what_either_names(one: Affected, other: Affected) -> None:
    both = one | other
    assert both == other | one == Affected.union([one, other, one])
    assert both.clusters == one.clusters | other.clusters
    assert bool(both) == (bool(one) or bool(other))
