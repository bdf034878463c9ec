from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.controllers.objects import (
    at,
    condition_is,
    controller_uid,
    covers,
    digest,
    merge_difference,
    owner_reference,
    owner_uids,
    parse_time,
    reference_to,
    render_time,
    set_condition,
)
from hauberk.k8s import apps, core
from tests.unit.controllers.builders import NOW, STAMP, make_deployment, make_namespace, make_pod, merge

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
WITHOUT_NULL = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=3), WITHOUT_NULL, max_size=4)


@given(OBJECTS, OBJECTS)
def test_a_merge_difference_makes_the_new_value_of_the_old_one(old: dict[str, object], new: dict[str, object]) -> None:
    assert merge(old, merge_difference(old, new)) == new


@given(OBJECTS)
def test_equal_values_have_no_difference(value: dict[str, object]) -> None:
    assert merge_difference(value, value) == {}


@given(JSON)
def test_every_value_covers_itself(value: object) -> None:
    assert covers(value, value)


@pytest.mark.parametrize(
    ("live", "wanted", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ([{"a": 1, "b": 2}], [{"a": 1}], True),
        ([1, 2], [1], False),
        (None, {"a": 1}, False),
        ({}, [], False),
    ],
)
def test_covers_lets_maps_have_more_and_lists_not(live: object, wanted: object, expected: bool) -> None:
    assert covers(live, wanted) is expected


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    first = set_condition([], {"type": "Ready", "status": "False", "reason": "A"}, now=NOW)
    second = set_condition(first, {"type": "Ready", "status": "False", "reason": "B"}, now=NOW + timedelta(minutes=1))
    third = set_condition(second, {"type": "Ready", "status": "True", "reason": "C"}, now=NOW + timedelta(minutes=2))
    assert second == [{"type": "Ready", "status": "False", "reason": "B", "lastTransitionTime": STAMP}]
    assert third == [{"type": "Ready", "status": "True", "reason": "C", "lastTransitionTime": "2026-11-25T12:02:00Z"}]


def test_a_condition_stands_where_it_stood() -> None:
    known = [{"type": "A", "status": "True"}, {"type": "B", "status": "True"}]
    assert [entry["type"] for entry in set_condition(known, {"type": "A", "status": "False"}, now=NOW)] == ["A", "B"]


def test_owner_references_tell_who_controls() -> None:
    deployment = make_deployment()
    pod = make_pod("p", ownerReferences=[{"uid": "other"}, owner_reference(apps.DEPLOYMENT, deployment)])
    assert controller_uid(pod) == "uid-web"
    assert owner_uids(pod) == ["other", "uid-web"]
    assert controller_uid(make_pod("q")) == ""


def test_references_have_a_namespace_where_the_kind_has() -> None:
    assert reference_to(core.POD, make_pod("p")) == {"kind": "Pod", "name": "p", "uid": "uid-p", "namespace": "bookinfo"}
    assert reference_to(core.NAMESPACE, make_namespace("n")) == {"kind": "Namespace", "name": "n", "uid": "uid-n"}


def test_a_digest_depends_on_values_and_not_on_their_order() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert len(digest({}, length=7)) == 7


def test_times_are_rfc_3339_with_whole_seconds() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC)
    assert render_time(moment) == "2026-01-02T03:04:05Z"
    assert parse_time("2026-01-02T03:04:05.000600Z") == moment


def test_condition_is_asks_for_one_status() -> None:
    pod = make_pod("p", ip="10.0.0.1", ready=True)
    assert condition_is(pod, "Ready")
    assert not condition_is(pod, "Ready", "False")
    assert not condition_is(pod, "Initialized")


def test_null_counts_as_not_set() -> None:
    assert at({"a": {"b": None}}, "a.b", 1) == 1
    assert at({"a": None}, "a.b") is None
    assert at({"a": {"b": False}}, "a.b", True) is False
