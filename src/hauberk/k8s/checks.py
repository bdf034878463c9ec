"""Putting a kind's checks together: metadata and schema, which every kind has, and the kind's own."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from hauberk.errors import Finding
from hauberk.k8s.decoding import check_schema
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.metadata import check_metadata, check_metadata_update
from hauberk.k8s.models import check_model
from hauberk.k8s.review import DECODE, Review
from hauberk.k8s.schema import absent_fields
from hauberk.k8s.syntax import Rule, dns1123_subdomain

__all__ = ["Check", "UpdateCheck", "checked"]

_UNCHECKED: Final = (
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)

Check = Callable[[Manifest, Review], None]
UpdateCheck = Callable[[Manifest, Manifest, Review], None]


def _nothing(_obj: Manifest, _review: Review) -> None:
    return None


def _no_update(_old: Manifest, _new: Manifest, _review: Review) -> None:
    return None


def checked(kind: Kind, check: Check = _nothing, *, update: UpdateCheck = _no_update, name: Rule = dns1123_subdomain) -> Kind:
    """`kind` with `validate` and `validate_update` filled in, and `complete` guarded: it changes only what can be decoded.

    `check` sees an object only once its schema holds, so that it may trust types; for kinds with a model it sees `spec` checked.
    `name` is the syntax of `metadata.name`.
    """

    def validate(obj: Manifest) -> Sequence[Finding]:
        """See `Kind.validate`."""
        review = Review(obj)
        check_schema(kind, obj if kind.model is None else {"metadata": obj.get("metadata")}, review)
        if any(finding.code == DECODE for finding in review.findings):
            return review.findings
        check_metadata(obj, review, name)
        if kind.model is None or check_model(kind.model, obj, review):
            check(obj, review)
        elif check is not _nothing:
            review.add("HBK0009", "<nil>", _UNCHECKED)
        if kind.model is not None:
            _warn_of_absent(kind, obj, review)
        return _once(review.findings)

    def complete(obj: Manifest) -> None:
        """See `Kind.complete`."""
        if _has_types(kind, obj):
            kind.complete(obj)

    def validate_update(old: Manifest, new: Manifest) -> Sequence[Finding]:
        """See `Kind.validate_update`."""
        review = Review(new)
        check_metadata_update(old, new, review)
        update(old, new, review)
        return review.findings

    return replace(kind, complete=complete, validate=validate, validate_update=validate_update)


def _has_types(kind: Kind, obj: Manifest) -> bool:
    """Whether defaults can be filled in without meeting values of a wrong type, which `validate` names afterwards."""
    if kind.model is not None:
        return isinstance(obj.get("spec", {}), dict)
    review = Review(obj)
    check_schema(kind, obj, review)
    return all(finding.code != DECODE for finding in review.findings)


def _warn_of_absent(kind: Kind, obj: Manifest, review: Review) -> None:
    code = "HBK0290" if kind.group.endswith("istio.io") else "HBK0390"
    told = {finding.path for finding in review.findings}
    for path in absent_fields(kind, obj):
        if path in told:
            continue
        review.warn(code, path, "not implemented yet; it has no effect.", "Take it out, or do without what it asks for.")


def _once(findings: Sequence[Finding]) -> Sequence[Finding]:
    # The schema and a kind's own check may both miss the same field; upstream's text with the detail wins.
    missing: dict[str, Finding] = {}
    for finding in filter(_is_missing, findings):
        known = missing.get(finding.path)
        missing[finding.path] = finding if known is None or len(finding.message) > len(known.message) else known
    return [finding for finding in findings if not _is_missing(finding) or missing[finding.path] is finding]


def _is_missing(finding: Finding) -> bool:
    return finding.message.startswith("Required value")
