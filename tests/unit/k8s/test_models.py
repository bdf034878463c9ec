from typing import Annotated, Literal

import pytest
from pydantic import Field

from hauberk.k8s.models import Duration, LaterFlag, LaterList, LaterNumber, LaterObject, LaterText, OpenObject, Part, UInt32, check_model
from hauberk.k8s.review import Review
from hauberk.k8s.schema import ABSENT, model_schema


class Item(Part):
    """An item."""

    port: UInt32
    """Its port."""


class Spec(Part):
    """A spec of every kind of field."""

    host: str
    """A name."""
    mode: Literal["A", "B"] | None = None
    items: Annotated[list[Item], Field(min_length=1, max_length=2)] | None = None
    by_port: dict[str, Item] | None = None
    timeout: Duration | None = None
    on: bool | None = None
    share: float | None = None
    free: OpenObject | None = None
    a: LaterFlag = None
    b: LaterList = None
    c: LaterNumber = None
    d: LaterObject = None
    e: LaterText = None


def found(spec: object) -> list[tuple[str, str]]:
    obj = {"kind": "Thing", "metadata": {"name": "x"}, "spec": spec}
    review = Review(obj)
    sound = check_model(Spec, obj, review)
    assert sound == (not review.findings)
    return [(finding.path, finding.message) for finding in review.findings]


def test_a_sound_spec() -> None:
    assert (
        found({"host": "a", "items": [{"port": 1}], "byPort": {"80": {"port": 1}}, "timeout": "1.5s", "free": {"x": [1]}, "extra": 1}) == []
    )
    assert found({"host": "a", "mode": None, "items": None, "c": 1, "d": {"any": 1}}) == []


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        ({}, "spec.host", "Required value"),
        ({"host": "a", "mode": "C"}, "spec.mode", 'Unsupported value: "C": supported values: "A", "B"'),
        ({"host": 1}, "spec.host", 'Invalid value: "integer": spec.host in body must be of type string: "integer"'),
        ({"host": "a", "on": "yes"}, "spec.on", 'Invalid value: "string": spec.on in body must be of type boolean: "string"'),
        ({"host": "a", "items": {}}, "spec.items", 'Invalid value: "object": spec.items in body must be of type array: "object"'),
        ({"host": "a", "items": ["x"]}, "spec.items[0]", 'Invalid value: "string": spec.items[0] in body must be of type object: "string"'),
        (
            {"host": "a", "items": [{"port": 1.5}]},
            "spec.items[0].port",
            'Invalid value: "number": spec.items[0].port in body must be of type integer: "number"',
        ),
        (
            {"host": "a", "items": [{"port": -1}]},
            "spec.items[0].port",
            "Invalid value: -1: spec.items[0].port in body should be greater than or equal to 0",
        ),
        (
            {"host": "a", "byPort": {"80": {"port": 2**32}}},
            "spec.byPort[80].port",
            "Invalid value: 4294967296: spec.byPort[80].port in body should be less than or equal to 4294967295",
        ),
        ({"host": "a", "items": []}, "spec.items", "Invalid value: []: spec.items in body should have at least 1 items"),
        ({"host": "a", "timeout": "7d"}, "spec.timeout", 'Invalid value: "7d": must be a valid duration greater than 1ms'),
        ({"host": "a", "timeout": "0s"}, "spec.timeout", 'Invalid value: "0s": must be a valid duration greater than 1ms'),
        ({"host": "a", "share": "x"}, "spec.share", 'Invalid value: "string": spec.share in body must be of type number: "string"'),
        ({"host": "a", "d": 1}, "spec.d", 'Invalid value: "integer": spec.d in body must be of type object: "integer"'),
        ("text", "spec", 'Invalid value: "string": spec in body must be of type object: "string"'),
        (None, "spec.host", "Required value"),
    ],
)
def test_each_error_in_the_words_of_the_api(spec: object, path: str, message: str) -> None:
    assert found(spec) == [(path, message)]


def test_several_errors_at_once() -> None:
    assert [path for path, _message in found({"mode": "C", "items": [{"port": "x"}, {}], "timeout": ""})] == [
        "spec.host",
        "spec.mode",
        "spec.items[0].port",
        "spec.items[1].port",
        "spec.timeout",
    ]


def test_snake_case_is_ours_alone() -> None:
    assert found({"host": "a", "by_port": 7}) == []
    assert "byPort" in model_schema(Spec)["properties"]


def test_later_fields_are_marked() -> None:
    marked = [name for name, field in model_schema(Spec)["properties"].items() if ABSENT in field]
    assert marked == ["a", "b", "c", "d", "e"]
