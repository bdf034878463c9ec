"""The API's refusals: Kubernetes Status objects with upstream's reasons, texts and details.

No I/O. Source: k8s.io/apimachinery/pkg/api/errors/errors.go and what a real kube-apiserver 1.36 was seen to answer. The texts
are part of the interface: kubectl, client-go and people's scripts read them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hauberk.errors import Finding, HauberkError
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.review import cause_reason

__all__ = [
    "ApiError",
    "Cause",
    "already_exists",
    "bad_request",
    "cause_of",
    "conflict",
    "expired",
    "failure",
    "forbidden",
    "internal",
    "invalid",
    "invalid_options",
    "method_not_allowed",
    "not_found",
    "resource_name",
    "success",
    "too_large",
    "unauthorized",
    "unavailable",
    "unknown_path",
    "unsupported_media_type",
    "warned",
]


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that is wrong: `reason` is upstream's `FieldValue...` word, `field` the path as in a manifest."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class ApiError(HauberkError):
    """A refused request; `status` is the Status to answer, `code` its HTTP status."""

    def __init__(self, status: Manifest) -> None:
        super().__init__(str(status["message"]))
        self.status = status
        self.code = int(status["code"])
        self.reason = str(status.get("reason", ""))
        self.warnings: tuple[str, ...] = ()
        """What the sender should be warned of, although the request is refused for something else."""


@contextmanager
def warned(warnings: tuple[str, ...]) -> Iterator[None]:
    """Refusals from inside carry `warnings` too."""
    try:
        yield
    except ApiError as error:
        error.warnings = warnings + error.warnings
        raise


def failure(code: int, reason: str, message: str, *, details: dict[str, Any] | None = None) -> ApiError:
    """A refusal in upstream's order of fields; without `details` the key is left out."""
    status: Manifest = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    if reason:
        status["reason"] = reason
    if details is not None:
        status["details"] = details
    return ApiError(status | {"code": code})


def success(kind: Kind, name: str, uid: str) -> Manifest:
    """The Status of a deletion that is done."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": _details(kind.group, kind.plural, name) | {"uid": uid},
    }


def resource_name(kind: Kind) -> str:
    """`deployments.apps`, or `pods` for the core group."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural


def not_found(kind: Kind, name: str) -> ApiError:
    """There is no such object."""
    return failure(404, "NotFound", f'{resource_name(kind)} "{name}" not found', details=_details(kind.group, kind.plural, name))


def already_exists(kind: Kind, name: str, *, terminating: bool = False) -> ApiError:
    """The name is taken, maybe by an object that is still going away."""
    prefix = "object is being deleted: " if terminating else ""
    message = f'{prefix}{resource_name(kind)} "{name}" already exists'
    return failure(409, "AlreadyExists", message, details=_details(kind.group, kind.plural, name))


def conflict(kind: Kind, name: str, why: str | None = None, *, as_kind: bool = False) -> ApiError:
    """Somebody else wrote first, or a precondition does not hold (`as_kind`: upstream then names the kind, not the resource)."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    what = kind.kind if as_kind else resource_name(kind)
    details = {"name": name, "kind": kind.kind} if as_kind else _details(kind.group, kind.plural, name)
    return failure(409, "Conflict", f'Operation cannot be fulfilled on {what} "{name}": {why}', details=details)


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> ApiError:
    """The object's content is wrong; all causes at once."""
    return _invalid((kind.group, kind.kind), name, causes)


def invalid_options(options: str, cause: Cause) -> ApiError:
    """A query parameter or a DeleteOptions field is wrong; `options` is e.g. `CreateOptions`."""
    return _invalid(("meta.k8s.io", options), "", [cause])


def forbidden(kind: Kind, name: str, why: str, *, causes: Sequence[Cause] = ()) -> ApiError:
    """The user may not, or an admission plugin says no."""
    what = f'{resource_name(kind)} "{name}"' if name else resource_name(kind)
    details = _details(kind.group, kind.plural, name)
    if causes:
        details["causes"] = [_cause(cause) for cause in causes]
    return failure(403, "Forbidden", f"{what} is forbidden: {why}", details=details)


def bad_request(message: str) -> ApiError:
    """The request cannot be understood."""
    return failure(400, "BadRequest", message)


def unauthorized() -> ApiError:
    """Nobody knows who is asking."""
    return failure(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> ApiError:
    """The resource is there, the verb is not."""
    return failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={})


def unknown_path() -> ApiError:
    """No such resource."""
    return failure(404, "NotFound", "the server could not find the requested resource", details={})


def too_large(limit_bytes: int) -> ApiError:
    """The body is longer than the server takes."""
    return failure(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit_bytes}")


def unsupported_media_type(message: str) -> ApiError:
    """The body's media type is not taken."""
    return failure(415, "UnsupportedMediaType", message)


def expired(message: str) -> ApiError:
    """The revision asked for is compacted; list again."""
    return failure(410, "Expired", message)


def internal(message: str) -> ApiError:
    """Our fault."""
    return failure(500, "InternalError", f"Internal error occurred: {message}", details={"causes": [{"message": message}]})


def unavailable(message: str) -> ApiError:
    """What the request needs (a node) does not answer."""
    return failure(503, "ServiceUnavailable", message)


def cause_of(finding: Finding) -> Cause:
    """A finding as a cause. Upstream's own texts stay as they are; where the words are ours, the mend follows them."""
    reason = cause_reason(finding.message)
    upstream = reason != "FieldValueInvalid" or finding.message.startswith("Invalid value")
    return Cause(finding.path or "<nil>", finding.message if upstream else f"{finding.message} {finding.fix}".strip(), reason)


def _invalid(group_kind: tuple[str, str], name: str, causes: Sequence[Cause]) -> ApiError:
    group, kind = group_kind
    what = f"{kind}.{group}" if group else kind
    listed = str(causes[0]) if len(causes) == 1 else "[" + ", ".join(map(str, causes)) + "]"
    details = _details(group, kind, name) | {"causes": [_cause(cause) for cause in causes]}
    return failure(422, "Invalid", f'{what} "{name}" is invalid: {listed}', details=details)


def _details(group: str, kind: str, name: str) -> dict[str, Any]:
    return ({"name": name} if name else {}) | ({"group": group} if group else {}) | {"kind": kind}


def _cause(cause: Cause) -> dict[str, str]:
    return {"reason": cause.reason, "message": cause.message, "field": cause.field}
