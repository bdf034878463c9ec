from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.controllers.workloads.rollout import MAX_REPLICAS, Limits, limits_of, plan_recreate, plan_rolling, plan_scale, replicas_of
from hauberk.k8s.kind import Manifest, name_of
from tests.unit.controllers.builders import make_deployment, make_replica_set


def sized(name: str, replicas: int, available: int | None = None, **fields: Any) -> Manifest:
    return make_replica_set(name, replicas=replicas, **fields) | {
        "status": {"availableReplicas": replicas if available is None else available}
    }


def sizes(scalings: list[Any]) -> dict[str, int]:
    return {name_of(scaling.replica_set): scaling.replicas for scaling in scalings}


@pytest.mark.parametrize(
    ("replicas", "strategy", "expected"),
    [
        (4, {}, Limits(4, 1, 1)),
        (1, {}, Limits(1, 1, 0)),
        (10, {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": "25%"}}, Limits(10, 10, 2)),
        (3, {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}, Limits(3, 0, 1)),
        (3, {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}}, Limits(3, 0, 1)),
        (3, {"type": "Recreate"}, Limits(3, 0, 0)),
        (0, {}, Limits(0, 0, 0)),
    ],
)
def test_surge_is_rounded_up_and_unavailable_down_and_never_both_zero(replicas: int, strategy: Manifest, expected: Limits) -> None:
    assert limits_of(make_deployment(replicas=replicas, spec={"strategy": strategy})) == expected


def test_the_new_one_grows_into_the_surge() -> None:
    assert sizes(plan_rolling(sized("new", 0), [sized("old", 4)], Limits(4, 1, 1))) == {"new": 1}


def test_old_pods_go_when_new_ones_are_available() -> None:
    limits = Limits(4, 1, 0)
    assert sizes(plan_rolling(sized("new", 1, available=0), [sized("old", 4)], limits)) == {}
    assert sizes(plan_rolling(sized("new", 1), [sized("old", 4)], limits)) == {"old": 3}


def test_old_pods_that_do_not_work_go_first() -> None:
    broken, good = sized("a", 2, available=0), sized("b", 4)
    assert sizes(plan_rolling(sized("new", 0, available=0), [broken, good], Limits(4, 0, 0))) == {"a": 0}


def test_a_new_one_that_is_too_large_shrinks() -> None:
    assert sizes(plan_rolling(sized("new", 5), [], Limits(2, 1, 0))) == {"new": 2}


def test_recreate_first_takes_the_old_down_and_then_brings_the_new_up() -> None:
    limits = Limits(3, 0, 0)
    assert sizes(plan_recreate(sized("new", 0), [sized("old", 3)], limits)) == {"old": 0}
    assert sizes(plan_recreate(sized("new", 0), [sized("old", 0)], limits)) == {"new": 3}
    assert sizes(plan_recreate(None, [sized("old", 0)], limits)) == {}


def test_scaling_without_a_rollout_is_for_the_one_that_lives() -> None:
    assert sizes(plan_scale(sized("new", 2), [sized("old", 0)], Limits(5, 2, 1))) == {"new": 5}
    assert sizes(plan_scale(None, [sized("old", 2)], Limits(0, 0, 0))) == {"old": 0}


def test_scaling_amid_a_rollout_is_shared_in_proportion() -> None:
    annotations = {MAX_REPLICAS: "13"}
    new, old = sized("new", 5, available=1, annotations=annotations), sized("old", 8, annotations=annotations)
    assert sizes(plan_scale(new, [old], Limits(20, 6, 5))) == {"new": 10, "old": 16}
    assert sizes(plan_scale(new, [old], Limits(0, 0, 0))) == {"new": 0, "old": 0}


def test_a_saturated_new_one_ends_the_old_ones() -> None:
    assert sizes(plan_scale(sized("new", 2), [sized("old", 1)], Limits(2, 1, 0))) == {"old": 0}


@given(desired=st.integers(1, 12), surge=st.integers(0, 5), unavailable=st.integers(0, 5), start=st.integers(0, 15))
def test_a_rollout_comes_to_its_end_and_stays_within_its_limits(desired: int, surge: int, unavailable: int, start: int) -> None:
    deployment = make_deployment(replicas=desired, spec={"strategy": {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}})
    limits = limits_of(deployment)
    counts = {"new": 0, "old": min(start, limits.most)}
    least = min(limits.least, counts["old"])
    for _ in range(100):
        scalings = plan_rolling(sized("new", counts["new"]), [sized("old", counts["old"])], limits)
        if not scalings:
            break
        counts |= sizes(scalings)
        assert sum(counts.values()) <= limits.most
        assert sum(counts.values()) >= least
    assert counts == {"new": desired, "old": 0}


def test_replicas_default_to_one() -> None:
    assert replicas_of({"spec": {}}) == 1
