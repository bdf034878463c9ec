import pytest

from hauberk.k8s.metadata import check_labels, check_metadata_update, validate_metadata
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_label


def found(metadata: dict[str, object]) -> list[tuple[str, str]]:
    return [(finding.path, finding.message) for finding in validate_metadata({"kind": "ConfigMap", "metadata": metadata})]


def test_a_name_or_a_prefix_is_needed() -> None:
    assert found({}) == [("metadata.name", "Required value: name or generateName is required")]
    assert found({"generateName": "gen-"}) == []
    assert found({"name": "a", "labels": {"app.kubernetes.io/name": "x"}, "annotations": {"A/B": "any text"}}) == []


@pytest.mark.parametrize(
    ("metadata", "path", "start"),
    [
        ({"name": "Bad_"}, "metadata.name", 'Invalid value: "Bad_": a lowercase RFC 1123 subdomain must'),
        ({"generateName": "-x"}, "metadata.generateName", 'Invalid value: "-x": a lowercase RFC 1123 subdomain'),
        ({"name": "a", "labels": {"-x": "y"}}, "metadata.labels", 'Invalid value: "-x": name part must'),
        ({"name": "a", "labels": {"ok": "a b"}}, "metadata.labels", 'Invalid value: "a b": a valid label must'),
        ({"name": "a", "annotations": {"b ad": "x"}}, "metadata.annotations", 'Invalid value: "b ad": name part must'),
        ({"name": "a", "annotations": {"a": "x" * 262145}}, "metadata.annotations", "Too long: may not be more than 262144 bytes"),
        ({"name": "a", "finalizers": ["ok", "not ok"]}, "metadata.finalizers[1]", 'Invalid value: "not ok": name part must'),
    ],
)
def test_what_breaks_the_syntax(metadata: dict[str, object], path: str, start: str) -> None:
    (only,) = found(metadata)
    assert (only[0], only[1][: len(start)]) == (path, start)


def test_the_rule_for_names_is_the_kinds() -> None:
    obj = {"kind": "Namespace", "metadata": {"name": "a.b"}}
    assert validate_metadata(obj) == []
    assert [finding.code for finding in validate_metadata(obj, dns1123_label)] == ["HBK0002"]


def test_owner_references_are_complete_and_one_controls() -> None:
    assert found({"name": "kid", "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap"}]}) == [
        ("metadata.ownerReferences.name", 'Invalid value: "": must not be empty'),
        ("metadata.ownerReferences.uid", 'Invalid value: "": must not be empty'),
    ]
    owners = [{"apiVersion": "v1", "kind": "Pod", "name": name, "uid": name, "controller": True} for name in ("x", "z")]
    assert found({"name": "kid", "ownerReferences": owners}) == [
        (
            "metadata.ownerReferences",
            'Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"x","uid":"x","controller":true},'
            '{"apiVersion":"v1","kind":"Pod","name":"z","uid":"z","controller":true}]: '
            'Only one reference can have Controller set to true. Found "true" in references for Pod/x and Pod/z',
        )
    ]


def test_identity_does_not_change() -> None:
    review = Review({"kind": "Service", "metadata": {"name": "web"}})
    check_metadata_update({"metadata": {"name": "web", "uid": "1"}}, {"metadata": {"name": "web", "uid": "2"}}, review)
    assert [(finding.path, finding.message) for finding in review.findings] == [("metadata.uid", 'Invalid value: "2": field is immutable')]


def test_values_of_a_wrong_type_are_left_to_the_schema() -> None:
    review = Review({})
    check_labels(["a"], "metadata.labels", review)
    check_labels({"a": 1}, "metadata.labels", review)
    assert review.findings == []
    assert found({"name": "a", "annotations": 1, "ownerReferences": "x"}) == []
