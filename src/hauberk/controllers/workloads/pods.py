"""What a pod's manifest says: whether it runs to an end, is ready, is available, where its ports are. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from hauberk.controllers.objects import condition_of, is_terminating, parse_time
from hauberk.k8s.kind import Manifest

__all__ = ["available_in", "container_port", "is_active", "is_finished", "is_ready"]


def is_finished(pod: Manifest) -> bool:
    """Whether all its containers ended for good."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def is_active(pod: Manifest) -> bool:
    """Whether it counts for its ReplicaSet: neither finished nor being deleted."""
    return not is_finished(pod) and not is_terminating(pod)


def is_ready(pod: Manifest) -> bool:
    """Whether its condition Ready is True."""
    condition = condition_of(pod, "Ready")
    return condition is not None and condition.get("status") == "True"


def available_in(pod: Manifest, *, min_ready: timedelta, now: datetime) -> timedelta | None:
    """How long until it has been ready for `min_ready`: zero where it has, None where it is not ready."""
    condition = condition_of(pod, "Ready")
    if condition is None or condition.get("status") != "True":
        return None
    if not min_ready or not condition.get("lastTransitionTime"):
        return timedelta()
    return max(timedelta(), parse_time(condition["lastTransitionTime"]) + min_ready - now)


def container_port(pod: Manifest, name: str, protocol: str) -> int | None:
    """The port that a container of the pod declares under this name, None where none does."""
    for port in _container_ports(pod):
        if port.get("name") == name and port.get("protocol", "TCP") == protocol:
            return int(port["containerPort"])
    return None


def _container_ports(pod: Manifest) -> Iterator[Manifest]:
    spec = pod["spec"]
    sidecars = [container for container in spec.get("initContainers") or () if container.get("restartPolicy") == "Always"]
    for container in [*spec["containers"], *sidecars]:
        yield from container.get("ports") or ()
