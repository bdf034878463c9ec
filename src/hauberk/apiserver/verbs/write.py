"""What create, update and patch share: admission, defaults, checks, and the change that results.

Everything from reading the heads to handing the change to the store happens without an await, so no other write can come
between (see `Store.begin`).
"""

from copy import deepcopy
from dataclasses import dataclass

from hauberk.apiserver.admission import AdmissionRequest, Operation, admit, review
from hauberk.apiserver.api import Api
from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.metadata import has_generation, new_finalizers, on_update
from hauberk.apiserver.objects import tidy
from hauberk.apiserver.request import Call, Reply
from hauberk.apiserver.status import Cause, already_exists, invalid
from hauberk.k8s import core
from hauberk.k8s.kind import Kind, Manifest
from hauberk.store.revisions import Change, Entry

__all__ = ["Outcome", "finish", "plan_create", "plan_replace", "ready_to_go"]

_CREATE_KEEPS_STATUS = ("Node",)
"""Kinds whose creator tells the status too: a node registers itself with it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write comes to. `change` is None where there is nothing to write; `obj` is what the answer shows then."""

    change: Change | None
    obj: Manifest
    warnings: tuple[str, ...] = ()
    unchanged: Entry | None = None


def plan_create(api: Api, call: Call, obj: Manifest) -> Outcome:
    """The outcome of creating `obj`, whose metadata is filled in already.

    Raises: ApiError 403, 404, 409, 422.
    """
    served, kind, name = call.served, call.served.kind, str(obj["metadata"].get("name", ""))
    if kind.status and kind.kind not in _CREATE_KEEPS_STATUS:
        obj.pop("status", None)
    request = AdmissionRequest(Operation.CREATE, kind, call.namespace, name, obj, None, call.user, call.dry_run)
    answer = admit(api.plugins, request, api.reader)
    obj = answer.obj or obj
    kind.complete(obj)
    warnings = answer.warnings + review(kind, name, kind.validate(obj))
    key = served.key(call.namespace, name)
    there = api.store.heads.get(key)
    if there:
        raise already_exists(kind, name, terminating="deletionTimestamp" in there.value["metadata"])
    obj = tidy(obj, served)
    return Outcome(Change(key, obj, expected=0), obj, warnings)


def plan_replace(api: Api, call: Call, old: Entry, obj: Manifest) -> Outcome:
    """The outcome of putting `obj` in the place of `old`; on `/status` only the status is taken, else all but the status.

    Raises: ApiError 403, 404, 422.
    """
    served, kind, subresource = call.served, call.served.kind, call.target.subresource
    before = old.value
    _check_uid(call, obj, before)
    obj = _merged(served, before, obj, subresource)
    causes = new_finalizers(obj, before)
    if causes:
        raise invalid(kind, call.name, causes)
    request = AdmissionRequest(
        Operation.UPDATE, kind, call.namespace, call.name, obj, before, call.user, call.dry_run, subresource=subresource
    )
    answer = admit(api.plugins, request, api.reader)
    obj = answer.obj or obj
    kind.complete(obj)
    findings = (*kind.validate_update(before, obj), *kind.validate(obj))
    warnings = answer.warnings + review(kind, call.name, findings)
    if has_generation(kind) and _content(obj, kind) != _content(before, kind):
        obj["metadata"]["generation"] = before["metadata"].get("generation", 0) + 1
    obj = tidy(obj, served)
    if obj == before:
        return Outcome(None, before, warnings, unchanged=old)
    if ready_to_go(served, obj):
        return Outcome(Change(old.key, None, expected=old.revision, last=obj), obj, warnings)
    return Outcome(Change(old.key, obj, expected=old.revision), obj, warnings)


def ready_to_go(served: Served, obj: Manifest) -> bool:
    """Whether an object that is being deleted has nothing left to wait for: finalizers, or a pod's grace."""
    metadata = obj["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    if served.kind is core.NAMESPACE:
        return not obj.get("spec", {}).get("finalizers")
    return not metadata.get("deletionGracePeriodSeconds")


async def finish(api: Api, call: Call, outcome: Outcome, *, code: int = 200) -> Reply:
    """Write the outcome and answer it; a dry run, or a write that changes nothing, writes nothing."""
    if outcome.unchanged:
        return Reply(outcome.unchanged, code, outcome.warnings)
    if outcome.change is None or call.dry_run:
        return Reply(call.served.present(outcome.obj), code, outcome.warnings)
    record = await api.write(outcome.change)
    return Reply(record.entry, code, outcome.warnings)


def _check_uid(call: Call, obj: Manifest, before: Manifest) -> None:
    uid = obj["metadata"].get("uid")
    if uid and uid != before["metadata"]["uid"]:
        raise invalid(call.served.kind, call.name, [Cause("metadata.uid", f'Invalid value: "{uid}": field is immutable')])


def _merged(served: Served, before: Manifest, obj: Manifest, subresource: str) -> Manifest:
    """`obj` with everything that this way of writing may not change put back from `before`.

    A status write to a custom resource changes the status alone; to a built-in kind, labels and annotations too.
    """
    kind = served.kind
    if subresource == "status":
        metadata = obj["metadata"] if kind.strategic else before["metadata"]
        merged = deepcopy(before) | {"metadata": dict(metadata)}
        merged.pop("status", None)
        if "status" in obj:
            merged["status"] = obj["status"]
        merged["metadata"].pop("ownerReferences", None)
        if "ownerReferences" in before["metadata"]:
            merged["metadata"]["ownerReferences"] = before["metadata"]["ownerReferences"]
    else:
        merged = dict(obj)
        if kind.status:
            merged.pop("status", None)
            if "status" in before:
                merged["status"] = before["status"]
    merged["metadata"] = dict(merged["metadata"])
    on_update(merged, before)
    return tidy(merged, served)


def _content(obj: Manifest, kind: Kind) -> Manifest:
    """What `generation` counts the changes of: all but the metadata and, where it is a subresource, the status."""
    left_out = ("metadata", "status", "kind", "apiVersion") if kind.status else ("metadata", "kind", "apiVersion")
    return {key: value for key, value in obj.items() if key not in left_out}
