from hauberk.errors import Level
from hauberk.k8s.checks import checked
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.models import LaterText, Part
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_label


class Spec(Part):
    """A spec."""

    host: str
    later: LaterText = None


def check(_obj: Manifest, review: Review) -> None:
    review.required("spec.other", "says more")


def update(_old: Manifest, _new: Manifest, review: Review) -> None:
    review.immutable("spec.host", "b")


def complete(obj: Manifest) -> None:
    obj["spec"].setdefault("host", "a")


CUSTOM = checked(Kind("example.com", "v1", "Thing", "things", model=Spec, complete=complete), check, update=update, name=dns1123_label)
BUILT_IN = checked(Kind("", "v1", "Secret", "secrets", strategic=True, complete=lambda obj: obj.setdefault("type", "Opaque")), check)


def found(kind: Kind, obj: Manifest) -> list[tuple[str, str, str]]:
    return [(finding.level, finding.code, finding.path) for finding in kind.validate(obj)]


def test_metadata_model_own_check_and_warnings_come_together() -> None:
    obj = {"kind": "Thing", "metadata": {"name": "a.b"}, "spec": {"host": "x", "later": "y"}}
    assert found(CUSTOM, obj) == [
        (Level.ERROR, "HBK0002", "metadata.name"),
        (Level.ERROR, "HBK0003", "spec.other"),
        (Level.WARNING, "HBK0390", "spec.later"),
    ]


def test_the_own_check_sees_only_what_the_model_found_sound() -> None:
    assert found(CUSTOM, {"kind": "Thing", "metadata": {"name": "a"}, "spec": {"host": 1}}) == [
        (Level.ERROR, "HBK0004", "spec.host"),
        (Level.ERROR, "HBK0009", "<nil>"),
    ]


def test_what_cannot_be_decoded_is_all_that_is_said() -> None:
    obj = {"kind": "Secret", "metadata": {"name": "Bad_"}, "data": {"x": "!"}}
    assert found(BUILT_IN, obj) == [(Level.ERROR, "HBK0001", "data.x")]
    assert found(CUSTOM, {"metadata": {"name": "Bad_", "labels": {"a": 1}}}) == [(Level.ERROR, "HBK0001", "metadata.labels.a")]


def test_defaults_are_left_out_of_what_cannot_be_decoded() -> None:
    broken, whole = {"data": {"x": 1}}, {"data": {"x": "YQ=="}}
    BUILT_IN.complete(broken)
    BUILT_IN.complete(whole)
    assert (broken, whole) == ({"data": {"x": 1}}, {"data": {"x": "YQ=="}, "type": "Opaque"})
    listed: Manifest = {"spec": [1]}
    CUSTOM.complete(listed)
    assert listed == {"spec": [1]}


def test_a_missing_field_is_named_once_with_the_longer_text() -> None:
    def twice(_obj: Manifest, review: Review) -> None:
        review.required("spec.host")
        review.required("spec.host", "because")
        review.invalid("spec.host", 1, "and this stays")

    kind = checked(Kind("", "v1", "Secret", "secrets", strategic=True), twice)
    assert [finding.message for finding in kind.validate({"metadata": {"name": "a"}})] == [
        "Required value: because",
        "Invalid value: 1: and this stays",
    ]


def test_updates_check_identity_and_the_kinds_own() -> None:
    old, new = {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}
    assert [finding.path for finding in CUSTOM.validate_update(old, new)] == ["metadata.name", "spec.host"]
    assert [finding.path for finding in BUILT_IN.validate_update(old, old)] == []
