"""What goes into a view, and what comes out beside the new one."""

from collections.abc import Iterable
from dataclasses import dataclass

from hauberk.model.authorization import AuthorizationPolicy
from hauberk.model.mesh import MeshSettings, NamespaceOptions
from hauberk.model.objects import ObjectRef
from hauberk.model.secret import TlsCredential
from hauberk.model.security import PeerAuthentication
from hauberk.model.service import EndpointSlice, Service
from hauberk.model.service_entry import ServiceEntry
from hauberk.model.sidecar import Sidecar
from hauberk.model.traffic import DestinationRule, Gateway, VirtualService
from hauberk.model.workload import Workload

__all__ = ["Affected", "Change", "Delete", "ModelObject", "Put", "WorkloadKey"]

ModelObject = (
    Workload
    | Service
    | EndpointSlice
    | PeerAuthentication
    | AuthorizationPolicy
    | DestinationRule
    | VirtualService
    | Gateway
    | TlsCredential
    | ServiceEntry
    | Sidecar
    | NamespaceOptions
    | MeshSettings
)
WorkloadKey = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Put:
    """An object was created or replaced."""

    obj: ModelObject


@dataclass(frozen=True, slots=True)
class Delete:
    """An object is gone."""

    ref: ObjectRef


Change = Put | Delete


@dataclass(frozen=True, slots=True)
class Affected:
    """Which resources may differ from those of the view before; what is not named is certainly the same.

    Hosts are hostnames of Services; ports are Service port numbers; workloads are those whose own (inbound) side may differ.
    """

    clusters: frozenset[str] = frozenset()
    endpoints: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()
    """Listeners, route configurations and all virtual hosts of these ports."""
    listeners: frozenset[int] = frozenset()
    """Only listeners, and whether there is a route configuration, of these ports."""
    virtual_hosts: frozenset[str] = frozenset()
    """Virtual hosts of these hosts, on all their ports."""
    workloads: frozenset[WorkloadKey] = frozenset()
    routers: bool = False
    """Gateways' listeners and routes."""
    sidecars: bool = False
    """What clients are told of at all."""
    everything: bool = False

    def __bool__(self) -> bool:
        """Whether anything may differ."""
        sets = (self.clusters, self.endpoints, self.ports, self.listeners, self.virtual_hosts, self.workloads)
        return any(sets) or self.routers or self.sidecars or self.everything

    def __or__(self, other: "Affected") -> "Affected":
        """What either names: for changes that are handed on together."""
        return Affected(
            clusters=self.clusters | other.clusters,
            endpoints=self.endpoints | other.endpoints,
            ports=self.ports | other.ports,
            listeners=self.listeners | other.listeners,
            virtual_hosts=self.virtual_hosts | other.virtual_hosts,
            workloads=self.workloads | other.workloads,
            routers=self.routers or other.routers,
            sidecars=self.sidecars or other.sidecars,
            everything=self.everything or other.everything,
        )

    @classmethod
    def union(cls, parts: Iterable["Affected"]) -> "Affected":
        """All of `parts` together."""
        whole = cls()
        for part in parts:
            whole |= part
        return whole
