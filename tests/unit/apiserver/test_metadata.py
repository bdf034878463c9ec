from datetime import UTC, datetime

import pytest

from hauberk.apiserver.metadata import (
    Stamps,
    check_namespace,
    has_generation,
    new_finalizers,
    on_create,
    on_update,
    parse_timestamp,
    timestamp,
)
from hauberk.apiserver.status import ApiError
from hauberk.k8s import apps, core, security
from hauberk.k8s.kind import Kind, Manifest

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
STAMPS = Stamps(NOW, "u-1", lambda: "abcde")


def created(metadata: Manifest, kind: Kind = apps.DEPLOYMENT) -> Manifest:
    obj = {"metadata": metadata}
    on_create(obj, kind, STAMPS)
    return obj["metadata"]


def test_a_new_object_gets_what_only_the_server_sets() -> None:
    sent = {"name": "web", "uid": "mine", "generation": 9, "deletionTimestamp": "2001-01-01T00:00:00Z", "selfLink": "/x", "labels": {}}
    assert created(sent) == {"name": "web", "uid": "u-1", "creationTimestamp": "2026-03-01T12:00:00Z", "generation": 1}


def test_old_core_kinds_have_no_generation() -> None:
    assert "generation" not in created({"name": "c"}, core.CONFIG_MAP)
    assert [has_generation(kind) for kind in (core.POD, core.SERVICE, apps.DEPLOYMENT, security.PEER_AUTHENTICATION)] == [
        True,
        False,
        True,
        True,
    ]


def test_a_generated_name_fits_into_a_label() -> None:
    assert created({"generateName": "gen-"})["name"] == "gen-abcde"
    assert len(created({"generateName": "a" * 80})["name"]) == 63


def test_a_new_object_with_a_revision_is_a_mistaken_update() -> None:
    with pytest.raises(ApiError, match="resourceVersion should not be set on objects to be created"):
        created({"name": "c", "resourceVersion": "5"})


def test_an_update_cannot_change_what_only_the_server_sets() -> None:
    old = {"metadata": {"name": "c", "uid": "u-1", "creationTimestamp": "t", "generation": 3, "resourceVersion": "8"}}
    new = {"metadata": {"name": "c", "uid": "x", "generation": 7, "labels": {"a": "b"}, "managedFields": [], "finalizers": []}}
    on_update(new, old)
    assert new["metadata"] == old["metadata"] | {"labels": {"a": "b"}}


def test_the_namespace_is_that_of_the_path() -> None:
    obj: Manifest = {"metadata": {"name": "c"}}
    check_namespace(obj, core.CONFIG_MAP, "a")
    assert obj["metadata"]["namespace"] == "a"
    with pytest.raises(ApiError, match="the namespace of the provided object does not match the namespace sent on the request"):
        check_namespace(obj, core.CONFIG_MAP, "b")


def test_an_object_that_is_going_away_takes_no_more_finalizers() -> None:
    going = {"metadata": {"finalizers": ["a/x"], "deletionTimestamp": "t"}}
    staying = {"metadata": {"finalizers": ["a/x"]}}
    more = {"metadata": {"finalizers": ["a/x", "a/new"]}}
    (cause,) = new_finalizers(more, going)
    assert str(cause) == (
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"a/new"}'
    )
    assert new_finalizers(more, staying) == []
    assert new_finalizers(staying, going) == []


def test_times_are_written_to_the_second_and_read_back() -> None:
    assert timestamp(NOW.replace(microsecond=5)) == "2026-03-01T12:00:00Z"
    assert parse_timestamp("2026-03-01T12:00:00Z") == NOW
    assert parse_timestamp("2026-03-01T12:00:00.000000Z") == NOW
