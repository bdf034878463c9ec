"""DELETE of a collection."""

from hauberk.apiserver.api import Api
from hauberk.apiserver.request import Call, Listing, Reply
from hauberk.apiserver.verbs.delete import delete_entry, parse_options
from hauberk.apiserver.verbs.list import selection_of

__all__ = ["delete_collection"]


async def delete_collection(api: Api, call: Call) -> Reply:
    """Delete the objects of a collection that the selectors choose, one by one; answers what they were.

    Raises: ApiError 400, 403, 409, 422.
    """
    options, selection = parse_options(call), selection_of(call)
    deleted = []
    for seen in api.store.heads.entries(call.served.resource, call.namespace or None):
        entry = api.store.heads.get(seen.key)  # others write while the disk is waited for
        if entry is not None and selection.matches(entry.value):
            await delete_entry(api, call, entry, options)
            deleted.append(entry)
    return Reply(Listing(deleted, {"resourceVersion": str(api.store.revision)}))
