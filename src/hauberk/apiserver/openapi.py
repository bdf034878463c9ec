"""The OpenAPI documents of the API: v3 one a group version, v2 one for all. Made once, kept as bytes.

kubectl asks them for three things: whether PATCH takes `fieldValidation` and `dryRun`, the patch metadata of built-in kinds, and
the descriptions that `kubectl explain` shows. So there are the paths of objects with GET and PATCH, and every schema they reach.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha512
from typing import Any, Final

import orjson

from hauberk.errors import NotFoundError
from hauberk.k8s.definitions import KUBERNETES_VERSION, Schema, definitions
from hauberk.k8s.kind import Kind
from hauberk.k8s.registry import ALL_KINDS
from hauberk.k8s.schema import ABSENT, definition_name, root_schema

__all__ = ["group_versions", "openapi_v2", "openapi_v3", "openapi_v3_index"]

_V3: Final = "#/components/schemas/"
_V2: Final = "#/definitions/"
_GVK: Final = "x-kubernetes-group-version-kind"
_PATCHES: Final = ("application/json-patch+json", "application/merge-patch+json")
_STRATEGIC: Final = "application/strategic-merge-patch+json"
_QUERY: Final = {
    "dryRun": "All: do not store the change.",
    "fieldManager": "Who makes the change.",
    "fieldValidation": "What to do about unknown and duplicate fields: Ignore, Warn or Strict.",
}
_INFO: Final = {"title": "Hauberk", "version": f"v{KUBERNETES_VERSION}"}


@cache
def group_versions() -> Mapping[str, tuple[Kind, ...]]:
    """The kinds of each group version, under the path that names it: `api/v1`, `apis/security.istio.io/v1`."""
    found: dict[str, list[Kind]] = {}
    for kind in ALL_KINDS:
        for version in (kind.version, *kind.also_versions):
            found.setdefault(f"apis/{kind.group}/{version}" if kind.group else f"api/{version}", []).append(kind)
    return {path: tuple(kinds) for path, kinds in sorted(found.items())}


@cache
def openapi_v3_index() -> bytes:
    """The index under /openapi/v3: where each document is; the hash lets clients keep what has not changed."""
    urls = {path: f"/openapi/v3/{path}?hash={sha512(openapi_v3(path)).hexdigest().upper()}" for path in group_versions()}
    return orjson.dumps({"paths": {path: {"serverRelativeURL": url} for path, url in urls.items()}})


@cache
def openapi_v3(group_version: str) -> bytes:
    """The document of `api/v1` or `apis/GROUP/VERSION`. Raises: NotFoundError - no kind is served there."""
    kinds = group_versions().get(group_version)
    if kinds is None:
        raise NotFoundError(f"There is no group version {group_version}. /openapi/v3 lists those that are.")
    version = group_version.rpartition("/")[2]
    document = {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": {path: item for kind in kinds for path, item in _paths(kind, version, _operation_v3).items()},
        "components": {"schemas": {name: _as_v3(schema) for name, schema in _schemas([(kind, version) for kind in kinds]).items()}},
    }
    return orjson.dumps(document)


@cache
def openapi_v2() -> bytes:
    """The document of the whole API, as JSON. Clients that insist on protobuf get it nowhere: answer them 406."""
    every = [(kind, version) for kind in ALL_KINDS for version in (kind.version, *kind.also_versions)]
    document = {
        "swagger": "2.0",
        "info": _INFO,
        "paths": {path: item for kind, version in every for path, item in _paths(kind, version, _operation_v2).items()},
        "definitions": {name: _as_v2(schema) for name, schema in _schemas(every).items()},
    }
    return orjson.dumps(document)


# -- Schemas ----------------------------------------------------------------------------------------------------------
def _schemas(kinds: Iterable[tuple[Kind, str]]) -> dict[str, Schema]:
    """The kinds' own schemas and all that they refer to, by name."""
    found: dict[str, Schema] = {}
    for kind, version in kinds:
        gvk = [{"group": kind.group, "version": version, "kind": kind.kind}]
        found[definition_name(kind, version)] = root_schema(kind) | {_GVK: gvk}
    waiting = [name for schema in found.values() for name in _references(schema)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            # Without the group versions of others: `explain` would take a shared part for a kind.
            found[name] = {key: value for key, value in definitions()[name].items() if key != _GVK}
            waiting.extend(_references(found[name]))
    return dict(sorted(found.items()))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _as_v3(node: Any) -> Any:
    """References by OpenAPI v3's path; one with siblings goes into `allOf`, as JSON references ignore theirs."""
    if isinstance(node, list):
        return [_as_v3(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") in ("int-or-string", "quantity"):
        number = "integer" if node["format"] == "int-or-string" else "number"
        return {"description": node.get("description", ""), "oneOf": [{"type": "string"}, {"type": number}]}
    plain = {key: _as_v3(value) for key, value in node.items() if key not in ("$ref", ABSENT)}
    if not isinstance(node.get("$ref"), str):
        return plain
    reference = {"$ref": _V3 + node["$ref"]}
    return plain | {"allOf": [reference]} if plain else reference


def _as_v2(node: Any) -> Any:
    if isinstance(node, list):
        return [_as_v2(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _as_v2(value) for key, value in node.items() if key not in ("$ref", ABSENT)}
    if isinstance(node.get("$ref"), str):
        plain["$ref"] = _V2 + node["$ref"]
    return plain


_Operation = Callable[[Kind, str, str, Sequence[str]], Schema]
"""An operation on objects of a kind, by version, verb and the names in the path."""


# -- Paths ------------------------------------------------------------------------------------------------------------
def _paths(kind: Kind, version: str, operation: _Operation) -> dict[str, Schema]:
    root = f"/apis/{kind.group}/{version}" if kind.group else f"/api/{version}"
    path = f"{root}/namespaces/{{namespace}}/{kind.plural}/{{name}}" if kind.namespaced else f"{root}/{kind.plural}/{{name}}"
    names = ["name", "namespace"] if kind.namespaced else ["name"]
    return {path: {"get": operation(kind, version, "get", names), "patch": operation(kind, version, "patch", names)}}


def _operation_v3(kind: Kind, version: str, verb: str, names: Sequence[str]) -> Schema:
    reference = {"$ref": _V3 + definition_name(kind, version)}
    operation = _operation(kind, version, verb) | {
        "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}},
    }
    if verb == "patch":
        operation["parameters"] += [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}} for name, text in _QUERY.items()
        ]
        operation["requestBody"] = {"content": {media: {"schema": {"type": "object"}} for media in _patch_types(kind)}, "required": True}
    return operation


def _operation_v2(kind: Kind, version: str, verb: str, names: Sequence[str]) -> Schema:
    operation = _operation(kind, version, verb) | {
        "produces": ["application/json"],
        "parameters": [{"name": name, "in": "path", "required": True, "type": "string"} for name in names],
        "responses": {"200": {"description": "OK", "schema": {"$ref": _V2 + definition_name(kind, version)}}},
    }
    if verb == "patch":
        operation["consumes"] = list(_patch_types(kind))
        operation["parameters"] += [{"name": name, "in": "query", "description": text, "type": "string"} for name, text in _QUERY.items()]
        operation["parameters"].append({"name": "body", "in": "body", "required": True, "schema": {"type": "object"}})
    return operation


def _operation(kind: Kind, version: str, verb: str) -> Schema:
    return {
        "operationId": f"{verb}{kind.kind}{kind.group.title().replace('.', '')}{version.title()}",
        "description": f"{verb} a {kind.kind}",
        "x-kubernetes-action": verb,
        _GVK: {"group": kind.group, "version": version, "kind": kind.kind},
    }


def _patch_types(kind: Kind) -> tuple[str, ...]:
    return (*_PATCHES, _STRATEGIC) if kind.strategic else _PATCHES
