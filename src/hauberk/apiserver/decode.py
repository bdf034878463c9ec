"""Bodies of requests as objects: JSON or YAML, of the kind and version that the path says, without fields nobody knows.

No I/O. The refusals carry upstream's texts.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import yaml

from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.negotiate import media_type
from hauberk.apiserver.protobuf import CONTENT_TYPE, NotProtobuf, decode_protobuf
from hauberk.apiserver.status import Cause, bad_request, failure, invalid_options, unsupported_media_type
from hauberk.k8s.kind import Manifest
from hauberk.k8s.schema import prune_unknown

__all__ = ["BODY_LIMIT_BYTES", "Decoded", "check_options", "decode_object", "field_findings", "parse_body", "without_nulls"]

BODY_LIMIT_BYTES = 3 * 1024 * 1024
"""As upstream's `--max-request-body-bytes` default."""

_TYPES = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
_FIELD_VALIDATIONS = ("", "Ignore", "Strict", "Warn")


@dataclass(frozen=True, slots=True)
class Decoded:
    """An object from a body, and what its sender should be warned of."""

    obj: Manifest
    warnings: tuple[str, ...] = ()


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: a timestamp is a string."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def parse_body(body: bytes, content_type: str, *, error_prefix: str = "couldn't get version/kind; json parse error: ") -> Any:
    """The JSON value in `body`, which is JSON, YAML or protobuf by its content type (none is JSON).

    Raises: ApiError 415, 400.
    """
    kind = media_type(content_type) or "application/json"
    if kind == CONTENT_TYPE:
        try:
            return decode_protobuf(body)
        except NotProtobuf as error:
            raise bad_request(str(error)) from error
    if kind == "application/yaml":
        try:
            return yaml.load(body, Loader=_Loader)  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            raise bad_request(f"error converting YAML to JSON: {' '.join(str(error).split())}") from error
    if kind != "application/json":
        raise unsupported_media_type(f"the body of the request was in an unknown format - accepted media types include: {_TYPES}")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(error_prefix + _json_error(body, error)) from error


def decode_object(body: bytes, content_type: str, served: Served, field_validation: str = "") -> Decoded:
    """The object in `body`, with the served kind and version, as sent but for nulls and unknown fields.

    `field_validation` is the query parameter: Strict refuses unknown and duplicate fields, Warn (and nothing) warns of them.
    Raises: ApiError 400, 415.
    """
    obj = parse_body(body, content_type)
    if not isinstance(obj, dict):
        raise bad_request(
            f"couldn't get version/kind; json parse error: json: cannot unmarshal {_go_type(obj)} into Go value of type "
            "struct { APIVersion string; Kind string }"
        )
    _check_type(obj, served, body)
    if not isinstance(obj.get("metadata", {}), dict | None):
        raise bad_request(_cannot(served, f"json: cannot unmarshal {_go_type(obj['metadata'])} into Go struct field .metadata"))
    duplicates = _duplicates(body, content_type) if field_validation in ("Strict", "Warn") else []
    obj = without_nulls(obj)
    obj.setdefault("metadata", {})
    warnings = field_findings(obj, served, field_validation, duplicates=duplicates)
    return Decoded(obj | {"kind": served.kind.kind, "apiVersion": served.api_version}, warnings)


def field_findings(obj: Manifest, served: Served, field_validation: str, *, duplicates: Iterable[str] = ()) -> tuple[str, ...]:
    """Warnings of unknown and duplicate fields; unknown ones are removed from `obj`.

    Raises: ApiError 400 where `field_validation` is Strict.
    """
    unknown = prune_unknown(served.kind, obj)
    findings = [f'duplicate field "{path}"' for path in duplicates] + [f'unknown field "{path}"' for path in unknown]
    if findings and field_validation == "Strict":
        raise bad_request(_cannot(served, f"strict decoding error: {', '.join(findings)}"))
    return () if field_validation == "Ignore" else tuple(findings)


def check_options(query: Mapping[str, str], options: str) -> None:
    """Check the query parameters that all writes share; `options` is upstream's name of them, e.g. `CreateOptions`.

    Raises: ApiError 422.
    """
    dry_run = query.get("dryRun", "")
    if dry_run not in ("", "All"):
        message = f'Unsupported value: ["{dry_run}"]: supported values: "All"'
        raise invalid_options(options, Cause("dryRun", message, "FieldValueNotSupported"))
    validation = query.get("fieldValidation", "")
    if validation not in _FIELD_VALIDATIONS:
        listed = ", ".join(f'"{value}"' for value in _FIELD_VALIDATIONS)
        message = f'Unsupported value: "{validation}": supported values: {listed}'
        raise invalid_options(options, Cause("fieldValidation", message, "FieldValueNotSupported"))


def without_nulls(value: Any) -> Any:
    """A copy of `value` without nulls in maps, and without the maps that only held nulls: null is "not set" in this API."""
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        clean = without_nulls(item)
        if clean is None or (clean == {} and item):
            continue
        kept[key] = clean
    return kept


def _check_type(obj: Manifest, served: Served, body: bytes) -> None:
    kind, api_version = obj.get("kind"), obj.get("apiVersion")
    if not served.kind.strategic:
        _check_custom_type(obj, served, body)
    elif (kind or served.kind.kind) != served.kind.kind:
        version = str(api_version or served.version).rpartition("/")[2]
        converting = f"converting ({version}.{kind}) to (core.{served.kind.kind}): unknown conversion"
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a {served.kind.kind}: {converting}')
    elif (api_version or served.api_version) != served.api_version:
        raise bad_request(
            f"the API version in the data ({api_version}) does not match the expected API version ({served.api_version})",
        )


def _check_custom_type(obj: Manifest, served: Served, body: bytes) -> None:
    """Custom resources must say what they are; built-in kinds may leave it to the path."""
    kind, api_version = obj.get("kind"), obj.get("apiVersion")
    for word, value in (("Kind", kind), ("apiVersion", api_version)):
        if not value:
            text = body.decode(errors="replace")
            missing = f"Object '{word}' is missing in '{text}' ({text})"
            raise bad_request(f"the object provided is unrecognized (must be of type {served.kind.kind}): {missing}")
    if kind != served.kind.kind:
        raise bad_request(f"{api_version}, Kind={kind} is not a {served.kind.kind}: send it to the path of its own kind")
    if api_version != served.api_version:
        raise bad_request(f"the API version in the data ({api_version}) does not match the expected API version ({served.api_version})")


def _cannot(served: Served, why: str) -> str:
    return f'{served.kind.kind} in version "{served.version}" cannot be handled as a {served.kind.kind}: {why}'


def _json_error(body: bytes, error: orjson.JSONDecodeError) -> str:
    """Upstream's words for the commonest case, ours for the others."""
    if not body.strip() or error.pos >= len(body.rstrip()) or "unexpected end" in str(error):
        return "unexpected end of JSON input"
    return str(error)


def _go_type(value: object) -> str:
    names = {list: "array", str: "string", bool: "bool", int: "number", float: "number", dict: "object"}
    return next((name for type_, name in names.items() if isinstance(value, type_)), "null")


class _Seen(dict[str, Any]):
    """A JSON object that remembers which keys came twice."""

    repeated: Sequence[str] = ()


def _pairs(pairs: list[tuple[str, Any]]) -> _Seen:
    seen = _Seen(pairs)
    if len(seen) < len(pairs):
        keys = [key for key, _ in pairs]
        seen.repeated = [key for key in seen if keys.count(key) > 1]
    return seen


def _duplicates(body: bytes, content_type: str) -> list[str]:
    """The paths of keys that a JSON body has twice; the last one counts, as everywhere."""
    if media_type(content_type) not in ("", "application/json"):
        return []
    try:
        return list(_walk_duplicates(json.loads(body, object_pairs_hook=_pairs), ""))
    except RecursionError as error:
        raise failure(400, "BadRequest", "the body is nested too deeply") from error


def _walk_duplicates(value: Any, path: str) -> Iterable[str]:
    if isinstance(value, _Seen):
        yield from (f"{path}.{key}".lstrip(".") for key in value.repeated)
        for key, item in value.items():
            yield from _walk_duplicates(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk_duplicates(item, f"{path}[{index}]")
