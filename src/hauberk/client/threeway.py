"""Client-side apply: the patch that brings an object to what a manifest says and leaves alone what others set.

Three values are compared, as kubectl does: `original`, the manifest of the last apply (kept in an annotation); `modified`, the
manifest now; `current`, the object. What left the manifest is removed, what is in it is set, the rest is the API's business.
With a schema (built-in kinds) the patch is a strategic merge patch, and lists with a merge key are merged by it; without one it is
a JSON merge patch (RFC 7386), which replaces lists. No I/O.
"""

import copy
from collections.abc import Callable
from typing import Any

import orjson

from hauberk.k8s.kind import Manifest

__all__ = ["LAST_APPLIED", "Guide", "guide_by_schema", "last_applied", "no_guide", "three_way_patch", "with_last_applied"]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_STRATEGY = "x-kubernetes-patch-strategy"
_MERGE_KEY = "x-kubernetes-patch-merge-key"

Schema = dict[str, Any]
Guide = Callable[[Schema, str], Schema | None]
"""(schema of an object, key) -> schema of that field with its patch metadata, None where the schema does not say."""


def no_guide(_schema: Schema, _key: str) -> Schema | None:
    """No schema: a JSON merge patch."""
    return None


def guide_by_schema(field_schema: Callable[[Schema, str], Schema | None], resolve: Callable[[Schema], Schema]) -> Guide:
    """A guide along `hauberk.k8s.schema`'s definitions; patch metadata stand beside a `$ref`, so both are united."""

    def guide(schema: Schema, key: str) -> Schema | None:
        field = field_schema(schema, key)
        if field is None:
            return None
        resolved = {**resolve(field), **{name: value for name, value in field.items() if name != "$ref"}}
        if "items" in resolved:
            resolved["items"] = resolve(resolved["items"])
        return resolved

    return guide


def last_applied(manifest: Manifest) -> str:
    """The annotation's value for a manifest: compact JSON with sorted keys and a newline, itself left out."""
    bare = copy.deepcopy(manifest)
    annotations = bare.setdefault("metadata", {}).get("annotations") or {}
    annotations.pop(LAST_APPLIED, None)
    bare["metadata"]["annotations"] = annotations
    return orjson.dumps(bare, option=orjson.OPT_SORT_KEYS).decode() + "\n"


def with_last_applied(manifest: Manifest) -> Manifest:
    """A copy of the manifest that carries itself in the annotation."""
    noted = copy.deepcopy(manifest)
    metadata = noted.setdefault("metadata", {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), LAST_APPLIED: last_applied(manifest)}
    return noted


def three_way_patch(
    original: Manifest, modified: Manifest, current: Manifest, *, schema: Schema | None = None, guide: Guide = no_guide
) -> Manifest:
    """The patch; empty where there is nothing to do. `schema` is the object's own, for `guide`."""
    return _patch_map(original, modified, current, schema, guide)


def _patch_map(original: Manifest, modified: Manifest, current: Manifest, schema: Schema | None, guide: Guide) -> Manifest:
    patch: Manifest = {key: None for key in original if key not in modified and key in current}
    for key, value in modified.items():
        if value is None or value == current.get(key):
            continue
        field = guide(schema, key) if schema is not None else None
        now = current.get(key)
        if isinstance(value, dict) and isinstance(now, dict):
            patch.update(_patch_field_map(key, _map(original.get(key)), value, now, field, guide))
        elif isinstance(value, list) and isinstance(now, list) and field is not None and "merge" in field.get(_STRATEGY, ""):
            patch.update(_patch_list(key, _list(original.get(key)), value, now, field, guide))
        else:
            patch[key] = value
    return patch


def _patch_field_map(key: str, original: Manifest, modified: Manifest, current: Manifest, field: Schema | None, guide: Guide) -> Manifest:
    inner = _patch_map(original, modified, current, field, guide)
    if inner and field is not None and "retainKeys" in field.get(_STRATEGY, ""):
        inner["$retainKeys"] = sorted(modified)
    return {key: inner} if inner else {}


def _patch_list(key: str, original: list[Any], modified: list[Any], current: list[Any], field: Schema, guide: Guide) -> Manifest:
    merge_key = field.get(_MERGE_KEY)
    if merge_key is None:
        return _patch_values(key, original, modified, current)
    if not all(isinstance(item, dict) and merge_key in item for item in (*original, *modified, *current)):
        return {key: modified}
    before, now = ({item[merge_key]: item for item in items} for items in (original, current))
    patch: list[Manifest] = []
    for item in modified:
        name = item[merge_key]
        if name not in now:
            patch.append(item)
            continue
        inner = _patch_map(before.get(name, {}), item, now[name], field.get("items"), guide)
        if inner:
            patch.append({**inner, merge_key: name})
    wanted = {item[merge_key] for item in modified}
    patch += [{"$patch": "delete", merge_key: name} for name in before if name not in wanted and name in now]
    return {key: patch} if patch else {}


def _patch_values(key: str, original: list[Any], modified: list[Any], current: list[Any]) -> Manifest:
    added = [value for value in modified if value not in current]
    removed = [value for value in original if value not in modified and value in current]
    return ({key: added} if added else {}) | ({f"$deleteFromPrimitiveList/{key}": removed} if removed else {})


def _map(value: Any) -> Manifest:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
