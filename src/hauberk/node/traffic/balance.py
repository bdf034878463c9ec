"""Services and EndpointSlices -> what each Service VIP is translated to. No I/O. Source: kube-proxy's rules, without affinity."""

from collections.abc import Iterable
from typing import Literal

from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.node.linux.vips import ServiceVip

__all__ = ["plan_vips"]

_LABEL_SERVICE = "kubernetes.io/service-name"


def plan_vips(services: Iterable[Manifest], slices: Iterable[Manifest]) -> list[ServiceVip]:
    """One VIP for each port of each Service that has an address; its endpoints are the ready ones, sorted.

    An EndpointSlice's port belongs to the Service's port of the same name. Protocols other than TCP and UDP are left out.
    """
    slices_of: dict[tuple[str, str], list[Manifest]] = {}
    for endpoint_slice in slices:
        owner = (endpoint_slice["metadata"].get("labels") or {}).get(_LABEL_SERVICE, "")
        slices_of.setdefault((namespace_of(endpoint_slice), owner), []).append(endpoint_slice)
    vips = []
    for service in services:
        spec = service.get("spec") or {}
        address = spec.get("clusterIP")
        if not address or address == "None":
            continue
        own = slices_of.get((namespace_of(service), name_of(service)), [])
        for port in spec.get("ports") or []:
            protocol = _protocol(port)
            if protocol:
                vips.append(ServiceVip(address, int(port["port"]), protocol, _endpoints(port, own)))
    return vips


def _endpoints(port: Manifest, slices: Iterable[Manifest]) -> tuple[tuple[str, int], ...]:
    found = {
        (address, int(slice_port["port"]))
        for endpoint_slice in slices
        for slice_port in endpoint_slice.get("ports") or []
        if (slice_port.get("name") or "") == (port.get("name") or "") and _protocol(slice_port) == _protocol(port)
        for endpoint in endpoint_slice.get("endpoints") or []
        if (endpoint.get("conditions") or {}).get("ready") is not False
        for address in endpoint.get("addresses") or []
    }
    return tuple(sorted(found))


def _protocol(port: Manifest) -> Literal["TCP", "UDP"] | None:
    protocol = port.get("protocol") or "TCP"
    return "TCP" if protocol == "TCP" else "UDP" if protocol == "UDP" else None
