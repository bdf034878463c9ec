from contextlib import suppress

import pytest
from google.protobuf.internal.encoder import _VarintBytes  # the test writes the wire format by hand
from hypothesis import given
from hypothesis import strategies as st

from hauberk.apiserver.protobuf import NotProtobuf, decode_protobuf


def varint(number: int, value: int) -> bytes:
    return _VarintBytes(number << 3) + _VarintBytes(value)


def field(number: int, *parts: bytes | str) -> bytes:
    data = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return _VarintBytes(number << 3 | 2) + _VarintBytes(len(data)) + data


def body(api_version: str, kind: str, *parts: bytes) -> bytes:
    """The envelope: magic, Unknown{typeMeta{apiVersion, kind}, raw}."""
    return b"k8s\x00" + field(1, field(1, api_version), field(2, kind)) + field(2, *parts) + field(3, "") + field(4, "")


def test_a_config_map_is_read_with_its_maps() -> None:
    metadata = field(1, field(1, "c"), field(2, ""), field(3, "default"), field(11, field(1, "app"), field(2, "web")))
    data = field(2, field(1, "k"), field(2, "v")) + field(3, field(1, "b"), field(2, b"\xff\x00"))
    assert decode_protobuf(body("v1", "ConfigMap", metadata, data)) == {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "c", "namespace": "default", "labels": {"app": "web"}},
        "data": {"k": "v"},
        "binaryData": {"b": "/wA="},
    }


def test_a_deployment_keeps_a_zero_that_was_set_and_drops_those_that_were_not() -> None:
    port = field(6, varint(2, 0), varint(3, 80), field(1, ""))  # hostPort 0 is "not set"
    container = field(2, field(1, "main"), field(2, "img:1"), port, field(8))
    template = field(3, field(1, field(11, field(1, "app"), field(2, "web"))), field(2, container))
    selector = field(2, field(1, field(1, "app"), field(2, "web")))
    spec = field(2, varint(1, 0), selector, template, field(4, field(1, "")), varint(5, 0))  # replicas 0 is set
    assert decode_protobuf(body("apps/v1", "Deployment", field(1, field(1, "web")), spec))["spec"] == {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "main", "image": "img:1", "ports": [{"containerPort": 80}]}]},
        },
    }


def test_a_service_has_ports_by_number_or_name() -> None:
    by_number = field(1, field(1, "a"), varint(3, 80), field(4, varint(1, 0), varint(2, 8080)))
    by_name = field(1, field(1, "b"), varint(3, 81), field(4, varint(1, 1), field(3, "web")))
    service = decode_protobuf(body("v1", "Service", field(2, by_number, by_name)))
    assert service["spec"]["ports"] == [{"name": "a", "port": 80, "targetPort": 8080}, {"name": "b", "port": 81, "targetPort": "web"}]


def test_inlined_messages_quantities_and_times_have_their_json_form() -> None:
    empty_dir = field(1, field(1, "v"), field(2, field(2)))  # Volume{name, VolumeSource{emptyDir{}}}
    limits = field(8, field(1, field(1, "cpu"), field(2, field(1, "500m"))))
    container = field(2, field(1, "c"), limits)
    metadata = field(1, field(1, "p"), field(9, varint(1, 1704067200)))
    pod = decode_protobuf(body("v1", "Pod", metadata, field(2, empty_dir, container)))
    assert pod["spec"]["volumes"] == [{"name": "v", "emptyDir": {}}]
    assert pod["spec"]["containers"] == [{"name": "c", "resources": {"limits": {"cpu": "500m"}}}]
    assert pod["metadata"]["deletionTimestamp"] == "2024-01-01T00:00:00Z"


def test_reviews_and_delete_options_are_read() -> None:
    review = body("authorization.k8s.io/v1", "SelfSubjectAccessReview", field(2, field(1, field(2, "get"), field(5, "pods"))))
    assert decode_protobuf(review)["spec"]["resourceAttributes"] == {"verb": "get", "resource": "pods"}
    options = decode_protobuf(body("v1", "DeleteOptions", varint(1, 0), field(4, "Background")))
    assert options == {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0, "propagationPolicy": "Background"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{}", "does not start with the magic number"),
        (b"k8s\x00\xff\xff", "proto: "),
        (body("security.istio.io/v1", "PeerAuthentication"), 'no kind "PeerAuthentication" is registered'),
    ],
)
def test_what_is_no_protobuf_of_ours_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(NotProtobuf, match=message):
        decode_protobuf(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_an_object_or_refused(data: bytes) -> None:
    with suppress(NotProtobuf):
        assert isinstance(decode_protobuf(body("v1", "Pod", data)), dict)
