"""Label and field selectors of list and watch requests.

No I/O. Source: k8s.io/apimachinery/pkg/labels/selector.go (its lexer, its messages) and pkg/fields/selector.go.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hauberk.apiserver.status import bad_request
from hauberk.k8s.kind import Kind, Manifest

__all__ = ["FieldTerm", "LabelTerm", "Selection", "parse_fields", "parse_labels"]

_TOKEN = re.compile(r"\s*(!=|==|=|!|\(|\)|,|<|>|[^\s!=(),<>]+|$)")
_LABEL_NAME = re.compile(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")
_NAME_MESSAGE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_SYMBOLS = ("!=", "==", "=", "!", "(", ")", ",", "<", ">")


@dataclass(frozen=True, slots=True)
class LabelTerm:
    """One requirement on a label. `operator` is one of `in`, `notin`, `exists`, `!`, `>`, `<`."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` meet the requirement; a missing label meets `notin` and `!`."""
        value = labels.get(self.key)
        if self.operator == "exists":
            return value is not None
        if self.operator == "!":
            return value is None
        if self.operator == "in":
            return value is not None and value in self.values
        if self.operator == "notin":
            return value is None or value not in self.values
        return value is not None and self._compares(value)

    def _compares(self, value: str) -> bool:
        (bound,) = self.values
        try:
            return int(value) > int(bound) if self.operator == ">" else int(value) < int(bound)
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """One requirement on a field: equal or not equal to `value`; an absent field is the empty string."""

    path: str
    value: str
    equal: bool = True


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list or watch wants to see; all terms must hold."""

    labels: Sequence[LabelTerm] = ()
    fields: Sequence[tuple[FieldTerm, Callable[[Manifest], str]]] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.labels and not self.fields

    def matches(self, obj: Manifest) -> bool:
        """Whether `obj` is selected."""
        labels = obj["metadata"].get("labels") or {}
        return all(term.matches(labels) for term in self.labels) and all(
            (read(obj) == term.value) is term.equal for term, read in self.fields
        )


def parse_labels(text: str) -> list[LabelTerm]:
    """`a=b,c in (d,e),!f` as terms.

    Raises: ApiError 400 with upstream's message.
    """
    return _LabelParser(text).parse()


def parse_fields(kind: Kind, text: str) -> list[tuple[FieldTerm, Callable[[Manifest], str]]]:
    """`metadata.name=x,status.phase!=Running` as terms, each with how to read its field.

    Raises: ApiError 400 where the text is none, or the field cannot be selected by.
    """
    terms = []
    for part in filter(None, text.split(",")):
        match = re.match(r"^(.*?)(==|!=|=)(.*)$", part)
        if not match:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        path, operator, value = match.groups()
        terms.append((FieldTerm(path, value, operator != "!="), _reader(kind, path)))
    return terms


_POD_FIELDS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
)
_EVENT_FIELDS = (
    *(f"involvedObject.{field}" for field in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")),
    "reason",
    "reportingComponent",
    "source",
    "type",
)
_FIELDS: Mapping[str, Sequence[str]] = {
    "Pod": _POD_FIELDS,
    "Event": _EVENT_FIELDS,
    "Secret": ("type",),
    "Namespace": ("status.phase",),
    "Node": ("spec.unschedulable",),
    "Service": ("spec.clusterIP", "spec.type"),
    "ReplicaSet": ("status.replicas",),
}
_GENERIC_MESSAGE_KINDS = ("ConfigMap", "Endpoints", "ServiceAccount", "EndpointSlice", "Deployment")


def _reader(kind: Kind, path: str) -> Callable[[Manifest], str]:
    if path in ("metadata.name", "metadata.namespace") or path in _FIELDS.get(kind.kind if kind.strategic else "", ()):
        return _event_source if path == "source" else lambda obj: _field(obj, path)
    if kind.kind in _GENERIC_MESSAGE_KINDS:
        raise bad_request(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')
    raise bad_request(f"field label not supported: {path}")


def _field(obj: Manifest, path: str) -> str:
    value: object = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _event_source(obj: Manifest) -> str:
    return _field(obj, "source.component") or _field(obj, "reportingComponent")


class _LabelParser:
    """Recursive descent over the tokens of a label selector."""

    def __init__(self, text: str) -> None:
        self._tokens = [word for word in _TOKEN.findall(text) if word]
        self._at = 0

    def parse(self) -> list[LabelTerm]:
        """All terms up to the end."""
        terms: list[LabelTerm] = []
        while self._peek():
            terms.append(self._term())
            word = self._next()
            if word not in ("", ","):
                raise bad_request(f"found '{word}', expected: ',' or 'end of string'")
            if word == "," and not self._peek():
                raise bad_request("found '', expected: identifier after ','")
        return terms

    def _term(self) -> LabelTerm:
        if self._peek() == "!":
            self._next()
            return LabelTerm(self._key(), "!")
        key = self._key()
        operator = self._peek()
        if operator in ("", ","):
            return LabelTerm(key, "exists")
        self._next()
        if operator in ("in", "notin"):
            return LabelTerm(key, operator, self._values())
        if operator in ("=", "==", "!="):
            return LabelTerm(key, "notin" if operator == "!=" else "in", frozenset([self._value()]))
        if operator in ("<", ">"):
            return LabelTerm(key, operator, frozenset([self._value()]))
        raise bad_request(f"unable to parse requirement: found '{operator}', expected: in, notin, =, ==, !=, gt, lt")

    def _key(self) -> str:
        key = self._next()
        if not key or key in _SYMBOLS:
            raise bad_request(f"unable to parse requirement: found '{key}', expected: !, identifier, or 'end of string'")
        if not _LABEL_NAME.match(key.rpartition("/")[2]):
            raise bad_request(f'unable to parse requirement: <nil>: Invalid value: "{key}": {_NAME_MESSAGE}')
        return key

    def _value(self) -> str:
        """A value, which may be empty (`app=`)."""
        return "" if self._peek() in ("", ",") else self._next()

    def _values(self) -> frozenset[str]:
        if self._next() != "(":
            raise bad_request("unable to parse requirement: found '', expected: '('")
        values: set[str] = set()
        while True:
            word = self._next()
            if word == ")":
                # an empty set is the set of the empty string, as upstream's parser has it
                return frozenset(values or {""})
            if word == ",":
                continue
            if not word or word in _SYMBOLS:
                raise bad_request(f"unable to parse requirement: found '{word}', expected: ',' or ')'")
            values.add(word)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        word = self._peek()
        self._at += 1
        return word
