"""Whether an object can be decoded into its built-in kind: types, formats and required fields, in the words of Go's decoder."""

import base64
import binascii
import re
from typing import Final

from hauberk.k8s.definitions import INT_OR_STRING, QUANTITY, Schema
from hauberk.k8s.durations import parse_time
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.review import DECODE, Review, join_path
from hauberk.k8s.schema import Node, resolve, walk

__all__ = ["check_schema"]

_QUANTITY: Final = re.compile(r"[+-]?[0-9.]+([eEinumkKMGTP]*[-+]?[0-9]*)")
_QUANTITY_TEXT: Final = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_GIVEN: Final = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}
_GO_TYPES: Final = {"boolean": "bool", "number": "float64"}
_PYTHON_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def check_schema(kind: Kind, obj: Manifest, review: Review) -> None:
    """Check types, formats and required fields of a built-in kind's object.

    A value that cannot be decoded is a finding with the code `DECODE` and the words of Go's decoder. What `status` lacks is not
    asked for: upstream does not either.
    """
    for node in walk(kind, obj):
        if node.schema is None or node.value is None:
            continue
        problem = _type_problem(node)
        if problem:
            review.add(DECODE, join_path(node.path), problem, f"Write a value of type {_type_name(node.schema)}.")
        elif isinstance(node.value, dict) and node.path[0] not in ("status", "metadata"):
            for missing in resolve(node.schema).get("required", ()):
                if node.value.get(missing) is None:
                    review.required(join_path((*node.path, missing)))


def _type_problem(node: Node) -> str:
    schema, value = resolve(node.schema or {}), node.value
    ref = (node.schema or {}).get("$ref")
    if ref == QUANTITY:
        return "" if _is_quantity(value) else _QUANTITY_TEXT
    if ref == INT_OR_STRING and isinstance(value, int) and not isinstance(value, bool):
        return ""
    if not _has_type(schema, value):
        field = ".".join([node.owner, *(part for part in node.path if isinstance(part, str))])
        return f"json: cannot unmarshal {_GIVEN[type(value)]} into Go struct field {field} of type {_type_name(node.schema or {})}"
    return _format_problem(schema.get("format", ""), value)


def _has_type(schema: Schema, value: object) -> bool:
    kind = str(schema.get("type", ""))
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    if kind == "integer":
        bits = 31 if schema.get("format") == "int32" else 63
        return isinstance(value, int) and -(1 << bits) <= value < 1 << bits
    return kind not in _PYTHON_TYPES or isinstance(value, _PYTHON_TYPES[kind])


def _format_problem(form: str, value: object) -> str:
    if form == "byte" and isinstance(value, str):
        return _base64_problem(value)
    if form == "date-time" and isinstance(value, str):
        try:
            parse_time(value)
        except ValueError:
            return f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse'
    return ""


def _base64_problem(text: str) -> str:
    try:
        base64.b64decode(text.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        bad = re.search(r"[^A-Za-z0-9+/=\n]", text)
        return f"illegal base64 data at input byte {bad.start() if bad else len(text)}"
    return ""


def _is_quantity(value: object) -> bool:
    if isinstance(value, str):
        return _QUANTITY.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _type_name(schema: Schema) -> str:
    """A type as Go's decoder prints it: `int32`, `v1.PodSpec`, `[]v1.Container`, `map[string]string`."""
    name = schema.get("$ref", "")
    schema = resolve(schema)
    kind = schema.get("type", "string")
    if kind == "array":
        return "[]" + _type_name(schema.get("items", {}))
    if kind != "object":
        return str(schema.get("format", "int")) if kind == "integer" else _GO_TYPES.get(kind, "string")
    values = schema.get("additionalProperties")
    return "map[string]" + _type_name(values) if isinstance(values, dict) else ".".join(name.split(".")[-2:]) or "object"
