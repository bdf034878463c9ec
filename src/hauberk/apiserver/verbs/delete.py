"""DELETE of an object: at once, or by marking it and waiting for finalizers, dependents or a pod's grace."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hauberk.apiserver.admission import AdmissionRequest, Operation, admit
from hauberk.apiserver.api import Api
from hauberk.apiserver.decode import parse_body
from hauberk.apiserver.metadata import timestamp
from hauberk.apiserver.objects import tidy
from hauberk.apiserver.request import Call, Reply, truthy
from hauberk.apiserver.status import Cause, bad_request, conflict, invalid_options, not_found, success
from hauberk.apiserver.verbs.write import Outcome, ready_to_go
from hauberk.k8s import core
from hauberk.k8s.kind import Kind, Manifest
from hauberk.store.revisions import Change, Entry

__all__ = ["FOREGROUND", "ORPHAN", "DeleteOptions", "delete", "delete_entry", "parse_options"]

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
_POLICIES = {"Foreground": FOREGROUND, "Orphan": ORPHAN, "Background": ""}
_DEFAULT_GRACE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How to delete. `grace_seconds` None is the object's own; `finalizer` is what the propagation policy adds."""

    grace_seconds: int | None = None
    finalizer: str = ""
    uid: str = ""
    revision: str = ""
    dry_run: bool = False


async def delete(api: Api, call: Call) -> Reply:
    """Delete the object. The answer is a Status where it is gone, the object where it is still going (and for pods).

    Raises: ApiError 400, 403, 404, 409, 422.
    """
    options = parse_options(call)
    entry = api.store.heads.get(call.served.key(call.namespace, call.name))
    if entry is None:
        raise not_found(call.served.kind, call.name)
    return await delete_entry(api, call, entry, options)


async def delete_entry(api: Api, call: Call, entry: Entry, options: DeleteOptions) -> Reply:
    """Delete what `entry` holds, which must be the head of its key."""
    kind, metadata = call.served.kind, entry.value["metadata"]
    _check_preconditions(kind, entry, options)
    request = AdmissionRequest(
        Operation.DELETE, kind, entry.key.namespace, entry.key.name, None, entry.value, call.user, dry_run=options.dry_run
    )
    admit(api.plugins, request, api.reader)
    outcome = _plan(call, entry, options, api.source.now())
    if outcome.change is not None and not options.dry_run:
        record = await api.write(outcome.change)
        if outcome.change.value is not None or kind is core.POD:
            return Reply(record.entry)
    elif outcome.change is None or outcome.change.value is not None:
        return Reply(call.served.present(outcome.obj))
    return Reply(success(kind, entry.key.name, metadata["uid"]))


def parse_options(call: Call) -> DeleteOptions:
    """The DeleteOptions of `call`: from the body, or from the query where there is none.

    Raises: ApiError 400, 422.
    """
    body: Any = parse_body(call.body, call.content_type) if call.body.strip() else dict(call.query)
    if not isinstance(body, dict):
        raise bad_request("the body of a DELETE must be a DeleteOptions object")
    policy, orphan = body.get("propagationPolicy"), body.get("orphanDependents")
    if policy is not None and orphan is not None:
        message = f'Invalid value: "{policy}": orphanDependents and deletionPropagation cannot be both set'
        raise invalid_options("DeleteOptions", Cause("propagationPolicy", message))
    if policy is not None and policy not in _POLICIES:
        message = f'Unsupported value: "{policy}": supported values: "Foreground", "Background", "Orphan", "nil"'
        raise invalid_options("DeleteOptions", Cause("propagationPolicy", message, "FieldValueNotSupported"))
    dry_run = body.get("dryRun") or []
    if dry_run not in ([], ["All"], "All"):
        message = f'Unsupported value: {dry_run}: supported values: "All"'
        raise invalid_options("DeleteOptions", Cause("dryRun", message, "FieldValueNotSupported"))
    preconditions = body.get("preconditions") or {}
    return DeleteOptions(
        _grace(body.get("gracePeriodSeconds")),
        _POLICIES[policy] if policy else ORPHAN if truthy(str(orphan) if orphan is not None else None) else "",
        str(preconditions.get("uid") or ""),
        str(preconditions.get("resourceVersion") or ""),
        bool(dry_run) or call.dry_run,
    )


def _grace(value: object) -> int | None:
    if value is None:
        return None
    try:
        seconds = int(str(value))
    except ValueError as error:
        raise bad_request(f"gracePeriodSeconds: {value!r} is no number of seconds") from error
    if seconds < 0:
        raise invalid_options("DeleteOptions", Cause("gracePeriodSeconds", f"Invalid value: {seconds}: must be non-negative"))
    return seconds


def _check_preconditions(kind: Kind, entry: Entry, options: DeleteOptions) -> None:
    uid = entry.value["metadata"]["uid"]
    if options.uid and options.uid != uid:
        why = f"the UID in the precondition ({options.uid}) does not match the UID in record ({uid})"
        raise conflict(kind, entry.key.name, f"{why}. The object might have been deleted and then recreated", as_kind=True)
    if options.revision and options.revision != str(entry.revision):
        why = (
            f"the ResourceVersion in the precondition ({options.revision}) does not match the ResourceVersion in record ({entry.revision})"
        )
        raise conflict(kind, entry.key.name, f"{why}. The object might have been modified", as_kind=True)


def _plan(call: Call, entry: Entry, options: DeleteOptions, now: datetime) -> Outcome:
    """Remove the object, or mark it as going away; nothing where it is already going as fast as is asked."""
    old, served = entry.value, call.served
    grace = _pod_grace(old, options) if served.kind is core.POD else 0
    metadata = dict(old["metadata"])
    if options.finalizer and options.finalizer not in metadata.get("finalizers", []):
        metadata["finalizers"] = [*(name for name in metadata.get("finalizers", []) if name not in (FOREGROUND, ORPHAN)), options.finalizer]
    marked = "deletionTimestamp" in metadata
    if not marked or grace < metadata.get("deletionGracePeriodSeconds", 0):
        metadata["deletionTimestamp"] = timestamp(now + timedelta(seconds=grace))
        if served.kind is not core.NAMESPACE:
            metadata["deletionGracePeriodSeconds"] = grace
    if not marked and "generation" in metadata:
        metadata["generation"] += 1
    obj = tidy(old | {"metadata": metadata}, served)
    if served.kind is core.NAMESPACE:
        obj["status"] = old.get("status", {}) | {"phase": "Terminating"}
    if ready_to_go(served, obj):
        # nothing waits: the last state that watches see is the one before, as if the mark had never been there
        return Outcome(Change(entry.key, None, expected=entry.revision), old)
    return Outcome(None if obj == old else Change(entry.key, obj, expected=entry.revision), obj)


def _pod_grace(pod: Manifest, options: DeleteOptions) -> int:
    """Seconds until a pod is gone at the latest; 0 where no node has it, or it has ended: nobody would confirm."""
    spec = pod.get("spec", {})
    if not spec.get("nodeName") or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    if options.grace_seconds is not None:
        return options.grace_seconds
    return int(spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE_SECONDS))
