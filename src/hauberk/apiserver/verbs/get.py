"""GET of one object."""

from hauberk.apiserver.api import Api
from hauberk.apiserver.objects import parse_revision
from hauberk.apiserver.request import Call, Reply
from hauberk.apiserver.status import failure, not_found
from hauberk.store.revisions import Entry

__all__ = ["find", "get"]


async def get(api: Api, call: Call) -> Reply:
    """The object as it is on disk; `/status` of it is the same object.

    Raises: ApiError 404.
    """
    revision = call.query.get("resourceVersion", "")
    if revision and parse_revision(revision) is None:
        message = f'resourceVersion: Invalid value: "{revision}": strconv.ParseUint: parsing "{revision}": invalid syntax'
        raise failure(500, "", message)
    return Reply(find(api, call))


def find(api: Api, call: Call) -> Entry:
    """The object that `call` names, as it is on disk.

    Raises: ApiError 404.
    """
    entry = api.store.get(call.served.key(call.namespace, call.name))
    if entry is None:
        raise not_found(call.served.kind, call.name)
    return entry
