"""A request as data: what it is about (`Target`), the whole of it (`Call`), and what is answered (`Reply`).

No I/O. Source: k8s.io/apiserver/pkg/endpoints/request/requestinfo.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hauberk.apiserver.catalogue import Served
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Entry

__all__ = ["Call", "Listing", "Reply", "Target", "User", "parse_target", "truthy"]

_METHOD_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_COLLECTION_VERBS = {"get": "list", "delete": "deletecollection"}
_NAMESPACE_SUBRESOURCES = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. `groups` holds `system:authenticated` for everyone whose proof was accepted."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about. For a path that is no resource, only `verb` (the lower-case method) and `path` are set."""

    verb: str
    path: str
    group: str = ""
    version: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    """What follows the subresource, with its leading slash: the path behind `/proxy`."""

    @property
    def is_resource(self) -> bool:
        """Whether the path names a resource of the API."""
        return bool(self.resource)


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a served resource, authenticated and allowed."""

    target: Target
    served: Served
    user: User
    query: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""
    body: bytes = b""

    @property
    def namespace(self) -> str:
        """The namespace in the path, empty for cluster-wide requests."""
        return self.target.namespace

    @property
    def name(self) -> str:
        """The object's name in the path, empty for a collection."""
        return self.target.name

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be kept."""
        return self.query.get("dryRun") == "All"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list to answer; `metadata` is the list's own."""

    entries: Sequence[Entry]
    metadata: Manifest


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call: a stored object, a list, or a manifest that is not stored (a Status, a review, a dry run's object)."""

    content: Entry | Listing | Manifest
    code: int = 200
    warnings: tuple[str, ...] = ()


def parse_target(method: str, path: str, query: Mapping[str, str]) -> Target:
    """What `method path?query` is about.

    `/api/v1/namespaces/a/pods/p/log` -> get, group "", version v1, namespace a, resource pods, name p, subresource log.
    `/api/v1/namespaces/a` is the namespace object `a`; `/apis/apps/v1/deployments` is all namespaces.
    """
    parts = [part for part in path.split("/") if part]
    verb = _METHOD_VERBS.get(method, method.lower())
    if len(parts) >= 3 and parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) >= 4 and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return Target(method.lower(), path)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 2:
        namespace = rest[1]
        if len(rest) >= 3 and rest[2] not in _NAMESPACE_SUBRESOURCES:
            rest = rest[2:]
    resource, name, subresource = (*rest[:3], "", "", "")[:3]
    if not name:
        verb = "watch" if verb == "get" and truthy(query.get("watch")) else _COLLECTION_VERBS.get(verb, verb)
    return Target(verb, path, group, version, resource, namespace, name, subresource, _rest(path, subresource))


def truthy(value: str | None) -> bool:
    """A boolean query parameter as Go's API takes it: absent, `0` and `false` are no."""
    return value is not None and value.lower() not in ("0", "false", "")


def _rest(path: str, subresource: str) -> str:
    """`/api/v1/namespaces/a/pods/p/proxy/x/y/` -> `/x/y/`; kept as sent, since paths behind a proxy are not ours."""
    if subresource != "proxy":
        return ""
    return path.partition("/proxy")[2]
