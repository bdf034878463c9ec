"""Checks of `metadata`, alike for every kind, with upstream's texts (k8s.io/apimachinery/pkg/api/validation/objectmeta.go)."""

from collections.abc import Sequence
from typing import Final

import orjson

from hauberk.errors import Finding
from hauberk.k8s.kind import Manifest
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import Rule, dns1123_subdomain, label_value, qualified_name

__all__ = ["check_labels", "check_metadata", "check_metadata_update", "validate_metadata"]

_CODE: Final = "HBK0002"
_ANNOTATION_BYTES: Final = 256 * 1024
_OWNER_FIELDS: Final = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")


def validate_metadata(obj: Manifest, name_rule: Rule = dns1123_subdomain) -> Sequence[Finding]:
    """The findings of `check_metadata` alone."""
    review = Review(obj)
    check_metadata(obj, review, name_rule)
    return review.findings


def check_metadata(obj: Manifest, review: Review, name_rule: Rule = dns1123_subdomain) -> None:
    """Check names, labels, annotations, owner references and finalizers. Values of a wrong type are left to the schema."""
    metadata = obj.get("metadata") or {}
    _check_name(metadata, review, name_rule)
    check_labels(metadata.get("labels"), "metadata.labels", review)
    _check_annotations(metadata.get("annotations"), review)
    _check_owners(metadata.get("ownerReferences"), review)
    for number, finalizer in enumerate(metadata.get("finalizers") or ()):
        for problem in qualified_name(str(finalizer)):
            review.invalid(f"metadata.finalizers[{number}]", finalizer, problem, code=_CODE)


def check_metadata_update(old: Manifest, new: Manifest, review: Review) -> None:
    """Refuse changes of what identifies an object."""
    for field in ("name", "namespace", "uid"):
        before, after = old.get("metadata", {}).get(field), new.get("metadata", {}).get(field)
        if before and after and before != after:
            review.immutable(f"metadata.{field}", after)


def check_labels(labels: object, path: str, review: Review) -> None:
    """Check the keys and values of a map of labels, here or in a template or a selector."""
    if not isinstance(labels, dict):
        return
    for key, value in labels.items():
        for problem in qualified_name(key):
            review.invalid(path, key, problem, code=_CODE)
        for problem in label_value(value) if isinstance(value, str) else ():
            review.invalid(path, value, problem, code=_CODE)


def _check_name(metadata: Manifest, review: Review, rule: Rule) -> None:
    prefix, name = metadata.get("generateName"), metadata.get("name")
    if isinstance(prefix, str) and prefix:
        # A prefix is completed by letters, so a hyphen or dot at its end is no fault.
        for problem in rule(prefix[:-1] + "a" if prefix[-1] in "-." else prefix):
            review.invalid("metadata.generateName", prefix, problem, code=_CODE)
    if not name:
        if not prefix:
            review.required("metadata.name", "name or generateName is required", code=_CODE)
        return
    for problem in rule(str(name)):
        review.invalid("metadata.name", name, problem, code=_CODE)


def _check_annotations(annotations: object, review: Review) -> None:
    if not isinstance(annotations, dict):
        return
    size = 0
    for key, value in annotations.items():
        # Upstream has always let upper case pass here.
        for problem in qualified_name(key.lower()):
            review.invalid("metadata.annotations", key, problem, code=_CODE)
        size += len(key.encode()) + (len(value.encode()) if isinstance(value, str) else 0)
    if size > _ANNOTATION_BYTES:
        review.too_long("metadata.annotations", _ANNOTATION_BYTES)


def _check_owners(owners: object, review: Review) -> None:
    if not isinstance(owners, list):
        return
    controllers = []
    for owner in owners:
        if not isinstance(owner, dict):
            continue
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                why = "version must not be empty" if field == "apiVersion" else "must not be empty"
                review.invalid(f"metadata.ownerReferences.{field}", owner.get(field, ""), why, code=_CODE)
        if owner.get("controller") is True:
            controllers.append(f"{owner.get('kind')}/{owner.get('name')}")
    if len(controllers) > 1:
        why = f'Only one reference can have Controller set to true. Found "true" in references for {controllers[0]} and {controllers[1]}'
        # Upstream prints these in the order of the Go struct, which is that of manifests, not sorted.
        given = orjson.dumps([{key: owner[key] for key in _OWNER_FIELDS if key in owner} for owner in owners if isinstance(owner, dict)])
        review.add(_CODE, "metadata.ownerReferences", f"Invalid value: {given.decode()}: {why}", "Let one of them control the object.")
