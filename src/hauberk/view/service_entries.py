"""ServiceEntries as Services and endpoints of the view."""

from collections.abc import Iterable, Mapping

from hauberk.model.service import Endpoint, Resolution, Service, ServicePort
from hauberk.model.service_entry import EntryEndpoint, ServiceEntry
from hauberk.model.workload import Workload

__all__ = ["entry_endpoints", "entry_services"]


def entry_services(entries: Iterable[ServiceEntry]) -> dict[str, Service]:
    """By host; of two entries for one host the older one counts."""
    found: dict[str, Service] = {}
    for entry in sorted(entries, key=lambda entry: (entry.created, entry.name, entry.namespace)):
        for service in entry.services():
            found.setdefault(service.hostname, service)
    return found


def entry_endpoints(entries: Iterable[ServiceEntry], addresses: Mapping[str, Workload]) -> dict[str, tuple[Endpoint, ...]]:
    """Static endpoints by host, joined with the pod of the same address where the entry is inside the mesh."""
    found: dict[str, tuple[Endpoint, ...]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.created, entry.name, entry.namespace)):
        if entry.resolution is Resolution.STATIC:
            endpoints = tuple(
                Endpoint(
                    endpoint.address,
                    {port.name: _number(endpoint, port) for port in entry.ports},
                    None if entry.external else addresses.get(endpoint.address),
                )
                for endpoint in entry.endpoints
            )
            for host in entry.hosts:
                found.setdefault(host, endpoints)
    return found


def _number(endpoint: EntryEndpoint, port: ServicePort) -> int:
    own = endpoint.ports.get(port.name)
    return own if own is not None else port.target if isinstance(port.target, int) else port.number
