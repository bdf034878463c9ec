"""ObjectMeta: what the server fills in, and what nobody else may change. What is wrong with it is `Kind.validate`'s to say.

No I/O; time, uid and suffix are passed in. Source: k8s.io/apiserver/pkg/registry/rest/{create,update}.go.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hauberk.apiserver.status import Cause, bad_request, failure
from hauberk.k8s.kind import Kind, Manifest

__all__ = [
    "Stamps",
    "check_namespace",
    "has_generation",
    "new_finalizers",
    "on_create",
    "on_update",
    "parse_timestamp",
    "timestamp",
]

_GENERATED_LENGTH = 58
"""Names made from generateName are 63 long at most, five of them the suffix."""

_WITHOUT_GENERATION = ("Namespace", "Service", "Endpoints", "ServiceAccount", "Secret", "ConfigMap", "Event", "Node")
_SERVER_OWNED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "managedFields")
_EMPTY_IS_ABSENT = ("labels", "annotations", "finalizers", "ownerReferences")


@dataclass(frozen=True, slots=True)
class Stamps:
    """What the server puts into new objects."""

    now: datetime
    uid: str
    suffix: Callable[[], str]
    """Five random characters for a generated name."""


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second, as Kubernetes writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_timestamp(text: str) -> datetime:
    """The reverse of `timestamp`; takes fractions too.

    Raises: ValueError.
    """
    return datetime.fromisoformat(text)


def has_generation(kind: Kind) -> bool:
    """Whether objects of the kind count the changes of their spec: all but the old core kinds."""
    return kind.group != "" or kind.kind not in _WITHOUT_GENERATION


def check_namespace(obj: Manifest, kind: Kind, namespace: str) -> None:
    """Put the path's namespace into `obj`, which may already say it.

    Raises: ApiError 400 where it says another.
    """
    own = obj["metadata"].get("namespace", "")
    if own and own != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if kind.namespaced:
        obj["metadata"]["namespace"] = namespace


def on_create(obj: Manifest, kind: Kind, stamps: Stamps) -> None:
    """Fill in the metadata of a new object, in place.

    Raises: ApiError 500 where a resourceVersion is set (upstream's code), as this is a mistaken update.
    """
    metadata = obj["metadata"]
    if metadata.get("resourceVersion"):
        raise failure(500, "", "resourceVersion should not be set on objects to be created")
    for key in (*_SERVER_OWNED, "resourceVersion"):
        metadata.pop(key, None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = f"{metadata['generateName'][:_GENERATED_LENGTH]}{stamps.suffix()}"
    metadata["uid"] = stamps.uid
    metadata["creationTimestamp"] = timestamp(stamps.now)
    if has_generation(kind):
        metadata["generation"] = 1
    _drop_empty(metadata)


def on_update(obj: Manifest, old: Manifest) -> None:
    """Keep in `obj` what only the server sets, in place."""
    metadata, before = obj["metadata"], old["metadata"]
    for key in _SERVER_OWNED:
        metadata.pop(key, None)
        if key in before:
            metadata[key] = before[key]
    metadata["resourceVersion"] = before["resourceVersion"]
    _drop_empty(metadata)


def new_finalizers(obj: Manifest, old: Manifest) -> list[Cause]:
    """A cause where an object that is going away gets more finalizers."""
    added = [name for name in obj["metadata"].get("finalizers", []) if name not in old["metadata"].get("finalizers", [])]
    if not added or not old["metadata"].get("deletionTimestamp"):
        return []
    listed = ", ".join(f'"{name}"' for name in added)
    message = f"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}"
    return [Cause("metadata.finalizers", message, "FieldValueForbidden")]


def _drop_empty(metadata: Manifest) -> None:
    for key in _EMPTY_IS_ABSENT:
        if key in metadata and not metadata[key]:
            del metadata[key]
