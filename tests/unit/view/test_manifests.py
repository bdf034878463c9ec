"""From events of the API to changes."""

import pytest

from hauberk.errors import ConfigError
from hauberk.model.objects import ObjectRef
from hauberk.view.changes import Delete, Put
from hauberk.view.manifests import VIEW_KINDS, parse_change

POD = {
    "kind": "Pod",
    "metadata": {"name": "a", "namespace": "n"},
    "spec": {"containers": []},
    "status": {"podIP": "10.244.0.1", "phase": "Running"},
}


def test_an_object_is_put_and_a_deleted_one_deleted() -> None:
    put = parse_change(POD)
    assert isinstance(put, Put)
    assert put.obj.ref == ObjectRef("Pod", "n", "a")
    assert parse_change(POD, deleted=True) == Delete(ObjectRef("Pod", "n", "a"))


def test_an_object_that_counts_for_nothing_is_deleted() -> None:
    assert parse_change(POD | {"status": {"phase": "Succeeded", "podIP": "10.244.0.1"}}) == Delete(ObjectRef("Pod", "n", "a"))


def test_other_kinds_are_no_change() -> None:
    assert parse_change({"kind": "ConfigMap", "metadata": {"name": "a"}}) is None


@pytest.mark.parametrize("kind", VIEW_KINDS)
def test_every_kind_can_be_deleted_and_named_as_its_manifest_is(kind: str) -> None:
    assert parse_change({"kind": kind, "metadata": {"name": "n", "namespace": "n"}}, deleted=True) == Delete(ObjectRef(kind, "n", "n"))


def test_an_object_that_cannot_be_used_says_so() -> None:
    policy = {"kind": "PeerAuthentication", "metadata": {"name": "a"}, "spec": {"mtls": {"mode": "LOOSE"}}}
    with pytest.raises(ConfigError, match=r'spec\.mtls\.mode: "LOOSE"'):
        parse_change(policy)
