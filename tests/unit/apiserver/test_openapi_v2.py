import json

from hauberk.apiserver.openapi_v2 import openapi_v2_protobuf
from tests.unit.apiserver.builders import CATALOGUE

Field = tuple[int, bytes]


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> list[Field]:
    """The length-delimited fields of a message; the whole of it must be such."""
    found, at = [], 0
    while at < len(data):
        tag, at = varint(data, at)
        assert tag & 7 == 2
        size, at = varint(data, at)
        found.append((tag >> 3, data[at : at + size]))
        at += size
    return found


def only(data: bytes, number: int) -> list[bytes]:
    return [value for field, value in fields(data) if field == number]


def test_every_kind_says_that_patch_takes_field_validation() -> None:
    document = openapi_v2_protobuf(CATALOGUE)
    assert only(document, 1) == [b"2.0"]
    (paths,) = only(document, 8)
    kinds = {}
    for item in only(paths, 2):
        (name,), (path_item,) = only(item, 1), only(item, 2)
        (patch,) = only(path_item, 8)
        parameters = [only(only(only(only(p, 1)[0], 2)[0], 3)[0], 4)[0].decode() for p in only(patch, 8)]
        assert "fieldValidation" in parameters
        (extension,) = only(patch, 13)
        assert only(extension, 1) == [b"x-kubernetes-group-version-kind"]
        kinds[name.decode()] = json.loads(only(only(extension, 2)[0], 2)[0])
    assert kinds["/api/v1/namespaces/{name}"] == {"group": "", "version": "v1", "kind": "Namespace"}
    assert kinds["/apis/security.istio.io/v1/namespaces/{namespace}/peerauthentications/{name}"]["kind"] == "PeerAuthentication"
