"""Objects for the tests of kinds, and short forms of findings to compare."""

from collections.abc import Mapping
from typing import Any

import yaml

from hauberk.errors import Level
from hauberk.k8s.kind import Kind, Manifest


def load(text: str) -> Manifest:
    """An object written as YAML; it is called `x` where it does not say."""
    obj: Manifest = yaml.safe_load(text)
    obj.setdefault("metadata", {}).setdefault("name", "x")
    return obj


def errors(kind: Kind, text: str) -> list[tuple[str, str]]:
    """Path and message of the errors about the completed object, without the one that more may come (HBK0009)."""
    obj = load(text)
    kind.complete(obj)
    found = [finding for finding in kind.validate(obj) if finding.level is Level.ERROR and finding.code != "HBK0009"]
    return [(finding.path, finding.message) for finding in found]


def warnings(kind: Kind, text: str) -> list[tuple[str, str]]:
    """Code and path of the warnings about the completed object."""
    obj = load(text)
    kind.complete(obj)
    return [(finding.code, finding.path) for finding in kind.validate(obj) if finding.level is Level.WARNING]


def update_errors(kind: Kind, old: str, new: str) -> list[tuple[str, str]]:
    """Path and message of the errors about a change."""
    before, after = load(old), load(new)
    kind.complete(before)
    kind.complete(after)
    return [(finding.path, finding.message) for finding in kind.validate_update(before, after)]


def make_pod(*, name: str = "web", spec: Mapping[str, Any] | None = None, status: Mapping[str, Any] | None = None) -> Manifest:
    """A pod of one container, with `spec` and `status` on top."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2025-11-25T10:00:00Z"},
        "spec": {"containers": [{"name": "main", "image": "nginx:1"}]} | dict(spec or {}),
        "status": {"phase": "Pending"} | dict(status or {}),
    }
