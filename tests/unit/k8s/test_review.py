import pytest

from hauberk.errors import Finding, Level
from hauberk.k8s.review import CODES, Review, cause_reason, join_path, render_value

OBJECT = {"kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}}


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("spec", "containers", 0, "name"), "spec.containers[0].name"),
        (("spec", "portLevelMtls", "8080", "mode"), "spec.portLevelMtls[8080].mode"),
        (("spec", "selector", "matchLabels", "app"), "spec.selector.matchLabels.app"),
        (("metadata", "labels", "app.kubernetes.io/name"), "metadata.labels[app.kubernetes.io/name]"),
        ((), ""),
    ],
)
def test_paths_are_written_as_upstream_writes_them(parts: tuple[str | int, ...], path: str) -> None:
    assert join_path(parts) == path


def test_one_method_a_reason_with_upstreams_text() -> None:
    review = Review(OBJECT)
    review.required("spec.a")
    review.required("spec.b", "says why")
    review.invalid("spec.c", {"z": 1, "a": "b"}, "breaks a rule")
    review.unsupported("spec.d", "X", ("A", "B"))
    review.duplicate("spec.e", "twice")
    review.not_found("spec.f", "gone")
    review.forbidden("spec.g", "may not")
    review.immutable("spec.h", 1)
    review.too_long("spec.i", 10)
    assert [(cause_reason(finding.message), finding.message) for finding in review.findings] == [
        ("FieldValueRequired", "Required value"),
        ("FieldValueRequired", "Required value: says why"),
        ("FieldValueInvalid", 'Invalid value: {"a":"b","z":1}: breaks a rule'),
        ("FieldValueNotSupported", 'Unsupported value: "X": supported values: "A", "B"'),
        ("FieldValueDuplicate", 'Duplicate value: "twice"'),
        ("FieldValueNotFound", 'Not found: "gone"'),
        ("FieldValueForbidden", "Forbidden: may not"),
        ("FieldValueInvalid", "Invalid value: 1: field is immutable"),
        ("FieldValueTooLong", "Too long: may not be more than 10 bytes"),
    ]
    assert {finding.code for finding in review.findings} <= CODES.keys()


def test_a_finding_names_its_object_and_the_mend() -> None:
    review = Review(OBJECT)
    review.warn("HBK0290", "spec.x", "not implemented yet; it has no effect.", "Take it out.")
    assert review.findings == [
        Finding("HBK0290", Level.WARNING, "Pod shop/web", "spec.x", "not implemented yet; it has no effect.", "Take it out.")
    ]
    assert Review({}).subject == "object"


def test_values_are_shown_as_json() -> None:
    assert [render_value(value) for value in ("a", 1, None, [True], {"b": 1, "a": 2})] == ['"a"', "1", "null", "[true]", '{"a":2,"b":1}']
