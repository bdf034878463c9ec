"""Bodies in Kubernetes' protobuf, as the JSON values they mean. kubectl's typed commands (create, run, auth) send nothing else.

No I/O but for reading the layout table at import. Only decoding: every client that sends protobuf takes JSON answers too. The table is
made by scripts/protobuf_fields.py. Source: k8s.io/apimachinery/pkg/runtime/serializer/protobuf (the envelope), generated.proto.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, NamedTuple

import orjson
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from hauberk.k8s.kind import Manifest

__all__ = ["CONTENT_TYPE", "NotProtobuf", "decode_protobuf"]

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_PACKAGE = "kubernetes"


class NotProtobuf(ValueError):
    """The body is not what its content type says, or holds a kind that has no protobuf form here."""


class _Field(NamedTuple):
    """A row of the table. `label` is o, r or m (map from strings); an empty `json_name` is an inlined message."""

    number: int
    label: str
    type: str
    json_name: str
    writes_zero: bool


_OWN_FORMS: dict[str, list[_Field]] = {
    "Unknown": [_Field(1, "o", "TypeMeta", "typeMeta", True), _Field(2, "o", "bytes", "raw", True)],
    "TypeMeta": [_Field(1, "o", "string", "apiVersion", False), _Field(2, "o", "string", "kind", False)],
    "Quantity": [_Field(1, "o", "string", "string", True)],
    "IntOrString": [_Field(1, "o", "int64", "type", True), _Field(2, "o", "int32", "int", True), _Field(3, "o", "string", "str", True)],
    "RawExtension": [_Field(1, "o", "bytes", "raw", True)],
    "meta.v1.Time": [_Field(1, "o", "int64", "seconds", True), _Field(2, "o", "int32", "nanos", True)],
    "meta.v1.MicroTime": [_Field(1, "o", "int64", "seconds", True), _Field(2, "o", "int32", "nanos", True)],
    "meta.v1.FieldsV1": [_Field(1, "o", "bytes", "raw", True)],
    "meta.v1.Duration": [_Field(1, "o", "int64", "nanoseconds", True)],
}
_SCALARS = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
}


def decode_protobuf(body: bytes) -> Manifest:
    """The object in `body`, as it would be in JSON.

    Raises: NotProtobuf.
    """
    if not body.startswith(_MAGIC):
        raise NotProtobuf("the body does not start with the magic number of Kubernetes' protobuf")
    try:
        envelope: Any = _parse("Unknown", body[len(_MAGIC) :])
        api_version, kind = str(envelope.f1.f1), str(envelope.f1.f2)
        name = _message_of(api_version, kind)
        return {"kind": kind, "apiVersion": api_version} | _object(name, _parse(name, envelope.f2))
    except DecodeError as error:
        raise NotProtobuf(f"proto: {error}") from error


def _message_of(api_version: str, kind: str) -> str:
    """`v1`, `Pod` -> core.v1.Pod; `apps/v1`, `Deployment` -> apps.v1.Deployment."""
    group, _, version = api_version.rpartition("/")
    package = (group or "core").partition(".")[0]
    for name in (f"{package}.{version}.{kind}", f"meta.v1.{kind}"):  # DeleteOptions come under every group's version
        if name in _TABLE:
            return name
    raise NotProtobuf(f'no kind "{kind}" is registered for version "{api_version}" in protobuf form. Send it as JSON.')


def _table() -> Mapping[str, list[_Field]]:
    raw = orjson.loads(files(__package__).joinpath("protobuf_fields.json").read_bytes())
    return {name: [_Field(*row) for row in rows] for name, rows in raw.items()} | _OWN_FORMS


_TABLE = _table()
_ROWS = {name: {field.number: field for field in fields} for name, fields in _TABLE.items()}


def _identifier(name: str) -> str:
    return name.replace(".", "_")


def _pool() -> DescriptorPool:
    """All messages of the table as one file; a map is a repeated entry of key 1 and value 2, as on the wire."""
    file = FileDescriptorProto(name="kubernetes.proto", package=_PACKAGE, syntax="proto2")
    values = {field.type for fields in _TABLE.values() for field in fields if field.label == "m"}
    for name, fields in _TABLE.items():
        _describe(file, _identifier(name), fields)
    for value in values:
        _describe(file, _entry(value), [_Field(1, "o", "string", "key", True), _Field(2, "o", value, "value", True)])
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _entry(value: str) -> str:
    return f"entry_of_{_identifier(value)}"


def _describe(file: FileDescriptorProto, name: str, fields: list[_Field]) -> None:
    message = file.message_type.add(name=name)
    for field in fields:
        row = message.field.add(name=f"f{field.number}", number=field.number)
        row.label = FieldDescriptorProto.LABEL_OPTIONAL if field.label == "o" else FieldDescriptorProto.LABEL_REPEATED
        if field.type in _SCALARS and field.label != "m":
            row.type = _SCALARS[field.type]
        else:
            row.type = FieldDescriptorProto.TYPE_MESSAGE
            row.type_name = f".{_PACKAGE}.{_entry(field.type) if field.label == 'm' else _identifier(field.type)}"


_POOL = _pool()


def _parse(name: str, data: bytes) -> Message:
    message: Message = GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{_identifier(name)}"))()
    message.ParseFromString(data)
    return message


def _object(name: str, message: Message) -> Manifest:
    """The fields that are set. gogo-protobuf writes zeroes that JSON leaves out: the table says which."""
    out: Manifest = {}
    rows = _ROWS[name]
    for descriptor, raw in message.ListFields():
        field = rows[descriptor.number]
        value = _field_value(field, raw)
        if not field.json_name:
            out.update(value)
        elif value or (field.writes_zero and value is not None):
            out[field.json_name] = value
    return out


def _field_value(field: _Field, raw: Any) -> Any:
    if field.label == "r":
        return [_value(field.type, item) for item in raw]
    if field.label == "m":
        return {entry.f1: _value(field.type, entry.f2) for entry in raw}
    return _value(field.type, raw)


def _value(type_: str, raw: Any) -> Any:
    if type_ in _SCALARS:
        return b64encode(raw).decode() if type_ == "bytes" else raw
    form = _FORMS.get(type_)
    return form(raw) if form else _object(type_, raw)


def _int_or_string(message: Any) -> int | str:
    return str(message.f3) if message.f1 else int(message.f2)


def _time(message: Any) -> str | None:
    return (_EPOCH + timedelta(seconds=message.f1)).strftime("%Y-%m-%dT%H:%M:%SZ") if message.f1 else None


def _micro_time(message: Any) -> str | None:
    moment = _EPOCH + timedelta(seconds=message.f1, microseconds=message.f2 // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if message.f1 else None


def _raw_json(message: Any) -> Any:
    return orjson.loads(message.f1) if message.f1 else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "Quantity": lambda message: message.f1,
    "IntOrString": _int_or_string,
    "RawExtension": _raw_json,
    "meta.v1.Time": _time,
    "meta.v1.MicroTime": _micro_time,
    "meta.v1.FieldsV1": _raw_json,
    "meta.v1.Duration": lambda message: f"{message.f1 / 1e9:g}s",
    "authentication.v1.ExtraValue": lambda message: list(message.f1),
    "authorization.v1.ExtraValue": lambda message: list(message.f1),
}
