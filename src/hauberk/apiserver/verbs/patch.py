"""PATCH of an object: JSON patch, merge patch, strategic merge patch."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import jsonpatch
import jsonpointer

from hauberk.apiserver.api import Api
from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.decode import check_options, field_findings, parse_body, without_nulls
from hauberk.apiserver.merge import PatchError, merge_patch, strategic_merge
from hauberk.apiserver.metadata import check_namespace
from hauberk.apiserver.negotiate import media_type
from hauberk.apiserver.request import Call, Reply
from hauberk.apiserver.status import ApiError, bad_request, failure, not_found, unsupported_media_type, warned
from hauberk.apiserver.verbs.update import check_name, check_revision
from hauberk.apiserver.verbs.write import finish, plan_replace
from hauberk.k8s.kind import Manifest

__all__ = ["apply_patch", "patch", "patch_type"]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
_JSON_PATCH_LIMIT = 10_000
"""Operations in one JSON patch, as upstream's."""


async def patch(api: Api, call: Call) -> Reply:
    """Change the object, or its status on `/status`, by the patch in the body; its content type says which kind of patch.

    Raises: ApiError 400, 403, 404, 409, 415, 422.
    """
    check_options(call.query, "PatchOptions")
    how, served = patch_type(call.content_type, call.served), call.served
    document = parse_body(call.body, "", error_prefix="error decoding patch: ")
    old = api.store.heads.get(served.key(call.namespace, call.name))
    if old is None:
        raise not_found(served.kind, call.name)
    obj = apply_patch(how, served, served.present(old.value), document)
    _check_type(obj, served)
    warnings = field_findings(obj, served, call.query.get("fieldValidation", ""))
    with warned(warnings):
        check_name(call, obj)
        check_namespace(obj, served.kind, call.namespace)
        check_revision(call, obj, old)
        outcome = plan_replace(api, call, old, obj)
    reply = await finish(api, call, outcome)
    return Reply(reply.content, reply.code, warnings + reply.warnings)


def apply_patch(how: str, served: Served, target: Manifest, document: Any) -> Manifest:
    """`target` changed by `document`; `target` itself is left alone.

    Raises: ApiError 400, 422.
    """
    merge = _WAYS[how]
    patched = without_nulls(merge(served, deepcopy(target), document))
    if not isinstance(patched, dict):
        raise _invalid_patch()
    if not isinstance(patched.setdefault("metadata", {}), dict):
        raise _invalid_patch()
    return patched


def patch_type(content_type: str, served: Served) -> str:
    """The patch's media type, where we take it for this kind.

    Raises: ApiError 415.
    """
    how = media_type(content_type)
    supported = [JSON_PATCH, MERGE_PATCH] + ([STRATEGIC_PATCH] if served.kind.strategic else [])
    if how in supported:
        return how
    listed = ", ".join(supported)
    if how in (STRATEGIC_PATCH, APPLY_PATCH):
        what = "server-side apply is not implemented yet: " if how == APPLY_PATCH else ""
        raise unsupported_media_type(
            f"{what}the body of the request was in an unknown format - accepted media types include: {listed}",
        )
    raise failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})


def _json_patch(_served: Served, target: Manifest, document: Any) -> Any:
    if not isinstance(document, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp")
    if len(document) > _JSON_PATCH_LIMIT:
        limit = f"The allowed maximum operations in a JSON patch is {_JSON_PATCH_LIMIT}, got {len(document)}"
        raise failure(413, "RequestEntityTooLarge", f"Request entity too large: {limit}")
    try:
        return jsonpatch.JsonPatch(document).apply(target)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, IndexError, ValueError) as error:
        raise _invalid_patch() from error


def _merge_patch(_served: Served, target: Manifest, document: Any) -> Any:
    if not isinstance(document, dict):
        raise bad_request("error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}")
    return merge_patch(target, document)


def _strategic_merge(served: Served, target: Manifest, document: Any) -> Any:
    if not isinstance(document, dict):
        raise bad_request("json: cannot unmarshal array into Go value of type map[string]interface {}")
    try:
        return strategic_merge(served.kind, target, document)
    except PatchError as error:
        raise failure(500, "", str(error)) from error


_WAYS: dict[str, Callable[[Served, Manifest, Any], Any]] = {
    JSON_PATCH: _json_patch,
    MERGE_PATCH: _merge_patch,
    STRATEGIC_PATCH: _strategic_merge,
}


def _check_type(obj: Manifest, served: Served) -> None:
    """A patch may not make another kind of the object."""
    kind, api_version = obj.get("kind"), obj.get("apiVersion")
    if (kind, api_version) != (served.kind.kind, served.api_version):
        message = f"patch: Invalid value: it would make {api_version} {kind} of {served.api_version} {served.kind.kind}"
        raise failure(422, "Invalid", message, details={})


def _invalid_patch() -> ApiError:
    return failure(422, "Invalid", "the server rejected our request due to an error in our request", details={})
