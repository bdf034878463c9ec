"""Objects as the store keeps them, and the bytes in which they are answered.

No I/O. An object's JSON is made once, when it is written; it starts with `kind` and `apiVersion`, so that an answer in another
served version, or an item of a built-in list (which leaves both out), is the same bytes behind another beginning.
"""

import orjson

from hauberk.apiserver.catalogue import Served
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Entry, Value

__all__ = ["encode", "encode_item", "encode_list", "parse_revision", "revision_of", "stamp", "tidy"]


def tidy(obj: Manifest, served: Served) -> Manifest:
    """`obj` in its stored form: kind, apiVersion (stored version) and metadata first, so that `encode` can replace the beginning."""
    head: Manifest = {"kind": served.kind.kind, "apiVersion": served.kind.api_version, "metadata": obj.get("metadata", {})}
    return head | {key: value for key, value in obj.items() if key not in head}


def stamp(value: Value, revision: int) -> Value:
    """`value` with `revision` as its resourceVersion; the given value is left alone."""
    return value | {"metadata": value["metadata"] | {"resourceVersion": str(revision)}}


def encode(entry: Entry, served: Served) -> bytes:
    """The object of `entry` in the served version, without a line end."""
    return _head(served.kind.kind, served.api_version) + entry.data[len(_head(served.kind.kind, served.kind.api_version)) :]


def encode_item(entry: Entry, served: Served) -> bytes:
    """The object as an item of a list: built-in kinds leave kind and apiVersion out, as upstream's typed lists do."""
    if not served.kind.strategic:
        return encode(entry, served)
    return b"{" + entry.data[len(_head(served.kind.kind, served.kind.api_version)) :]


def encode_list(served: Served, metadata: Manifest, items: list[bytes]) -> bytes:
    """A list object around ready items."""
    head = {"kind": f"{served.kind.kind}List", "apiVersion": served.api_version, "metadata": metadata}
    return orjson.dumps(head)[:-1] + b',"items":[' + b",".join(items) + b"]}"


def revision_of(obj: Manifest) -> str:
    """`metadata.resourceVersion`, empty where it is not set."""
    return str(obj.get("metadata", {}).get("resourceVersion") or "")


def parse_revision(text: str) -> int | None:
    """A resourceVersion as a number; None where it is none."""
    return int(text) if text.isascii() and text.isdigit() else None


def _head(kind: str, api_version: str) -> bytes:
    return f'{{"kind":"{kind}","apiVersion":"{api_version}",'.encode()
