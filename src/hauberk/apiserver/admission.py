"""Admission: what may be said about an object before it is stored, and what is put into it.

No I/O. A plugin is a pure function of the request and a read-only view of the store; it may answer a changed object, warnings,
or a refusal. The order is upstream's: plugins (mutate), `Kind.complete` (defaults), `Kind.validate`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from hauberk.apiserver.request import User
from hauberk.apiserver.status import ApiError, Cause, bad_request, cause_of, failure, forbidden, invalid
from hauberk.errors import Finding, Level
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.review import DECODE

__all__ = ["Admission", "AdmissionPlugin", "AdmissionRequest", "Operation", "Reader", "Refusal", "admit", "review"]


class Operation(StrEnum):
    """What is done to the object."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class Reader(Protocol):
    """A read-only view of the API's objects, writes under way included. What it answers must not be changed."""

    def get(self, kind: Kind, namespace: str | None, name: str) -> Manifest | None:
        """One object, None where it is not there."""

    def list(self, kind: Kind, namespace: str | None = None) -> Sequence[Manifest]:
        """All objects of a kind, in one namespace or in all."""


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """One write. `obj` is the object to be stored (None with DELETE), `old` the one that is there (None with CREATE).

    `obj` is the plugin's own to change and to answer. `subresource` is empty, or `status`, `scale` and the like.
    """

    operation: Operation
    kind: Kind
    namespace: str
    name: str
    obj: Manifest | None
    old: Manifest | None
    user: User
    dry_run: bool = False
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. `message` stands behind `<resource> "<name>" is forbidden: ` where `code` is 403, else (or `alone`, a webhook's) alone."""

    message: str
    code: int = 403
    reason: str = "Forbidden"
    causes: Sequence[Cause] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """A plugin's answer: the object to go on with (None: the one that came), warnings, or a refusal."""

    obj: Manifest | None = None
    warnings: tuple[str, ...] = ()
    refusal: Refusal | None = None


class AdmissionPlugin(Protocol):
    """A plugin; plain functions of this form are plugins."""

    def __call__(self, request: AdmissionRequest, reader: Reader, /) -> Admission:
        """Look at `request` and answer."""


def admit(plugins: Sequence[AdmissionPlugin], request: AdmissionRequest, reader: Reader) -> Admission:
    """Run `plugins` in order, each on what the one before answered.

    Raises: ApiError - the first refusal.
    """
    obj = request.obj
    warnings: list[str] = []
    for plugin in plugins:
        answer = plugin(replace(request, obj=obj), reader)
        if answer.refusal:
            raise _refused(request, answer.refusal)
        obj = answer.obj if answer.obj is not None else obj
        warnings += answer.warnings
    return Admission(obj, tuple(warnings))


def review(kind: Kind, name: str, findings: Sequence[Finding]) -> tuple[str, ...]:
    """The warnings among `findings`.

    Raises: ApiError 422 with every error among them, or 400 where a built-in object could not even be decoded.
    """
    errors = [finding for finding in findings if finding.level is Level.ERROR]
    undecodable = [finding for finding in errors if finding.code == DECODE]
    if undecodable and kind.strategic:
        first = undecodable[0]
        raise bad_request(f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {first.message}')
    if errors:
        raise invalid(kind, name, [cause_of(finding) for finding in errors])
    return tuple(str(finding) for finding in findings if finding.level is Level.WARNING)


def _refused(request: AdmissionRequest, refusal: Refusal) -> ApiError:
    if refusal.code == 422:
        return invalid(request.kind, request.name, refusal.causes)
    if refusal.code == 403 and not refusal.alone:
        return forbidden(request.kind, request.name, refusal.message, causes=refusal.causes)
    details = {"causes": [{"reason": c.reason, "message": c.message, "field": c.field} for c in refusal.causes]} if refusal.causes else None
    return failure(refusal.code, refusal.reason, refusal.message, details=details)
