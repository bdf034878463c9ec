"""Which Sidecar is a workload's, and what it lets the workload see.

Source: Istio model/push_context.go `getSidecarScope` (the oldest whose selector matches, then the namespace's own without
selector, then the root namespace's without selector), model/sidecar.go `SelectServices`.
"""

from collections.abc import Container, Iterable

from hauberk.model.objects import LabelPairs
from hauberk.model.sidecar import ANY_NAMESPACE, Sidecar
from hauberk.policy.selectors import host_matches

__all__ = ["choose_sidecar", "sees"]


def choose_sidecar(sidecars: Iterable[Sidecar], namespace: str, matched: Container[LabelPairs], root_namespace: str) -> Sidecar | None:
    """The Sidecar of a workload in `namespace` that has the selectors in `matched`; `sidecars` are ordered, the oldest first."""
    own: Sidecar | None = None
    default: Sidecar | None = None
    for sidecar in sidecars:
        if sidecar.namespace == namespace:
            if sidecar.selector and sidecar.selector in matched:
                return sidecar
            if not sidecar.selector:
                own = own or sidecar
        if sidecar.namespace == root_namespace and not sidecar.selector:
            default = default or sidecar
    return own or default


def sees(sidecar: Sidecar | None, namespace: str, host: str) -> bool:
    """Whether a workload with this Sidecar is told of `host` (a Service's name, or a VirtualService's) that `namespace` declares."""
    if sidecar is None or sidecar.egress is None:
        return True
    return any(
        allowed.namespace in (ANY_NAMESPACE, namespace) and (allowed.host == "*" or host_matches(allowed.host, host))
        for allowed in sidecar.egress
    )
