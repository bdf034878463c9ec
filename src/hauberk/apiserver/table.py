"""Tables (meta.k8s.io/v1 Table): what `kubectl get` prints, made from a kind's columns."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hauberk.k8s.columns import AGE, NAME
from hauberk.k8s.kind import Column, Kind, Manifest

__all__ = ["render_table"]

_DEFAULT_COLUMNS: Final = (NAME, AGE)
_META: Final = "meta.k8s.io/v1"


def render_table(
    kind: Kind,
    objects: Sequence[Manifest],
    *,
    now: datetime,
    include_object: str = "Metadata",
    list_metadata: Manifest | None = None,
    headers: bool = True,
) -> Manifest:
    """A Table of `objects`, a row each.

    `include_object` is the request's `includeObject`: `Metadata` (a PartialObjectMetadata a row), `Object`, or `None`.
    `list_metadata` becomes the Table's metadata: resourceVersion, and continue and remainingItemCount where there is more.
    `headers`: a watch sends the column definitions with its first event only.
    """
    columns = kind.columns or _DEFAULT_COLUMNS
    return {
        "kind": "Table",
        "apiVersion": _META,
        "metadata": list_metadata or {},
        "columnDefinitions": [_definition(column) for column in columns] if headers else None,
        "rows": [{"cells": [column.value(obj, now) for column in columns], "object": _row_object(obj, include_object)} for obj in objects],
    }


def _definition(column: Column) -> Manifest:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


def _row_object(obj: Manifest, include: str) -> Manifest | None:
    match include:
        case "Object":
            return obj
        case "None":
            return None
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": obj.get("metadata") or {}}
