"""What the pydantic models of Istio's and OpenShift's kinds share, and their errors in the API's words.

Models describe `spec`. They are strict (a number is no string), leave unknown fields to `schema.unknown_fields`, and their
attribute docstrings are the descriptions that `kubectl explain` shows.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from hauberk.k8s.durations import parse_go_duration
from hauberk.k8s.kind import Manifest
from hauberk.k8s.review import Review, join_path
from hauberk.k8s.schema import ABSENT

__all__ = [
    "LATER",
    "Duration",
    "LaterFlag",
    "LaterList",
    "LaterNumber",
    "LaterObject",
    "LaterText",
    "OpenObject",
    "Part",
    "UInt32",
    "ZeroOrDuration",
    "check_model",
]


class Part(BaseModel):
    """A part of a manifest: camelCase outside, snake_case inside."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", alias_generator=to_camel, use_attribute_docstrings=True)


def _go_duration(text: str) -> str:
    duration = parse_go_duration(text)
    if duration is None or duration < timedelta(milliseconds=1):
        raise ValueError("must be a valid duration greater than 1ms")
    return text


def _zero_or_go_duration(text: str) -> str:
    return text if parse_go_duration(text) == timedelta(0) else _go_duration(text)


Duration = Annotated[str, AfterValidator(_go_duration)]
"""A duration as protobuf and Go write it: 5s, 1.5h; no days."""
ZeroOrDuration = Annotated[str, AfterValidator(_zero_or_go_duration)]
"""A duration where zero says something too."""
UInt32 = Annotated[int, Field(ge=0, le=2**32 - 1)]
OpenObject = dict[str, JsonValue]
"""An object whose fields are not looked at."""

LATER: Final = Field(description="Not implemented yet: it has no effect.", json_schema_extra={ABSENT: True})
LaterObject = Annotated[OpenObject | None, LATER]
LaterList = Annotated[list[JsonValue] | None, LATER]
LaterText = Annotated[str | None, LATER]
LaterNumber = Annotated[float | None, LATER]
LaterFlag = Annotated[bool | None, LATER]

_JSON_TYPES: Final = {
    "string_type": "string",
    "int_type": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "bool_type": "boolean",
    "list_type": "array",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
}
_GIVEN_TYPES: Final = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object", type(None): "null"}


_THINGS: Final = {"List": "items", "Dictionary": "properties"}
_RULES: Final[dict[str, Callable[[str, dict[str, Any]], str]]] = {
    "greater_than_equal": lambda path, ctx: f"{path} in body should be greater than or equal to {ctx['ge']}",
    "less_than_equal": lambda path, ctx: f"{path} in body should be less than or equal to {ctx['le']}",
    "too_short": lambda path, ctx: f"{path} in body should have at least {ctx['min_length']} {_THINGS[ctx['field_type']]}",
    "too_long": lambda path, ctx: f"{path} in body should have at most {ctx['max_length']} {_THINGS[ctx['field_type']]}",
}


def check_model(model: type[BaseModel], obj: Manifest, review: Review) -> bool:
    """Check `obj`'s spec by its model; every error becomes a finding with its path. Answers whether it is sound.

    An absent spec is checked as an empty one, so that the fields it must have are named.
    """
    try:
        model.model_validate(obj.get("spec") if obj.get("spec") is not None else {})
    except ValidationError as error:
        for details in error.errors(include_url=False):
            _add(details, review)
        return False
    return True


def _add(details: ErrorDetails, review: Review) -> None:
    path = join_path(("spec", *details["loc"]))
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        review.required(path)
    elif kind == "literal_error":
        review.unsupported(path, given, re.findall(r"'([^']*)'", str(context["expected"])))
    elif kind in _JSON_TYPES:
        found, wanted = _GIVEN_TYPES[type(given)], _JSON_TYPES[kind]
        message = f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"'
        review.add("HBK0004", path, message, f"Write a value of type {wanted}.")
    else:
        rule = _RULES.get(kind)
        review.invalid(path, given, rule(path, context) if rule else str(context.get("error", details["msg"])))
