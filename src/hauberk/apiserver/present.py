"""Replies as bytes, in the form that was asked for.

No I/O. Stored JSON is sent as it is; only tables, partial metadata, YAML and pretty JSON are made anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import yaml

from hauberk.apiserver.negotiate import Form, MediaType, Transform
from hauberk.apiserver.objects import encode, encode_item, encode_list
from hauberk.apiserver.request import Call, Listing, Reply, truthy
from hauberk.apiserver.table import render_table
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Entry

__all__ = ["Presenter"]

_INCLUDE = ("Metadata", "None", "Object")


@dataclass(frozen=True, slots=True)
class Presenter:
    """Writes the answers to one call."""

    call: Call
    media: MediaType
    now: datetime

    def body(self, reply: Reply) -> bytes:
        """The whole answer, with the line end that upstream's serialisers write."""
        content = reply.content
        if self.media.form is Form.YAML:
            text = yaml.safe_dump(orjson.loads(self._json(content)), default_flow_style=False, allow_unicode=True)
            return str(text).encode()
        body = self._json(content)
        if truthy(self.call.query.get("pretty")):
            return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)
        return body + b"\n"

    def event_encoder(self) -> Callable[[Entry], bytes]:
        """How a watch writes the object of an event; a Table's columns come with the first one only, as upstream's."""
        if self.media.transform is not Transform.TABLE:
            return self._json
        first = True

        def encode_event(entry: Entry) -> bytes:
            nonlocal first
            table = self._table([entry], {"resourceVersion": str(entry.revision)})
            if not first:
                table["columnDefinitions"] = None
            first = False
            return orjson.dumps(table)

        return encode_event

    def _json(self, content: Entry | Listing | Manifest) -> bytes:
        if isinstance(content, dict):
            return orjson.dumps(content)
        if isinstance(content, Listing):
            return self._list(content)
        if self.media.transform is Transform.TABLE:
            return orjson.dumps(self._table([content], {"resourceVersion": str(content.revision)}))
        if self.media.transform is not Transform.NONE:
            return orjson.dumps(_partial(content))
        return encode(content, self.call.served)

    def _list(self, listing: Listing) -> bytes:
        if self.media.transform is Transform.TABLE:
            return orjson.dumps(self._table(listing.entries, listing.metadata))
        if self.media.transform is not Transform.NONE:
            items = [_partial(entry) for entry in listing.entries]
            return orjson.dumps(_meta_kind("PartialObjectMetadataList") | {"metadata": listing.metadata, "items": items})
        return encode_list(self.call.served, listing.metadata, [encode_item(entry, self.call.served) for entry in listing.entries])

    def _table(self, entries: Sequence[Entry], metadata: Manifest) -> Manifest:
        include = self.call.query.get("includeObject", "Metadata")
        table: Manifest = render_table(
            self.call.served.kind,
            [self.call.served.present(entry.value) for entry in entries],
            now=self.now,
            include_object=include if include in _INCLUDE else "Metadata",
            list_metadata=metadata,
        )
        return table


def _partial(entry: Entry) -> Manifest:
    return _meta_kind("PartialObjectMetadata") | {"metadata": entry.value["metadata"]}


def _meta_kind(kind: str) -> Manifest:
    return {"kind": kind, "apiVersion": "meta.k8s.io/v1"}
