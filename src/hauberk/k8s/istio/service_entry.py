"""ServiceEntry: hosts that Kubernetes does not know. Implemented: locations, DNS, STATIC and NONE, endpoints with ports, exportTo.

Source: istio/api networking/v1alpha3/service_entry.proto; istio pkg/config/validation.
"""

import ipaddress
from typing import Final, Literal

from hauberk.k8s.istio.hosts import check_export, check_host, is_cidr
from hauberk.k8s.kind import Manifest
from hauberk.k8s.models import LaterList, LaterNumber, LaterObject, LaterText, Part, UInt32
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import port_number

__all__ = ["ServiceEntrySpec", "check_service_entry"]

_CODE: Final = "HBK0231"


class ServicePort(Part):
    """A port of the hosts."""

    number: UInt32
    """The number that clients call."""
    protocol: str | None = None
    """HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP or TLS."""
    name: str
    """A name, for endpoints to give their own numbers."""
    target_port: UInt32 | None = None
    """The number at the endpoints, where it is another."""


class WorkloadEntry(Part):
    """An endpoint."""

    address: str | None = None
    """Its address, or its name where names are resolved."""
    ports: dict[str, UInt32] | None = None
    """Its own port numbers."""
    labels: LaterObject = None
    network: LaterText = None
    locality: LaterText = None
    weight: LaterNumber = None
    service_account: LaterText = None


class ServiceEntrySpec(Part):
    """Hosts that Kubernetes does not know."""

    hosts: list[str]
    """Their names; `*.domain` is possible."""
    addresses: list[str] | None = None
    """Addresses by which clients call them."""
    ports: list[ServicePort] | None = None
    """Their ports."""
    location: Literal["MESH_EXTERNAL", "MESH_INTERNAL"] | None = None
    """MESH_EXTERNAL (the default) never gets mutual TLS of the mesh by itself."""
    resolution: Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"] | None = None
    """NONE (the default) goes where the client asked to, STATIC to the endpoints, DNS to what the names resolve to."""
    endpoints: list[WorkloadEntry] | None = None
    """Where it is."""
    workload_selector: LaterObject = None
    export_to: list[str] | None = None
    """Namespaces whose clients see it: `.` its own, `*` all (the default)."""
    subject_alt_names: LaterList = None


def check_service_entry(obj: Manifest, review: Review) -> None:
    """Check hosts, addresses, ports and endpoints, with Istio's texts."""
    spec = ServiceEntrySpec.model_validate(obj.get("spec") or {})
    if not spec.hosts:
        review.required("spec.hosts", "service entry must have at least one host", code=_CODE)
    for index, host in enumerate(spec.hosts):
        check_host(host, f"spec.hosts[{index}]", review, code=_CODE)
        if host == "*":
            review.invalid(f"spec.hosts[{index}]", host, "invalid host *", code=_CODE)
    for index, address in enumerate(spec.addresses or ()):
        if not is_cidr(address):
            review.invalid(f"spec.addresses[{index}]", address, "is no IP address or CIDR block", code=_CODE)
    _check_ports(spec, review)
    _check_resolution(spec, review)
    check_export(spec.export_to or [], "spec.exportTo", review, code=_CODE)


def _check_ports(spec: ServiceEntrySpec, review: Review) -> None:
    numbers = [(f"spec.ports[{index}].number", port.number) for index, port in enumerate(spec.ports or ())]
    numbers += [(f"spec.ports[{index}].targetPort", port.target_port) for index, port in enumerate(spec.ports or ()) if port.target_port]
    for index, entry in enumerate(spec.endpoints or ()):
        numbers += [(f"spec.endpoints[{index}].ports[{name}]", number) for name, number in (entry.ports or {}).items()]
    for path, number in numbers:
        for problem in port_number(number):
            review.invalid(path, number, problem, code=_CODE)
    names = [port.name for port in spec.ports or ()]
    for name in {name for name in names if names.count(name) > 1}:
        review.duplicate("spec.ports", name, code=_CODE)


def _check_resolution(spec: ServiceEntrySpec, review: Review) -> None:
    resolution = spec.resolution or "NONE"
    if resolution == "NONE" and spec.endpoints:
        review.forbidden("spec.endpoints", "no endpoints should be provided for resolution type none", code=_CODE)
    if resolution == "DYNAMIC_DNS":
        review.warn("HBK0290", "spec.resolution", "DYNAMIC_DNS is not implemented yet; it is taken as DNS.", "Write DNS.")
        return
    if resolution.startswith("DNS") and not spec.endpoints and any("*" in host for host in spec.hosts):
        review.invalid("spec.hosts", spec.hosts, "hosts must be FQDN if no endpoints are provided for resolution mode DNS", code=_CODE)
    for index, entry in enumerate(spec.endpoints or ()):
        if resolution == "STATIC" and not _is_address(entry.address or ""):
            review.invalid(f"spec.endpoints[{index}].address", entry.address, "must be an IP address for resolution STATIC", code=_CODE)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
