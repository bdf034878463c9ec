"""Which Sidecar counts, and what it lets be seen (Istio `getSidecarScope`, `SelectServices`)."""

import pytest

from hauberk.model.sidecar import EgressHost, Sidecar
from hauberk.policy.sidecars import choose_sidecar, sees

APP = (("app", "a"),)
MINE, OWN, ROOT = Sidecar("n", "mine", APP), Sidecar("n", "own"), Sidecar("root", "all")
OTHER, ROOT_SELECTING = Sidecar("other", "x"), Sidecar("root", "some", APP)


@pytest.mark.parametrize(
    ("sidecars", "matched", "chosen"),
    [
        ([], frozenset(), None),
        ([OTHER], frozenset(), None),
        ([ROOT], frozenset(), ROOT),
        ([ROOT_SELECTING], frozenset({APP}), None),
        ([ROOT, OWN], frozenset(), OWN),
        ([OWN, MINE], frozenset({APP}), MINE),
        ([OWN, MINE], frozenset(), OWN),
        ([OWN, Sidecar("n", "younger")], frozenset(), OWN),
        ([MINE, Sidecar("n", "younger", APP)], frozenset({APP}), MINE),
    ],
)
def test_the_nearest_counts_and_of_equals_the_oldest(sidecars: list[Sidecar], matched: frozenset[object], chosen: Sidecar | None) -> None:
    assert choose_sidecar(sidecars, "n", matched, "root") == chosen


@pytest.mark.parametrize(
    ("egress", "seen"),
    [
        (None, True),
        ((), False),
        ((EgressHost("*", "*"),), True),
        ((EgressHost("n", "*"),), True),
        ((EgressHost("m", "*"),), False),
        ((EgressHost("~", "*"),), False),
        ((EgressHost("n", "*.example"),), True),
        ((EgressHost("n", "b.example"), EgressHost("n", "a.example")), True),
        ((EgressHost("n", "b.example"),), False),
    ],
)
def test_hosts_are_seen_as_egress_says(egress: tuple[EgressHost, ...] | None, seen: bool) -> None:
    assert sees(Sidecar("n", "s", egress=egress), "n", "a.example") is seen
    assert sees(None, "n", "a.example")
