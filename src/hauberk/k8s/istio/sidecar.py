"""Sidecar: what sidecars are told about the mesh. Implemented: workloadSelector, egress hosts, outboundTrafficPolicy.

Source: istio/api networking/v1alpha3/sidecar.proto; istio pkg/config/validation `ValidateSidecar`.
"""

from typing import Final, Literal

from hauberk.k8s.istio.hosts import check_host
from hauberk.k8s.kind import Manifest
from hauberk.k8s.models import LaterList, LaterObject, LaterText, Part
from hauberk.k8s.review import Review

__all__ = ["SidecarSpec", "check_sidecar"]

_CODE: Final = "HBK0241"
_FIX: Final = "Write NAMESPACE/HOST, such as ./*, istio-system/* or */details.bookinfo.svc.cluster.local."


class WorkloadSelector(Part):
    """The workloads that it is for."""

    labels: dict[str, str] | None = None
    """Labels that a pod must all have, in the Sidecar's own namespace."""


class EgressListener(Part):
    """Hosts that the workloads may be told of."""

    port: LaterObject = None
    bind: LaterText = None
    capture_mode: LaterText = None
    hosts: list[str]
    """`namespace/host`; the namespace may be `*` (all), `.` (the Sidecar's) or `~` (none), the host `*` or `*.suffix`."""


class OutboundTrafficPolicy(Part):
    """What happens to calls of hosts that are not known."""

    mode: Literal["ALLOW_ANY", "REGISTRY_ONLY"] | None = None
    """ALLOW_ANY lets them pass; REGISTRY_ONLY (also where nothing is written) refuses them."""
    egress_proxy: LaterObject = None


class SidecarSpec(Part):
    """What sidecars are told about the mesh."""

    workload_selector: WorkloadSelector | None = None
    """The workloads that it is for; without it all of the namespace, in the root namespace all of the mesh."""
    ingress: LaterList = None
    egress: list[EgressListener] | None = None
    """What they may be told of; without it everything."""
    inbound_connection_pool: LaterObject = None
    outbound_traffic_policy: OutboundTrafficPolicy | None = None
    """What happens to calls of hosts that are not known; without it what the mesh says."""


def check_sidecar(obj: Manifest, review: Review) -> None:
    """Check hosts, with Istio's texts."""
    spec = SidecarSpec.model_validate(obj.get("spec") or {})
    for index, listener in enumerate(spec.egress or ()):
        path = f"spec.egress[{index}].hosts"
        if not listener.hosts:
            review.required(path, "sidecar: egress listener must contain at least one host", code=_CODE)
        for number, host in enumerate(listener.hosts):
            _check_egress_host(host, f"{path}[{number}]", review)


def _check_egress_host(host: str, path: str, review: Review) -> None:
    namespace, slash, name = host.partition("/")
    if not slash or not namespace or not name:
        review.invalid(path, host, "sidecar: host must be of form namespace/dnsName", code=_CODE, fix=_FIX)
    elif name != "*":
        check_host(name, path, review, code=_CODE)
