"""The schema of every kind, as one form of JSON Schema, and what follows from walking an object along it.

Built-in kinds take upstream's definitions, the others the JSON Schema of their pydantic model with `metadata` added. From one
walk come the unknown fields (strict decoding), fields that are not implemented yet, and what `decoding` makes of types; from the
schemas themselves the patch metadata of strategic merge and the API's OpenAPI documents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from hauberk.k8s.definitions import OBJECT_META, Schema, definitions
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.review import join_path

__all__ = [
    "ABSENT",
    "Node",
    "absent_fields",
    "definition_name",
    "field_schema",
    "model_schema",
    "prune_unknown",
    "resolve",
    "root_schema",
    "unknown_fields",
    "walk",
]

ABSENT: Final = "x-hauberk-absent"
"""Marks a field that Istio or OpenShift Service Mesh has and Hauberk does not implement yet."""

_OPEN: Final = "x-kubernetes-preserve-unknown-fields"
_REBUILT: Final = ("title", "default", "$defs", "properties", "items", "additionalProperties")


@dataclass(frozen=True, slots=True)
class Node:
    """A value met on a walk: where it is, which object or list holds it, its schema (None: the field is unknown).

    `owner` is the short name of the definition that declares the field, as Go's decoder names it in its errors.
    """

    path: tuple[str | int, ...]
    holder: Any
    schema: Schema | None
    owner: str

    @property
    def value(self) -> Any:
        """The value itself."""
        return self.holder[self.path[-1]]


# -- Schemas ----------------------------------------------------------------------------------------------------------
def definition_name(kind: Kind, version: str | None = None) -> str:
    """The kind's name among the definitions: upstream's own, or the group's domain reversed: `io.istio.security.v1.X`."""
    if kind.strategic:
        return f"io.k8s.api.{(kind.group or 'core').partition('.')[0]}.{kind.version}.{kind.kind}"
    return ".".join([*reversed(kind.group.split(".")), version or kind.version, kind.kind])


def root_schema(kind: Kind) -> Schema:
    """The schema of a whole object of `kind`. Do not change it: it is shared."""
    return definitions()[definition_name(kind)] if kind.model is None else _custom_schema(kind.kind, kind.model)


def resolve(schema: Schema) -> Schema:
    """Follow a `$ref`; siblings of it (a description) are left behind."""
    return definitions()[schema["$ref"]] if "$ref" in schema else schema


def field_schema(schema: Schema, key: str) -> Schema | None:
    """The unresolved schema of the field `key` of an object, of a value of a map; None where there is none."""
    schema = resolve(schema)
    declared: Schema | None = schema.get("properties", {}).get(key)
    if declared is not None:
        return declared
    extra = schema.get("additionalProperties")
    return extra if isinstance(extra, dict) else None


@cache
def _custom_schema(kind: str, model: type[BaseModel]) -> Schema:
    text = {"type": "string"}
    return {
        "description": (model.__doc__ or kind).partition("\n")[0],
        "type": "object",
        "properties": {
            "apiVersion": text,
            "kind": text,
            "metadata": {"$ref": OBJECT_META},
            "spec": model_schema(model),
            "status": {"type": "object", _OPEN: True},
        },
    }


def model_schema(model: type[BaseModel]) -> Schema:
    """The model's JSON Schema with references put in place, as CustomResourceDefinitions have it."""
    raw = model.model_json_schema()
    return _inlined(raw, raw.get("$defs", {}))


def _inlined(node: Schema, parts: Mapping[str, Schema]) -> Schema:
    node = dict(node)
    if "anyOf" in node:
        # `X | None` comes as anyOf [X, null]; absent and null are the same to the API.
        some = [option for option in node.pop("anyOf") if option.get("type") != "null"]
        node = some[0] | node if len(some) == 1 else node | {"x-kubernetes-int-or-string": True}
    if "$ref" in node:
        node = parts[node.pop("$ref").rpartition("/")[2]] | node
        return _inlined(node, parts)
    plain = {key: value for key, value in node.items() if key not in _REBUILT}
    if "const" in plain:
        plain["enum"] = [plain.pop("const")]
    if "properties" in node:
        plain["properties"] = {name: _inlined(field, parts) for name, field in node["properties"].items()}
    if "items" in node:
        plain["items"] = _inlined(node["items"], parts)
    extra = node.get("additionalProperties")
    values = _inlined(extra, parts) if isinstance(extra, dict) else {}
    if values and values != {_OPEN: True}:
        plain["additionalProperties"] = values
    elif extra or values or not plain.keys() & {"type", "enum", "x-kubernetes-int-or-string"}:
        plain[_OPEN] = True
    return plain


# -- Walking ----------------------------------------------------------------------------------------------------------
def _walk(schema: Schema, value: Any, path: tuple[str | int, ...], owner: str) -> Iterator[Node]:
    """Every field and list item below `value` in the order of the document; below unknown fields nothing."""
    name = schema.get("$ref", "")
    schema, owner = resolve(schema), name.rpartition(".")[2] or owner
    if isinstance(value, dict) and (schema.keys() & {"properties", "additionalProperties"}):
        for key in value:
            declared = field_schema(schema, key)
            if declared is None and schema.get(_OPEN):
                continue
            yield Node((*path, key), value, declared, owner)
            if declared is not None and isinstance(value[key], dict | list):
                yield from _walk(declared, value[key], (*path, key), owner)
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield Node((*path, index), value, schema["items"], owner)
            if isinstance(item, dict | list):
                yield from _walk(schema["items"], item, (*path, index), owner)


def walk(kind: Kind, obj: Manifest) -> Iterator[Node]:
    """Every field and list item of `obj`, in the order of the document; below an unknown field nothing more."""
    return _walk(root_schema(kind), obj, (), kind.kind)


def unknown_fields(kind: Kind, obj: Manifest) -> list[str]:
    """The paths of fields that `kind` does not have, as strict decoding names them: `spec.foo`, `spec.ports[0].prot`."""
    return [join_path(node.path) for node in walk(kind, obj) if node.schema is None]


def prune_unknown(kind: Kind, obj: Manifest) -> list[str]:
    """Take the unknown fields out of `obj`, as decoding does; answers their paths."""
    unknown = [node for node in walk(kind, obj) if node.schema is None]
    for node in unknown:
        del node.holder[node.path[-1]]
    return [join_path(node.path) for node in unknown]


def absent_fields(kind: Kind, obj: Manifest) -> list[str]:
    """The paths of fields that are set and not implemented yet; of nested ones the outermost."""
    found: list[tuple[str | int, ...]] = []
    for node in walk(kind, obj):
        marked = node.schema is not None and ABSENT in node.schema
        if marked and node.value not in (None, {}, [], "") and not any(node.path[: len(outer)] == outer for outer in found):
            found.append(node.path)
    return [join_path(path) for path in found]
