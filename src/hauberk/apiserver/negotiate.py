"""Content negotiation: in which form an answer is wanted.

No I/O. Kubernetes puts transformations into media type parameters: `application/json;as=Table;v=v1;g=meta.k8s.io`.
"""

from dataclasses import dataclass
from enum import StrEnum

from hauberk.apiserver.status import failure

__all__ = ["DISCOVERY", "Form", "MediaType", "Transform", "choose", "media_type", "wants_discovery"]

DISCOVERY = "application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
_AVAILABLE = "application/json, application/yaml, application/vnd.kubernetes.protobuf"


class Form(StrEnum):
    """How an answer is written."""

    JSON = "application/json"
    YAML = "application/yaml"


class Transform(StrEnum):
    """What is answered instead of the objects themselves; the values are the kinds as in `as=`."""

    NONE = ""
    TABLE = "Table"
    PARTIAL = "PartialObjectMetadata"
    PARTIAL_LIST = "PartialObjectMetadataList"


@dataclass(frozen=True, slots=True)
class MediaType:
    """The form and the transformation of an answer."""

    form: Form = Form.JSON
    transform: Transform = Transform.NONE


@dataclass(frozen=True, slots=True)
class _Clause:
    type: str
    parameters: dict[str, str]


def media_type(header: str) -> str:
    """`application/json; charset=utf-8` -> `application/json`."""
    return header.partition(";")[0].strip().lower()


def choose(accept: str) -> MediaType:
    """The first clause of an Accept header that we can serve; JSON where there is none.

    Raises: ApiError 406.
    """
    clauses = _clauses(accept)
    if not clauses:
        return MediaType()
    for clause in clauses:
        chosen = _served(clause)
        if chosen:
            return chosen
    if any(clause.parameters.get("as") or clause.type == "application/vnd.kubernetes.protobuf" for clause in clauses):
        raise failure(406, "NotAcceptable", f"only the following media types are accepted: {_AVAILABLE}")
    raise failure(406, "NotAcceptable", f"406: Not Acceptable\n\nAvailable representations: {_AVAILABLE}", details={})


def wants_discovery(accept: str) -> str | None:
    """The version (`v2`, `v2beta1`) of aggregated discovery that an Accept header prefers to the plain lists, or None."""
    for clause in _clauses(accept):
        if clause.parameters.get("as") == "APIGroupDiscoveryList" and clause.parameters.get("v") in ("v2", "v2beta1"):
            return clause.parameters["v"]
        if _served(clause):
            return None
    return None


def _served(clause: _Clause) -> MediaType | None:
    if clause.type in ("application/json", "*/*", "application/*"):
        form = Form.JSON
    elif clause.type == "application/yaml":
        form = Form.YAML
    else:
        return None
    wanted = clause.parameters.get("as", "")
    if wanted and (clause.parameters.get("g"), clause.parameters.get("v")) != ("meta.k8s.io", "v1"):
        return None
    try:
        return MediaType(form, Transform(wanted))
    except ValueError:
        return None


def _clauses(accept: str) -> list[_Clause]:
    """The clauses in the order of preference: as written, since no Kubernetes client sends weights."""
    clauses = []
    for text in filter(None, (part.strip() for part in accept.split(","))):
        head, *parameters = (part.strip() for part in text.split(";"))
        clauses.append(_Clause(head.lower(), dict(part.partition("=")[::2] for part in parameters)))
    return clauses
