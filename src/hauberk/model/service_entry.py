"""ServiceEntry: hosts that Kubernetes does not know, inside or outside the mesh."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hauberk.model.objects import ObjectRef
from hauberk.model.service import EPOCH, Resolution, Service, ServicePort

__all__ = ["EntryEndpoint", "ServiceEntry"]


@dataclass(frozen=True, slots=True)
class EntryEndpoint:
    """An address (a name, where names are resolved) and its own port numbers by port name."""

    address: str
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A ServiceEntry; every host is a Service of the mesh."""

    namespace: str
    name: str
    hosts: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    """Without prefix lengths: single addresses by which clients call it."""
    ports: tuple[ServicePort, ...] = ()
    external: bool = True
    resolution: Resolution = Resolution.NONE
    endpoints: tuple[EntryEndpoint, ...] = ()
    export_to: tuple[str, ...] = ()
    created: datetime = EPOCH

    @property
    def ref(self) -> ObjectRef:
        """The ServiceEntry."""
        return ObjectRef("ServiceEntry", self.namespace, self.name)

    def services(self) -> tuple[Service, ...]:
        """The Services that it stands for, one a host."""
        return tuple(self._service(host) for host in self.hosts)

    def _service(self, host: str) -> Service:
        names = tuple(endpoint.address for endpoint in self.endpoints) or (host,)
        return Service(
            namespace=self.namespace,
            name=self.name,
            hostname=host,
            vip=self.addresses[0] if self.addresses else "",
            ports=self.ports,
            created=self.created,
            resolution=self.resolution,
            external=self.external,
            export_to=self.export_to,
            dns_names=names if self.resolution is Resolution.DNS else (),
        )
