"""POST to a collection."""

from hauberk.apiserver.api import Api
from hauberk.apiserver.decode import check_options, decode_object
from hauberk.apiserver.metadata import check_namespace, on_create
from hauberk.apiserver.request import Call, Reply
from hauberk.apiserver.status import warned
from hauberk.apiserver.verbs.write import finish, plan_create
from hauberk.k8s.kind import Manifest

__all__ = ["create", "create_object"]


async def create(api: Api, call: Call) -> Reply:
    """Create the object in the body.

    Raises: ApiError 400, 403, 404, 409, 415, 422.
    """
    check_options(call.query, "CreateOptions")
    decoded = decode_object(call.body, call.content_type, call.served, call.query.get("fieldValidation", ""))
    return await create_object(api, call, decoded.obj, decoded.warnings)


async def create_object(api: Api, call: Call, obj: Manifest, warnings: tuple[str, ...] = ()) -> Reply:
    """Create `obj`, which becomes the store's."""
    with warned(warnings):
        check_namespace(obj, call.served.kind, call.namespace)
        on_create(obj, call.served.kind, api.source.stamps())
        outcome = plan_create(api, call, obj)
    reply = await finish(api, call, outcome, code=201)
    return Reply(reply.content, reply.code, warnings + reply.warnings)
