"""PUT of an object."""

from hauberk.apiserver.api import Api
from hauberk.apiserver.decode import check_options, decode_object
from hauberk.apiserver.metadata import check_namespace
from hauberk.apiserver.objects import revision_of
from hauberk.apiserver.request import Call, Reply
from hauberk.apiserver.status import Cause, bad_request, conflict, invalid, not_found, warned
from hauberk.apiserver.verbs.write import finish, plan_replace
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Entry

__all__ = ["check_name", "check_revision", "update", "update_object"]


async def update(api: Api, call: Call) -> Reply:
    """Replace the object by the one in the body, or its status on `/status`.

    Raises: ApiError 400, 403, 404, 409, 415, 422.
    """
    check_options(call.query, "UpdateOptions")
    decoded = decode_object(call.body, call.content_type, call.served, call.query.get("fieldValidation", ""))
    with warned(decoded.warnings):
        reply = await update_object(api, call, decoded.obj)
    return Reply(reply.content, reply.code, decoded.warnings + reply.warnings)


async def update_object(api: Api, call: Call, obj: Manifest) -> Reply:
    """Replace the object that `call` names by `obj`, which becomes the store's."""
    check_name(call, obj)
    check_namespace(obj, call.served.kind, call.namespace)
    old = api.store.heads.get(call.served.key(call.namespace, call.name))
    if old is None:
        raise not_found(call.served.kind, call.name)
    if not revision_of(obj) and not call.served.kind.strategic:
        cause = Cause("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")
        raise invalid(call.served.kind, call.name, [cause])
    _check_uid(call, obj, old)
    check_revision(call, obj, old)
    return await finish(api, call, plan_replace(api, call, old, obj))


def check_name(call: Call, obj: Manifest) -> None:
    """The body must name the object that the path names, or none.

    Raises: ApiError 400.
    """
    name = obj["metadata"].setdefault("name", call.name)
    if name != call.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.name})")


def check_revision(call: Call, obj: Manifest, old: Entry) -> None:
    """A resourceVersion in the body must be the current one; none means "whatever it is".

    Raises: ApiError 409.
    """
    seen = revision_of(obj)
    if seen and seen != str(old.revision):
        raise conflict(call.served.kind, call.name)


def _check_uid(call: Call, obj: Manifest, old: Entry) -> None:
    """A uid in the body is a precondition: the object may have been deleted and made anew."""
    uid, current = obj["metadata"].get("uid"), old.value["metadata"]["uid"]
    if uid and uid != current:
        key = "/".join(part for part in ("/registry", old.key.resource.partition(".")[0], old.key.namespace, old.key.name) if part)
        why = (
            f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: {old.revision}, AdditionalErrorMsg: "
            f"Precondition failed: UID in precondition: {uid}, UID in object meta: {current}"
        )
        raise conflict(call.served.kind, call.name, why)
