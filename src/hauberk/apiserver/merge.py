"""Merge patches: JSON merge patch, and strategic merge along a kind's schema.

Strategic merge follows upstream to the order of lists: an element that the patch adds goes in front of those that only the server
has, unless `$setElementOrder` says where. Sources: RFC 7386; k8s.io/apimachinery/pkg/util/strategicpatch (merge key, patch
strategy and the `$` directives).
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from hauberk.errors import ConfigError
from hauberk.k8s.definitions import Schema
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.schema import field_schema, resolve, root_schema

__all__ = ["PatchError", "merge_patch", "strategic_merge"]

_PATCH: Final = "$patch"
_RETAIN: Final = "$retainKeys"
_ORDER: Final = "$setElementOrder/"
_DELETE: Final = "$deleteFromPrimitiveList/"
_MERGE_KEY: Final = "x-kubernetes-patch-merge-key"
_STRATEGY: Final = "x-kubernetes-patch-strategy"


class PatchError(ConfigError):
    """A patch that cannot be applied, in upstream's words."""


def merge_patch(target: Any, patch: Any) -> Any:
    """`target` with `patch` merged in (RFC 7386): null takes a field away, lists are replaced. `target` is left alone."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def strategic_merge(kind: Kind, target: Manifest, patch: Manifest) -> Manifest:
    """`target` with `patch` merged in along the schema of `kind`; both are left alone.

    Raises: PatchError - a directive that is not one, or an element of a list without the key that it is merged by.
    """
    return _merge_map(deepcopy(target), deepcopy(patch), root_schema(kind))


@dataclass(frozen=True, slots=True)
class _Field:
    """How a field is merged: its schema (the items' for lists; None: unknown), strategies, and the merge key of its items."""

    schema: Schema | None
    strategies: tuple[str, ...]
    key: str

    @classmethod
    def of(cls, schema: Schema | None, name: str) -> "_Field":
        """How the field `name` of an object of `schema` is merged."""
        declared = field_schema(schema, name) if schema is not None else None
        if declared is None:
            return cls(None, (), "")
        strategies = tuple(part for part in declared.get(_STRATEGY, "").split(",") if part and part != "retainKeys")
        items = resolve(declared).get("items")
        return cls(declared if items is None else items, strategies, declared.get(_MERGE_KEY, ""))


# -- Maps -------------------------------------------------------------------------------------------------------------
def _merge_map(original: Manifest, patch: Manifest, schema: Schema | None) -> Manifest:
    directive = patch.pop(_PATCH, None)
    if directive == "replace":
        return patch
    if directive == "delete":
        return {}
    # Upstream takes no "merge" here; it is what happens anyway, and documented as such.
    if directive not in (None, "merge"):
        raise PatchError(f"unknown patch type: {directive} in map: {_as_go(patch)}")
    _retain_keys(original, patch)
    _set_orders(original, patch, schema)
    for key, value in patch.items():
        if key.startswith(_DELETE):
            _delete_from(original, key.removeprefix(_DELETE), value)
        elif value is None:
            original.pop(key, None)
        else:
            original[key] = _merge_value(original.get(key), value, _Field.of(schema, key))
    return original


def _merge_value(original: Any, patch: Any, field: _Field) -> Any:
    if isinstance(original, dict) and isinstance(patch, dict) and "replace" not in field.strategies:
        return _merge_map(original, patch, field.schema)
    if isinstance(original, list) and isinstance(patch, list) and "merge" in field.strategies:
        return _merge_list(original, patch, field)
    return _plain(patch)


def _plain(value: Any) -> Any:
    """A value of the patch that has nothing to be merged with: without its nulls and directives."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None and not _is_directive(key)}
    if isinstance(value, list):
        return [_plain(item) for item in value if not (isinstance(item, dict) and _PATCH in item)]
    return value


def _is_directive(key: str) -> bool:
    return key in (_PATCH, _RETAIN) or key.startswith((_ORDER, _DELETE))


def _retain_keys(original: Manifest, patch: Manifest) -> None:
    if _RETAIN not in patch:
        return
    kept = patch.pop(_RETAIN)
    changed = [key for key, value in patch.items() if value is not None and not key.startswith((_ORDER, _DELETE))]
    if not isinstance(kept, list) or any(key not in kept for key in changed):
        raise PatchError("invalid patch format of retainKeys")
    for key in original.keys() - set(kept):
        del original[key]


def _delete_from(original: Manifest, key: str, values: Any) -> None:
    if isinstance(original.get(key), list) and isinstance(values, list):
        original[key] = [item for item in original[key] if item not in values]


def _set_orders(original: Manifest, patch: Manifest, schema: Schema | None) -> None:
    """Merge the lists whose order the patch gives, and put them in it."""
    for directive in [key for key in patch if key.startswith(_ORDER)]:
        order, key = patch.pop(directive), directive.removeprefix(_ORDER)
        if not isinstance(order, list):
            raise PatchError(f"invalid patch format of setElementOrder list: {directive}")
        before, change, field = original.get(key), patch.pop(key, None), _Field.of(schema, key)
        if before is None and change is None:
            continue
        deleting = patch.pop(_DELETE + key, None)
        if before is not None and deleting is not None:
            before = [item for item in before if item not in deleting]
        identity = _identity(field.key)
        named = [identity(item) for item in order]
        changed = [item for item in change or () if not (isinstance(item, dict) and _PATCH in item)]
        if any(identity(item) not in named for item in changed):
            raise PatchError(f"the order in patch list: {_as_go(change)} doesn't match {directive} list: {_as_go(order)}")
        merged = (before or []) if change is None else _merge_value(before, change, field)
        original[key] = _in_order(merged, order, before or [], identity)


# -- Lists ------------------------------------------------------------------------------------------------------------
def _merge_list(original: list[Any], patch: list[Any], field: _Field) -> list[Any]:
    if not any(isinstance(item, dict) for item in [*original, *patch]):
        merged = [*original, *(item for item in patch if item not in original)]
        return _in_order(list(dict.fromkeys(merged)), patch, original, _identity(""))
    if not field.key:
        raise PatchError("cannot merge lists without merge key")
    identity = _identity(field.key)
    original, patch = _apply_item_directives(original, patch, field.key)
    merged = list(original)
    for item in patch:
        if field.key not in item:
            raise PatchError(f"map: {_as_go(item)} does not contain declared merge key: {field.key}")
        known = next((index for index, other in enumerate(merged) if identity(other) == identity(item)), None)
        if known is None:
            merged.append(_merge_map({}, deepcopy(item), field.schema))
        else:
            merged[known] = _merge_map(deepcopy(merged[known]), deepcopy(item), field.schema)
    return _in_order(merged, patch, original, identity)


def _apply_item_directives(original: list[Any], patch: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Take out of `original` what items with `$patch` delete or replace; answers both without them."""
    plain, replace = [], False
    for item in patch:
        directive = item.get(_PATCH) if isinstance(item, dict) else None
        if directive is None or directive == "merge":
            plain.append(item)
        elif directive == "replace":
            replace = True
        elif directive != "delete":
            raise PatchError(f"unknown patch type: {directive} in map: {_as_go(item)}")
        elif key not in item:
            raise PatchError(f"map: {_as_go(item)} does not contain declared merge key: {key}")
        else:
            original = [other for other in original if _identity(key)(other) != item[key]]
    return [] if replace else original, plain


_Identity = Callable[[Any], Any]


def _identity(key: str) -> _Identity:
    """What an item of a list is known by: the value of its merge key, or the item itself."""
    return partial(_key_of, key) if key else _itself


def _key_of(key: str, item: Any) -> Any:
    return item.get(key) if isinstance(item, Mapping) else item


def _itself(item: Any) -> Any:
    return item


def _in_order(merged: list[Any], order: list[Any], server: list[Any], identity: _Identity) -> list[Any]:
    """Put the items named in `order` in that order, and the others, which keep the server's, among them.

    One of the others stands as far to the front as the server's order has it before the named item that would come next.
    """
    wanted, known = [identity(item) for item in order], [identity(item) for item in server]
    named = sorted((item for item in merged if identity(item) in wanted), key=lambda item: wanted.index(identity(item)))
    others = sorted((item for item in merged if identity(item) not in wanted), key=lambda item: known.index(identity(item)))
    result: list[Any] = []
    for item in named:
        place = known.index(identity(item)) if identity(item) in known else -1
        while others and known.index(identity(others[0])) < place:
            result.append(others.pop(0))
        result.append(item)
    return result + others


def _as_go(value: Any) -> str:
    """A value as Go's `%v` prints it: `map[image:x]`."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_as_go(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(_as_go(item) for item in value) + "]"
    return {None: "<nil>", True: "true", False: "false"}.get(value, str(value)) if value is None or isinstance(value, bool) else str(value)
