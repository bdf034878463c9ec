"""Deployments and ReplicaSets: columns, defaults and checks (kubernetes pkg/apis/apps, pkg/printers)."""

from datetime import datetime
from typing import Final

from hauberk.k8s.builtin.pod_checks import check_template
from hauberk.k8s.builtin.pod_defaults import complete_template
from hauberk.k8s.columns import AGE, NAME, NONE, dig, format_labels, number
from hauberk.k8s.kind import Column, Manifest
from hauberk.k8s.label_selectors import selects
from hauberk.k8s.metadata import check_labels
from hauberk.k8s.review import Review

__all__ = [
    "DEPLOYMENT_COLUMNS",
    "REPLICA_SET_COLUMNS",
    "check_deployment",
    "check_replica_set",
    "check_selector_update",
    "complete_deployment",
    "complete_replica_set",
]

_STRATEGIES: Final = ("Recreate", "RollingUpdate")


# -- Columns ----------------------------------------------------------------------------------------------------------
def _of_containers(field: str, obj: Manifest) -> str:
    return ",".join(str(entry.get(field, "")) for entry in dig(obj, "spec", "template", "spec", "containers") or ())


def _selector(obj: Manifest, _now: datetime) -> str:
    parts = [format_labels(dig(obj, "spec", "selector", "matchLabels"))]
    for rule in dig(obj, "spec", "selector", "matchExpressions") or ():
        parts.append(_expression(rule.get("key", ""), rule.get("operator", ""), rule.get("values") or []))
    return ",".join(part for part in parts if part != NONE) or NONE


def _expression(key: str, operator: str, values: list[str]) -> str:
    match operator:
        case "Exists":
            return key
        case "DoesNotExist":
            return f"!{key}"
    return f"{key} {operator.lower()} ({','.join(sorted(values))})"


_WIDE: Final = (
    Column("Containers", lambda obj, _now: _of_containers("name", obj), priority=1, description="Names of the containers."),
    Column("Images", lambda obj, _now: _of_containers("image", obj), priority=1, description="Their images."),
    Column("Selector", _selector, priority=1, description="The labels of its pods."),
)


def _ready(obj: Manifest, _now: datetime) -> str:
    return f"{dig(obj, 'status', 'readyReplicas') or 0}/{dig(obj, 'spec', 'replicas') or 0}"


DEPLOYMENT_COLUMNS: Final = (
    NAME,
    Column("Ready", _ready, description="Pods that are ready, of those wanted."),
    number("Up-to-date", "status", "updatedReplicas", description="Pods of the newest template."),
    number("Available", "status", "availableReplicas", description="Pods that have been ready long enough."),
    AGE,
    *_WIDE,
)
REPLICA_SET_COLUMNS: Final = (
    NAME,
    number("Desired", "spec", "replicas", description="Pods that are wanted."),
    number("Current", "status", "replicas", description="Pods that there are."),
    number("Ready", "status", "readyReplicas", description="Pods that are ready."),
    AGE,
    *_WIDE,
)


# -- Defaults ---------------------------------------------------------------------------------------------------------
def complete_deployment(deployment: Manifest) -> None:
    """Fill in what a Deployment does not say."""
    spec = deployment.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    _complete_template_of(spec)


def complete_replica_set(replica_set: Manifest) -> None:
    """Fill in what a ReplicaSet does not say."""
    spec = replica_set.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    _complete_template_of(spec)


def _complete_template_of(spec: Manifest) -> None:
    if isinstance(spec.get("template"), dict):
        complete_template(spec["template"])


# -- Checks -----------------------------------------------------------------------------------------------------------
def check_deployment(deployment: Manifest, review: Review) -> None:
    """Check a Deployment's selector, template and strategy."""
    spec = deployment.get("spec") or {}
    _check_workload(spec, "deployment", review)
    strategy = spec.get("strategy") or {}
    kind = strategy.get("type", "RollingUpdate")
    if kind not in _STRATEGIES:
        review.unsupported("spec.strategy.type", kind, _STRATEGIES)
    if kind == "Recreate" and strategy.get("rollingUpdate"):
        review.forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")


def check_replica_set(replica_set: Manifest, review: Review) -> None:
    """Check a ReplicaSet's selector and template."""
    _check_workload(replica_set.get("spec") or {}, "replicaset", review)


def check_selector_update(old: Manifest, new: Manifest, review: Review) -> None:
    """A workload keeps its selector: with another one it would let go of its pods."""
    before, after = dig(old, "spec", "selector"), dig(new, "spec", "selector")
    if before != after:
        review.immutable("spec.selector", after)


def _check_workload(spec: Manifest, word: str, review: Review) -> None:
    if (spec.get("replicas") or 0) < 0:
        review.invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    selector, template = spec.get("selector"), spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if selector is None:
        review.required("spec.selector")
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        review.invalid("spec.selector", selector, f"empty selector is invalid for {word}")
    if not selector or not selects(selector, labels):
        fix = "Give the template every label that the selector asks for."
        review.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`", fix=fix)
    check_labels((selector or {}).get("matchLabels"), "spec.selector.matchLabels", review)
    check_template(template, "spec.template", review)
