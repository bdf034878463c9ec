"""What volumes hold, and where they are seen."""

from base64 import b64encode
from typing import Any

import pytest

from hauberk.names import SERVICE_ACCOUNT_DIR
from hauberk.node.pod.programs import CannotStart
from hauberk.node.pod.volumes import (
    Mount,
    TokenRequest,
    VolumeContent,
    plan_mounts,
    plan_volumes,
    token_requests,
    with_service_account,
)

SOURCES = {
    ("ConfigMap", "settings"): {"kind": "ConfigMap", "data": {"a": "1", "b": "2"}},
    ("Secret", "login"): {"kind": "Secret", "data": {"key": b64encode(b"k").decode()}},
    ("ConfigMap", "gone"): None,
}


def make_pod(*volumes: dict[str, Any], **spec: Any) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "shop", "labels": {"app": "web"}}
    return {"metadata": metadata, "spec": {"containers": [{"name": "c"}], "volumes": list(volumes), **spec}}


def content(volume: dict[str, Any]) -> VolumeContent:
    return plan_volumes(make_pod({"name": "v", **volume}), SOURCES, {TokenRequest("", 600): "token"})["v"]


def test_an_empty_dir_is_writable_and_empty() -> None:
    assert content({"emptyDir": {}}) == VolumeContent(writable=True)


def test_a_config_map_is_a_file_an_entry() -> None:
    assert content({"configMap": {"name": "settings"}}) == VolumeContent({"a": b"1", "b": b"2"})


def test_items_choose_entries_paths_and_modes() -> None:
    items = [{"key": "a", "path": "deep/one", "mode": 0o400}]
    assert content({"configMap": {"name": "settings", "items": items, "defaultMode": 0o600}}) == VolumeContent(
        {"deep/one": b"1"}, 0o600, {"deep/one": 0o400}
    )


def test_a_secret_is_decoded() -> None:
    assert content({"secret": {"secretName": "login", "defaultMode": 0}}) == VolumeContent({"key": b"k"}, 0)


def test_a_projected_volume_joins_its_sources() -> None:
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 600}},
        {"configMap": {"name": "gone", "optional": True}},
        {"secret": {"name": "login"}},
        {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
    ]
    assert content({"projected": {"sources": sources}}) == VolumeContent(
        {"token": b"token", "key": b"k", "labels": b'app="web"'}, modes={"token": 0o600}
    )


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"configMap": {"name": "gone"}}, 'configmap "gone" not found'),
        ({"configMap": {"name": "settings", "items": [{"key": "z", "path": "z"}]}}, 'configmap "settings" has no key z'),
        (
            {"hostPath": {"path": "/"}},
            "volumes of kind hostPath are not implemented; emptyDir, configMap, secret, downwardAPI, projected are",
        ),
        (
            {"downwardAPI": {"items": [{"path": "cpu", "resourceFieldRef": {}}]}},
            "downwardAPI item cpu: resourceFieldRef is not implemented",
        ),
    ],
)
def test_what_cannot_be_mounted_says_why(volume: dict[str, Any], message: str) -> None:
    with pytest.raises(CannotStart) as caught:
        content(volume)
    assert (caught.value.reason, caught.value.message) == ("FailedMount", message)


def test_mounts_say_where_which_part_is_seen() -> None:
    mounts = [
        {"name": "v", "mountPath": "/etc/v", "readOnly": True},
        {"name": "v", "mountPath": "/x", "subPath": "a/b"},
        {"name": "v", "mountPath": "/y", "subPathExpr": "$(NAME)"},
    ]
    assert plan_mounts({"name": "c", "volumeMounts": mounts}, {"NAME": "web"}) == (
        Mount("v", "", "/etc/v", read_only=True),
        Mount("v", "a/b", "/x", read_only=False),
        Mount("v", "web", "/y", read_only=False),
    )


@pytest.mark.parametrize("sub_path", ["../x", "/etc", "a/../../b"])
def test_a_sub_path_cannot_leave_its_volume(sub_path: str) -> None:
    with pytest.raises(CannotStart, match="must stay below its volume"):
        plan_mounts({"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/x", "subPath": sub_path}]}, {})


def test_the_service_account_is_mounted_where_nothing_else_is() -> None:
    pod = make_pod()
    mounted = with_service_account(pod)
    assert pod["spec"]["volumes"] == []
    assert mounted["spec"]["containers"] == [
        {"name": "c", "volumeMounts": [{"name": "kube-api-access", "mountPath": SERVICE_ACCOUNT_DIR, "readOnly": True}]}
    ]
    assert token_requests(mounted) == {TokenRequest("", 3607)}
    assert plan_volumes(mounted, {}, {TokenRequest("", 3607): "t"}) == {
        "kube-api-access": VolumeContent({"token": b"t", "namespace": b"shop"}, modes={"token": 0o600})
    }


@pytest.mark.parametrize(
    "spec",
    [
        {"automountServiceAccountToken": False},
        {"containers": [{"name": "c", "volumeMounts": [{"name": "own", "mountPath": SERVICE_ACCOUNT_DIR + "/"}]}]},
    ],
)
def test_no_token_is_mounted_where_the_pod_does_not_want_it(spec: dict[str, Any]) -> None:
    pod = make_pod(**spec)
    assert with_service_account(pod) is pod
