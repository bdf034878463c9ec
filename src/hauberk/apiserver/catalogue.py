"""Which resources are served: kinds under their groups and versions, with their subresources.

No I/O. A kind is served under each of its versions; all versions share one schema and one stored form (`Kind.version`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hauberk.k8s.kind import Kind, Manifest
from hauberk.store.revisions import Key

__all__ = ["VERBS", "Catalogue", "Served", "Subresource", "subresources_of", "version_rank"]

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")

_VERSION = re.compile(r"^v(\d+)(?:(alpha|beta)(\d+))?$")
_STABILITY = {None: 2, "beta": 1, "alpha": 0}


@dataclass(frozen=True, slots=True)
class Subresource:
    """What hangs below an object's path. `group`, `version`, `kind` say what it answers and takes."""

    name: str
    verbs: tuple[str, ...]
    kind: str
    group: str = ""
    version: str = "v1"


_EXTRA = {
    "pods": (
        Subresource("binding", ("create",), "Binding"),
        Subresource("exec", ("create", "get"), "PodExecOptions"),
        Subresource("log", ("get",), "Pod"),
        Subresource("proxy", ("create", "delete", "get", "patch", "update"), "PodProxyOptions"),
    ),
    "services": (Subresource("proxy", ("create", "delete", "get", "patch", "update"), "ServiceProxyOptions"),),
    "serviceaccounts": (Subresource("token", ("create",), "TokenRequest", "authentication.k8s.io"),),
    "namespaces": (Subresource("finalize", ("update",), "Namespace"),),
    "deployments.apps": (Subresource("scale", ("get", "patch", "update"), "Scale", "autoscaling"),),
    "replicasets.apps": (Subresource("scale", ("get", "patch", "update"), "Scale", "autoscaling"),),
}


@dataclass(frozen=True, slots=True)
class Served:
    """A kind under one of its versions."""

    kind: Kind
    version: str

    @property
    def api_version(self) -> str:
        """`group/version` as in an object, or `version` for the core group."""
        return f"{self.kind.group}/{self.version}" if self.kind.group else self.version

    @property
    def resource(self) -> str:
        """The resource's name in the store: `pods`, `deployments.apps`; the same for all versions."""
        return f"{self.kind.plural}.{self.kind.group}" if self.kind.group else self.kind.plural

    def key(self, namespace: str | None, name: str) -> Key:
        """Where the object is stored."""
        return Key(self.resource, (namespace or "") if self.kind.namespaced else "", name)

    def present(self, obj: Manifest) -> Manifest:
        """The stored `obj` as this version shows it (a new outer value, the rest shared)."""
        return {"kind": self.kind.kind, "apiVersion": self.api_version} | {
            key: value for key, value in obj.items() if key not in ("kind", "apiVersion")
        }


class Catalogue:
    """The kinds of one API server, found by path, by kind and by stored resource."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.kinds = tuple(kinds)
        self._served = {
            (kind.group, version, kind.plural): Served(kind, version) for kind in kinds for version in (kind.version, *kind.also_versions)
        }
        self._by_resource = {served.resource: served for served in (Served(kind, kind.version) for kind in kinds)}
        self._by_kind = {(kind.group, kind.kind): Served(kind, kind.version) for kind in kinds}

    def find(self, group: str, version: str, plural: str) -> Served | None:
        """The resource at a path, None where it is not served."""
        return self._served.get((group, version, plural))

    def of_resource(self, resource: str) -> Served | None:
        """The stored resource `resource` in its stored version."""
        return self._by_resource.get(resource)

    def of_kind(self, group: str, kind: str) -> Served | None:
        """A kind in its stored version, by group and kind."""
        return self._by_kind.get((group, kind))

    def groups(self) -> list[str]:
        """The groups in the order of the registry; the core group is the empty string."""
        return list(dict.fromkeys(kind.group for kind in self.kinds))

    def versions(self, group: str) -> list[str]:
        """The served versions of `group`, the preferred one first."""
        return sorted({version for own, version, _ in self._served if own == group}, key=version_rank, reverse=True)

    def resources(self, group: str, version: str) -> list[Served]:
        """What is served under a group and version, in the order of the registry."""
        return [served for (own, at, _), served in self._served.items() if (own, at) == (group, version)]


def subresources_of(served: Served) -> tuple[Subresource, ...]:
    """The subresources of a kind, `status` among them where the kind has one."""
    extra = _EXTRA.get(served.resource, ())
    if not served.kind.status:
        return extra
    return (*extra, Subresource("status", ("get", "patch", "update"), served.kind.kind, served.kind.group, served.version))


def version_rank(version: str) -> tuple[int, int, int]:
    """Sorts versions as Kubernetes prefers them: v2 over v1 over v1beta1 over v1alpha3; others last."""
    match = _VERSION.match(version)
    if not match:
        return (-1, 0, 0)
    major, stability, minor = match.groups()
    return (_STABILITY[stability], int(major), int(minor or 0))
