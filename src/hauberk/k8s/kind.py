"""What a kind of object is: its names, its columns, how it is checked and completed.

A kind is one `Kind` value in its API group's module (`k8s/core.py`, `k8s/security.py`, ...) and one entry in that
module's `KINDS`; `k8s/registry.py` gathers them. Objects themselves are plain JSON values (`Manifest`): parsing into
`hauberk.model` happens in the `parse_*` functions beside the kind. No I/O.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from hauberk.errors import Finding

__all__ = ["Column", "Kind", "Manifest", "name_of", "namespace_of", "uid_of", "value_at"]

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A printer column (apiextensions `additionalPrinterColumns`, or what upstream's printers show for built-in kinds).

    `value` computes the cell from the object and the present time (for ages); `priority` over 0 shows only with `-o wide`;
    `type` is an OpenAPI type, `format` is `name` for the column that identifies the row.
    """

    name: str
    value: Callable[[Manifest, datetime], str | int | None]
    type: str = "string"
    priority: int = 0
    description: str = ""
    format: str = ""


def _no_findings(_obj: Manifest) -> Sequence[Finding]:
    return ()


def _no_update_findings(_old: Manifest, _new: Manifest) -> Sequence[Finding]:
    return ()


def _unchanged(_obj: Manifest) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of the API.

    `complete` fills defaults in place, as upstream's defaulting does; `validate` answers findings about a completed object, of
    which errors refuse it and warnings are told; `validate_update` answers those about the change from an object to another.
    `strategic` tells whether strategic merge patches are taken (built-in kinds only, as upstream); such kinds take their
    schema from upstream's definitions, the others from `model`, the pydantic model of `spec` (`k8s/schema.py`).
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    status: bool = False
    """Whether there is a `/status` subresource."""
    strategic: bool = False
    columns: tuple[Column, ...] = ()
    validate: Callable[[Manifest], Sequence[Finding]] = field(default=_no_findings, compare=False)
    complete: Callable[[Manifest], None] = field(default=_unchanged, compare=False)
    validate_update: Callable[[Manifest, Manifest], Sequence[Finding]] = field(default=_no_update_findings, compare=False)
    model: type[BaseModel] | None = None
    also_versions: tuple[str, ...] = ()
    """Other served versions of the same objects (same schema), e.g. v1alpha3 beside v1beta1."""

    @property
    def singular(self) -> str:
        """The lower-case kind, as kubectl takes it."""
        return self.kind.lower()

    @property
    def api_version(self) -> str:
        """`group/version`, or `version` alone for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of the collection, an object or its subresource, without a query."""
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/".join(parts)


def name_of(obj: Manifest) -> str:
    """`metadata.name`, empty where it is not set."""
    return str(obj.get("metadata", {}).get("name", ""))


def namespace_of(obj: Manifest) -> str:
    """`metadata.namespace`, empty where it is not set."""
    return str(obj.get("metadata", {}).get("namespace", ""))


def value_at(obj: Manifest, *path: str) -> Any:
    """The value at `path`; None where a step is absent or leads through something that is no mapping."""
    value: Any = obj
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def uid_of(obj: Manifest) -> str:
    """`metadata.uid`, empty where it is not set."""
    return str(obj.get("metadata", {}).get("uid", ""))
