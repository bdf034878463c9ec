"""Gathering the findings about one object, with upstream's texts.

`message` of a finding starts with upstream's word for the reason (`Required value`, `Invalid value: ...`), so that a Status of the
API reads as kubectl's users know it; `cause_reason` gives the machine-readable word for it. `fix` is ours.
"""

from collections.abc import Iterable
from typing import Final

import orjson

from hauberk.errors import Finding, Level
from hauberk.k8s.kind import Manifest, name_of, namespace_of

__all__ = ["CODES", "DECODE", "Review", "cause_reason", "join_path", "render_value"]

DECODE: Final = "HBK0001"
"""Findings by which a built-in object could not even be decoded; upstream answers 400 to these, 422 to the others."""

CODES: Final[dict[str, str]] = {
    DECODE: "A value is of another type or format than its field.",
    "HBK0002": "Metadata break Kubernetes' syntax.",
    "HBK0003": "A required field is missing.",
    "HBK0004": "A value is not allowed in its field.",
    "HBK0005": "A value is none of those supported.",
    "HBK0006": "A value occurs twice where it must be unique.",
    "HBK0007": "A field may not be set, or not be changed.",
    "HBK0008": "A value is too long.",
    "HBK0009": "Rules between fields were not checked, since fields themselves are wrong; more may come to light.",
    "HBK0101": "Port-level mTLS needs a selector.",
    "HBK0102": "A workload selector is written with wildcards or an empty key.",
    "HBK0103": "A selector without labels selects the whole namespace.",
    "HBK0111": "A rule of an AuthorizationPolicy is not valid.",
    "HBK0112": "An AuthorizationPolicy asks for an external authorizer, which is not implemented.",
    "HBK0113": "An AuthorizationPolicy matches nothing.",
    "HBK0201": "Client TLS settings lack a certificate or a key.",
    "HBK0202": "Client TLS settings contradict each other, or cannot be sent.",
    "HBK0203": "A traffic policy is empty, or names no port.",
    "HBK0204": "A host, subset or export of a DestinationRule is not valid.",
    "HBK0205": "A consistent hash says not by which one thing, or a table cannot be built.",
    "HBK0211": "A VirtualService's hosts, gateways or routes are not valid.",
    "HBK0221": "A Gateway's server is not valid.",
    "HBK0231": "A ServiceEntry cannot be used as written.",
    "HBK0241": "A Sidecar's hosts are not valid.",
    "HBK0290": "A field of Istio's is not implemented yet.",
    "HBK0291": "ISTIO_MUTUAL ignores a field.",
    "HBK0292": "Client TLS settings name no mode, which means plaintext.",
    "HBK0293": "A sidecar's DestinationRule names a credentialName, which is not used.",
    "HBK0301": "A ServiceMeshControlPlane cannot be used as written.",
    "HBK0302": "OpenShift Service Mesh's webhook refuses a ServiceMeshControlPlane.",
    "HBK0303": "TLS settings of a mesh cannot work as written.",
    "HBK0311": "OpenShift Service Mesh's webhook refuses a ServiceMeshMemberRoll.",
    "HBK0321": "OpenShift Service Mesh's webhook refuses a ServiceMeshMember.",
    "HBK0390": "A field of OpenShift Service Mesh or Route is not implemented yet.",
}
"""Every code that the validation of manifests gives, with what it is about."""

_REASONS: Final = (
    ("Required value", "FieldValueRequired"),
    ("Unsupported value", "FieldValueNotSupported"),
    ("Duplicate value", "FieldValueDuplicate"),
    ("Not found", "FieldValueNotFound"),
    ("Forbidden", "FieldValueForbidden"),
    ("Too long", "FieldValueTooLong"),
    ("Too many", "FieldValueTooMany"),
)


def cause_reason(message: str) -> str:
    """The `reason` of a Status cause (metav1.CauseType) for a finding's message."""
    return next((reason for start, reason in _REASONS if message.startswith(start)), "FieldValueInvalid")


def render_value(value: object) -> str:
    """A value as upstream's messages show it: JSON with sorted keys."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def join_path(parts: Iterable[str | int]) -> str:
    """A field's path as upstream prints it: `spec.containers[0].name`; keys that are no identifiers go in brackets."""
    path = ""
    for part in parts:
        if isinstance(part, int) or not part.replace("_", "a").replace("-", "a").isalnum() or part[0].isdigit():
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path


class Review:
    """The findings about one object; one method a reason. `code` defaults to the generic one of the reason."""

    def __init__(self, obj: Manifest) -> None:
        where = "/".join(part for part in (namespace_of(obj), name_of(obj)) if part)
        self.subject = f"{obj.get('kind', 'object')} {where}".rstrip()
        self.findings: list[Finding] = []

    def add(self, code: str, path: str, message: str, fix: str = "", *, level: Level = Level.ERROR) -> None:
        """Add a finding as it is given."""
        self.findings.append(Finding(code, level, self.subject, path, message, fix))

    def required(self, path: str, detail: str = "", *, code: str = "HBK0003", fix: str = "") -> None:
        """A field that must be set is not."""
        self.add(code, path, f"Required value: {detail}" if detail else "Required value", fix or f"Set {path}.")

    def invalid(self, path: str, value: object, why: str, *, code: str = "HBK0004", fix: str = "") -> None:
        """A value breaks a rule; `why` is the rule."""
        self.add(code, path, f"Invalid value: {render_value(value)}: {why}", fix)

    def unsupported(self, path: str, value: object, supported: Iterable[str], *, code: str = "HBK0005") -> None:
        """A value is none of the `supported`, which upstream prints sorted for built-in kinds and in order for others."""
        listed = ", ".join(f'"{word}"' for word in supported)
        self.add(code, path, f"Unsupported value: {render_value(value)}: supported values: {listed}", f"Write one of {listed}.")

    def duplicate(self, path: str, value: object, *, code: str = "HBK0006") -> None:
        """A value was there before."""
        self.add(code, path, f"Duplicate value: {render_value(value)}", "Write each once.")

    def not_found(self, path: str, value: object, fix: str = "") -> None:
        """A value names something that is not there."""
        self.add("HBK0004", path, f"Not found: {render_value(value)}", fix)

    def forbidden(self, path: str, why: str, *, code: str = "HBK0007", fix: str = "") -> None:
        """A field may not be set here, or not be changed."""
        self.add(code, path, f"Forbidden: {why}", fix)

    def immutable(self, path: str, value: object) -> None:
        """A field was changed that keeps its first value."""
        self.invalid(path, value, "field is immutable", code="HBK0007", fix="Delete the object and create it anew, or keep the value.")

    def too_long(self, path: str, limit: int) -> None:
        """A value has more than `limit` bytes."""
        self.add("HBK0008", path, f"Too long: may not be more than {limit} bytes", "Shorten it.")

    def warn(self, code: str, path: str, message: str, fix: str = "") -> None:
        """Something that is accepted and will not do what it seems to say."""
        self.add(code, path, message, fix, level=Level.WARNING)
