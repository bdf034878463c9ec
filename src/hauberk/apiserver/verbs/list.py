"""GET of a collection, in pages where asked for.

A page says in its `continue` token at which revision the first one was read; the following ones are answered as of that
revision, from the store's window, so that all pages together are one consistent list.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from hauberk.apiserver.api import Api
from hauberk.apiserver.objects import parse_revision
from hauberk.apiserver.request import Call, Listing, Reply
from hauberk.apiserver.selectors import Selection, parse_fields, parse_labels
from hauberk.apiserver.status import ApiError, Cause, bad_request, expired, failure, invalid_options
from hauberk.store.revisions import Entry
from hauberk.store.state import Compacted, Future

__all__ = ["list_objects", "selection_of", "too_large_revision"]

_MATCHES = ("Exact", "NotOlderThan", "")


@dataclass(frozen=True, slots=True)
class _Page:
    """Which part of a list is wanted: as of `revision` (None: now), after the key `start`, at most `limit` (0: all)."""

    limit: int
    revision: int | None
    start: tuple[str, str] | None = None
    not_before: int = 0
    """The answer may not be older than this revision."""


async def list_objects(api: Api, call: Call) -> Reply:
    """The objects of a collection that the selectors choose.

    Raises: ApiError 400, 410, 422, 504.
    """
    selection = selection_of(call)
    page = _page(call)
    try:
        entries, revision = _entries(api, call, page)
    except Compacted as error:
        raise expired("The provided continue parameter is too old to display a consistent list result. Start a new list.") from error
    except Future as error:
        raise too_large_revision(error) from error
    if page.start is not None:
        entries = [entry for entry in entries if (entry.key.namespace, entry.key.name) > page.start]
    if not selection.everything:
        entries = [entry for entry in entries if selection.matches(entry.value)]
    listing = _cut(entries, page.limit, revision, counted=selection.everything)
    if not call.served.kind.strategic:  # lists of custom resources always say it, as upstream's
        listing.metadata.setdefault("continue", "")
    return Reply(listing)


def selection_of(call: Call) -> Selection:
    """The label and field selectors of `call`.

    Raises: ApiError 400.
    """
    labels, fields = call.query.get("labelSelector", ""), call.query.get("fieldSelector", "")
    if not labels and not fields:
        return Selection()
    return Selection(parse_labels(labels), parse_fields(call.served.kind, fields))


def too_large_revision(error: Future) -> ApiError:
    """The answer to a revision that was not given out yet: wait a little, try again."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {error.revision}, current: {error.current}"
    return failure(504, "Timeout", message, details={"causes": [cause], "retryAfterSeconds": 1})


def _entries(api: Api, call: Call, page: _Page) -> tuple[Sequence[Entry], int]:
    resource, namespace = call.served.resource, call.namespace or None
    if page.revision is None:
        if page.not_before > api.store.revision:
            raise Future(page.not_before, api.store.revision)
        return api.store.entries(resource, namespace), api.store.revision
    return api.store.state.entries_at(resource, page.revision, namespace), page.revision


def _cut(entries: Sequence[Entry], limit: int, revision: int, *, counted: bool) -> Listing:
    metadata: dict[str, object] = {"resourceVersion": str(revision)}
    if limit and len(entries) > limit:
        last = entries[limit - 1].key
        metadata["continue"] = _continue_token(revision, (last.namespace, last.name))
        if counted:  # with selectors upstream cannot say how many are left, and clients know it
            metadata["remainingItemCount"] = len(entries) - limit
        entries = entries[:limit]
    return Listing(entries, metadata)


def _page(call: Call) -> _Page:
    query = call.query
    limit = _limit(query.get("limit", ""))
    revision, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    number = _revision(revision)
    if query.get("continue"):
        if number:
            raise bad_request("specifying resource version is not allowed when using continue")
        at, start = _parse_continue(query["continue"])
        return _Page(limit, at, start)
    if match and not revision:
        message = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise invalid_options("ListOptions", Cause("resourceVersionMatch", message, "FieldValueForbidden"))
    if match not in _MATCHES:
        listed = ", ".join(f'"{word}"' for word in _MATCHES)
        message = f'Unsupported value: "{match}": supported values: {listed}'
        raise invalid_options("ListOptions", Cause("resourceVersionMatch", message, "FieldValueNotSupported"))
    if match == "Exact":
        return _Page(limit, number)
    return _Page(limit, None, not_before=number or 0)


def _limit(text: str) -> int:
    """The page size; upstream takes a negative one as none."""
    try:
        return max(int(text or 0), 0)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


def _revision(text: str) -> int | None:
    if not text:
        return None
    number = parse_revision(text)
    if number is None:
        why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f"invalid resource version: {why}")
    return number


def _continue_token(revision: int, start: tuple[str, str]) -> str:
    return urlsafe_b64encode(orjson.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start})).decode()


def _parse_continue(token: str) -> tuple[int, tuple[str, str]]:
    try:
        content = orjson.loads(urlsafe_b64decode(token))
        namespace, name = content["start"]
        return int(content["rv"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error
