"""Joins EndpointSlices with the workloads behind them."""

from collections.abc import Iterable, Mapping

from hauberk.model.service import Endpoint, EndpointSlice
from hauberk.model.workload import Workload
from hauberk.view.changes import WorkloadKey

__all__ = ["join_endpoints"]


def join_endpoints(slices: Iterable[EndpointSlice], workloads: Mapping[WorkloadKey, Workload]) -> tuple[Endpoint, ...]:
    """The ready endpoints of one Service, sorted by address, each address once.

    An address whose Pod is not known yet is held back: taken without its labels it would count as having no sidecar, and
    clients would send it plaintext until the Pod is seen.
    """
    found: dict[str, Endpoint] = {}
    for piece in sorted(slices, key=lambda piece: piece.name):
        for address in piece.addresses:
            if not address.ready:
                continue
            workload = workloads.get((piece.namespace, address.pod)) if address.pod else None
            if address.pod and workload is None:
                continue
            known = found.get(address.address)
            # A Service whose pods differ in a named target port has one slice for each set of numbers.
            ports = {**known.ports, **piece.ports} if known else piece.ports
            found[address.address] = Endpoint(address.address, ports, workload)
    return tuple(found[address] for address in sorted(found))
