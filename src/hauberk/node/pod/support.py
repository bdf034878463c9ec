"""What a pod's spec may ask for that this node does not have: refused by name, never ignored. No I/O."""

from collections.abc import Iterator

from hauberk.errors import ConfigError
from hauberk.k8s.kind import Manifest
from hauberk.node.pod.probes import plan_probes
from hauberk.node.pod.volumes import VOLUME_KINDS

__all__ = ["find_unsupported"]

_POD_FIELDS = (
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "readinessGates",
    "ephemeralContainers",
    "dnsConfig",
    "hostAliases",
)


def find_unsupported(pod: Manifest) -> str:
    """Everything in the spec that is not implemented, with its path, as one sentence; empty where there is nothing.

    `securityContext` is not among it: containers here have no privileges at all, which is stricter than any of its fields.
    """
    return "; ".join(_unsupported(pod["spec"]))


def _unsupported(spec: Manifest) -> Iterator[str]:
    for field in _POD_FIELDS:
        if spec.get(field):
            yield f"spec.{field} is not implemented on this node"
    for volume in spec.get("volumes") or []:
        kinds = [key for key in volume if key != "name" and key not in VOLUME_KINDS]
        if kinds:
            known = ", ".join(VOLUME_KINDS)
            yield f'volume "{volume["name"]}": {", ".join(kinds)} is not implemented on this node; use one of {known}'
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        yield from _unsupported_in(container)


def _unsupported_in(container: Manifest) -> Iterator[str]:
    for field in ("lifecycle", "volumeDevices"):
        if container.get(field):
            yield f'container "{container["name"]}": {field} is not implemented on this node'
    try:
        plan_probes(container)
    except ConfigError as error:
        yield f'container "{container["name"]}": {error}'
