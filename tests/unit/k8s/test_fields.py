"""Reading fields."""

from datetime import UTC, datetime, timedelta

import pytest

from hauberk.errors import ConfigError
from hauberk.k8s.fields import (
    created_of,
    integer,
    items,
    label_pairs,
    mapping,
    optional_duration,
    optional_integer,
    strings,
    text,
    text_map,
)
from hauberk.model.service import EPOCH


def test_what_is_absent_or_null_reads_as_empty() -> None:
    assert mapping({"a": {"b": None}}, "a", "b", "c") == {}
    assert mapping({"a": None}, "a") == {}
    assert (items({}, "x"), items({"x": None}, "x"), strings({"x": None}, "x")) == ([], [], ())
    assert (text({}, "x"), text({"x": None}, "x", "y"), text({"x": 5}, "x")) == ("", "y", "5")
    assert text_map({"metadata": {"labels": {"a": 1}}}, "metadata", "labels") == {"a": "1"}


@pytest.mark.parametrize("value", ["x", 5, ["a"]])
def test_a_mapping_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match=r"spec\.mtls must be a mapping, not "):
        mapping({"spec": {"mtls": value}}, "spec", "mtls")


@pytest.mark.parametrize("value", ["x", {"a": 1}, ["a"]])
def test_a_list_of_mappings_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="ports must be a"):
        items({"ports": value}, "ports")


def test_numbers_may_be_written_as_strings() -> None:
    assert integer("9080", "port") == 9080
    with pytest.raises(ConfigError, match='port: "x" is not a whole number'):
        integer("x", "port")


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("2026-11-25T12:00:00Z", datetime(2026, 11, 25, 12, tzinfo=UTC)),
        (datetime(2026, 11, 25, 12), datetime(2026, 11, 25, 12, tzinfo=UTC)),  # what PyYAML makes of it
        (None, EPOCH),
    ],
)
def test_creation_times(stamp: object, time: datetime) -> None:
    assert created_of({"metadata": {"creationTimestamp": stamp}}) == time


def test_a_creation_time_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"n/a, metadata\.creationTimestamp"):
        created_of({"metadata": {"name": "a", "namespace": "n", "creationTimestamp": "yesterday"}})


def test_what_may_be_left_out_is_none_where_it_is() -> None:
    assert (optional_integer({}, "a"), optional_integer({"a": "5"}, "a"), optional_integer({"a": 0}, "a")) == (None, 5, 0)
    assert (optional_duration({"a": None}, "a"), optional_duration({"a": "1m30s"}, "a")) == (None, timedelta(seconds=90))
    assert label_pairs({"a": {"b": {"y": 2, "x": "1"}}}, "a", "b") == (("x", "1"), ("y", "2"))
