"""From a call to the function that answers it: one table for verbs, one for subresources.

No I/O of its own.
"""

from collections.abc import Awaitable, Callable, Mapping

from hauberk.apiserver.api import Api
from hauberk.apiserver.request import Call, Reply
from hauberk.apiserver.status import method_not_allowed, not_found, unknown_path
from hauberk.apiserver.subresources.binding import bind
from hauberk.apiserver.subresources.scale import get_scale, patch_scale, update_scale
from hauberk.apiserver.subresources.token import request_token
from hauberk.apiserver.verbs.create import create
from hauberk.apiserver.verbs.delete import delete
from hauberk.apiserver.verbs.deletecollection import delete_collection
from hauberk.apiserver.verbs.get import get
from hauberk.apiserver.verbs.list import list_objects
from hauberk.apiserver.verbs.patch import patch
from hauberk.apiserver.verbs.update import update

__all__ = ["deprecation", "dispatch"]

Verb = Callable[[Api, Call], Awaitable[Reply]]

_VERBS: Mapping[str, Verb] = {
    "create": create,
    "delete": delete,
    "deletecollection": delete_collection,
    "get": get,
    "list": list_objects,
    "patch": patch,
    "update": update,
}
_STATUS: Mapping[str, Verb] = {"get": get, "patch": patch, "update": update}
_SCALE: Mapping[str, Verb] = {"get": get_scale, "patch": patch_scale, "update": update_scale}
_SUBRESOURCES: Mapping[tuple[str, str], Mapping[str, Verb]] = {
    ("pods", "binding"): {"create": bind},
    ("serviceaccounts", "token"): {"create": request_token},
    ("namespaces", "finalize"): {"update": update},
    ("deployments.apps", "scale"): _SCALE,
    ("replicasets.apps", "scale"): _SCALE,
}

_DEPRECATED = {"endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"}


async def dispatch(api: Api, call: Call) -> Reply:
    """Answer `call` (all verbs but watch, and all subresources but a container's).

    Raises: ApiError.
    """
    target, served = call.target, call.served
    if served.kind.namespaced and target.name and not target.namespace:
        raise unknown_path()
    if not target.subresource:
        table: Mapping[str, Verb] = _VERBS
    elif target.subresource == "status" and served.kind.status:
        table = _STATUS
    else:
        table = _SUBRESOURCES.get((served.resource, target.subresource), {})
        if not table:
            raise not_found(served.kind, target.name) if not served.kind.strategic else unknown_path()
    verb = table.get(target.verb)
    if verb is None:
        raise method_not_allowed()
    if target.verb == "create" and not target.subresource and (target.name or (served.kind.namespaced and not target.namespace)):
        raise method_not_allowed()
    return await verb(api, call)


def deprecation(resource: str) -> tuple[str, ...]:
    """Warnings that come with every answer about `resource`."""
    return (_DEPRECATED[resource],) if resource in _DEPRECATED else ()
