"""/openapi/v2 in the one form that kubectl asks for: gnostic's protobuf, cut to what it reads there.

No I/O. For kinds that OpenAPI v3 does not have (`List`, kinds that nobody serves) kubectl looks into v2 whether PATCH takes
`fieldValidation`. Source: google/gnostic openapiv2/OpenAPIv2.proto, k8s.io/cli-runtime/pkg/resource/query_param_verifier.go.
"""

import orjson

from hauberk.apiserver.catalogue import Catalogue, Served

__all__ = ["CONTENT_TYPE", "openapi_v2_protobuf"]

CONTENT_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")


def openapi_v2_protobuf(catalogue: Catalogue) -> bytes:
    """A Document with the PATCH operation of every kind."""
    served = [
        served for group in catalogue.groups() for version in catalogue.versions(group) for served in catalogue.resources(group, version)
    ]
    info = _text(1, "Hauberk") + _text(2, "v1")
    paths = b"".join(_bytes(2, _path(one)) for one in served)  # Paths.path
    return _text(1, "2.0") + _bytes(2, info) + _bytes(8, paths)


def _path(served: Served) -> bytes:
    """NamedPathItem: name = 1, value = 2; PathItem.patch = 8."""
    kind = served.kind
    path = f"/{'apis/' + kind.group if kind.group else 'api'}/{served.version}/"
    path += f"namespaces/{{namespace}}/{kind.plural}/{{name}}" if kind.namespaced else f"{kind.plural}/{{name}}"
    return _text(1, path) + _bytes(2, _bytes(8, _operation(served)))


def _operation(served: Served) -> bytes:
    """Operation: parameters = 8, vendor_extension = 13 (NamedAny: name = 1, value = 2; Any: yaml = 2)."""
    group_version_kind = {"group": served.kind.group, "version": served.version, "kind": served.kind.kind}
    extension = _text(1, "x-kubernetes-group-version-kind") + _bytes(2, _bytes(2, orjson.dumps(group_version_kind)))
    return b"".join(_bytes(8, _parameter(name)) for name in _PARAMETERS) + _bytes(13, extension)


def _parameter(name: str) -> bytes:
    """ParametersItem.parameter = 1, Parameter.non_body_parameter = 2, NonBodyParameter.query_parameter_sub_schema = 3."""
    schema = _text(2, "query") + _text(4, name) + _text(6, "string")
    return _bytes(1, _bytes(2, _bytes(3, schema)))


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode())


def _bytes(number: int, data: bytes) -> bytes:
    """A length-delimited field: the only wire type needed here."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
