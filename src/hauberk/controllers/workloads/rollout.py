"""The arithmetic of a Deployment's rollout: how many replicas each ReplicaSet should have next. Pure numbers and manifests.

Source: kubernetes pkg/controller/deployment/{rolling,recreate,sync}.go and util/deployment_util.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from hauberk.controllers.objects import annotations_of
from hauberk.k8s.kind import Manifest, name_of

__all__ = ["MAX_REPLICAS", "Limits", "Scaling", "limits_of", "plan_recreate", "plan_rolling", "plan_scale", "replicas_of"]

MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
"""Annotation on a ReplicaSet: desired replicas of its Deployment plus surge, at the last scaling."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """`replica_set` is to have `replicas`."""

    replica_set: Manifest
    replicas: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a Deployment, in pods: what it wants, how many more and how many fewer it may have during a rollout."""

    desired: int
    surge: int
    unavailable: int

    @property
    def most(self) -> int:
        """Pods at any time, at most."""
        return self.desired + self.surge

    @property
    def least(self) -> int:
        """Available pods at any time, at least."""
        return self.desired - self.unavailable


def limits_of(deployment: Manifest) -> Limits:
    """`replicas`, `maxSurge` (rounded up) and `maxUnavailable` (rounded down); not both zero, or nothing could move."""
    spec = deployment["spec"]
    desired = spec.get("replicas", 1)
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Limits(desired, 0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = _resolve(rolling.get("maxSurge", "25%"), desired, up=True)
    unavailable = min(_resolve(rolling.get("maxUnavailable", "25%"), desired, up=False), desired)
    return Limits(desired, surge, unavailable if surge or unavailable else min(1, desired))


def _resolve(value: int | str, total: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    part = total * int(value.removesuffix("%")) / 100
    return ceil(part) if up else floor(part)


def replicas_of(replica_set: Manifest) -> int:
    """`spec.replicas`."""
    return int(replica_set["spec"].get("replicas", 1))


def _available(replica_set: Manifest) -> int:
    return int(replica_set.get("status", {}).get("availableReplicas") or 0)


def plan_rolling(new: Manifest, old: Sequence[Manifest], limits: Limits) -> list[Scaling]:
    """One step of a rolling update: first the new one up, else the old ones down, within the limits."""
    everything = sum(map(replicas_of, [new, *old]))
    if replicas_of(new) > limits.desired:
        return [Scaling(new, limits.desired)]
    room = min(limits.most - everything, limits.desired - replicas_of(new))
    if room > 0:
        return [Scaling(new, replicas_of(new) + room)]
    return _shrink_old(new, old, limits)


def _shrink_old(new: Manifest, old: Sequence[Manifest], limits: Limits) -> list[Scaling]:
    everything = sum(map(replicas_of, [new, *old]))
    # Pods of the new one that do not serve yet must not be paid for with old ones that do.
    to_come = replicas_of(new) - _available(new)
    spare = everything - limits.least - to_come
    if spare <= 0:
        return []
    # What does not work is taken away first: it keeps nobody served.
    wanted: dict[str, int] = {name_of(replica_set): replicas_of(replica_set) for replica_set in old}
    for replica_set in _oldest_first(old):
        broken = min(spare, wanted[name_of(replica_set)] - _available(replica_set))
        wanted[name_of(replica_set)] -= max(broken, 0)
        spare -= max(broken, 0)
    spare = min(spare, sum(map(_available, [new, *old])) - limits.least)
    for replica_set in _oldest_first(old):
        taken = max(min(spare, wanted[name_of(replica_set)]), 0)
        wanted[name_of(replica_set)] -= taken
        spare -= taken
    return [Scaling(one, wanted[name_of(one)]) for one in old if wanted[name_of(one)] != replicas_of(one)]


def plan_recreate(new: Manifest | None, old: Sequence[Manifest], limits: Limits) -> list[Scaling]:
    """The old ones to zero; once they are, the new one up (the caller sees to it that no old pod runs any more)."""
    down = [Scaling(replica_set, 0) for replica_set in old if replicas_of(replica_set)]
    if down or new is None or replicas_of(new) == limits.desired:
        return down
    return [Scaling(new, limits.desired)]


def plan_scale(new: Manifest | None, old: Sequence[Manifest], limits: Limits) -> list[Scaling]:
    """The Deployment was scaled, or is paused: without a rollout, bring what is there to the desired number.

    With one ReplicaSet alive it alone is scaled; with several, each in proportion to its size, the largest takes the rest.
    """
    living = [replica_set for replica_set in [*old, *([new] if new else [])] if replicas_of(replica_set)]
    alive = living or ([new] if new else [])
    if len(alive) <= 1:
        return [Scaling(one, limits.desired) for one in alive if replicas_of(one) != limits.desired]
    if new is not None and replicas_of(new) == limits.desired == _available(new):
        return [Scaling(one, 0) for one in old if replicas_of(one)]
    return _proportionally(alive, limits)


def _proportionally(alive: Sequence[Manifest], limits: Limits) -> list[Scaling]:
    allowed = limits.most if limits.desired else 0
    # Scaled to zero means all of it; the surge is for rollouts only.
    change = allowed - sum(map(replicas_of, alive))
    by_size = sorted(alive, key=replicas_of, reverse=True)
    wanted: dict[str, int] = {}
    rest = change
    for replica_set in by_size:
        before = int(annotations_of(replica_set).get(MAX_REPLICAS) or allowed)
        share = round(replicas_of(replica_set) * allowed / max(before, 1)) - replicas_of(replica_set)
        # Never more than what is left to give (or to take), nor against the direction.
        share = max(min(share, rest), 0) if change > 0 else min(max(share, rest), 0)
        wanted[name_of(replica_set)] = replicas_of(replica_set) + share
        rest -= share
    largest = name_of(by_size[0])
    wanted[largest] = max(wanted[largest] + rest, 0)
    return [Scaling(one, wanted[name_of(one)]) for one in alive if wanted[name_of(one)] != replicas_of(one)]


def _oldest_first(replica_sets: Sequence[Manifest]) -> list[Manifest]:
    return sorted(replica_sets, key=lambda one: (one["metadata"].get("creationTimestamp", ""), name_of(one)))
