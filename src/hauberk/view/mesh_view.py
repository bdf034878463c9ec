"""MeshView: everything that policy and configuration look up about one mesh."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hauberk.model.mesh import InboundProtocol, MeshSettings
from hauberk.model.objects import ObjectRef
from hauberk.model.secret import TlsCredential
from hauberk.model.service import Endpoint, EndpointSlice, Service
from hauberk.model.sidecar import Sidecar
from hauberk.model.traffic import DestinationRule, Gateway, VirtualService
from hauberk.model.workload import Workload
from hauberk.policy.authorization import AuthorizationIndex, WorkloadAuthorization
from hauberk.policy.destination_rules import DestinationRuleIndex, MergedRule
from hauberk.policy.mtls import PeerAuthenticationIndex, WorkloadModes, workload_modes
from hauberk.policy.selectors import selects
from hauberk.view.changes import ModelObject, WorkloadKey

__all__ = ["Inventory", "MeshView", "SelectorKey", "empty_view", "selector_key"]

Inventory = Mapping[str, Mapping[ObjectRef, ModelObject]]
"""Objects by kind and reference, of all namespaces: a namespace that joins later needs no new list."""


SelectorKey = tuple[str, str, str]
"""Namespace, and key and value of a label."""


def selector_key(service: Service) -> SelectorKey | None:
    """Under which a Service is found by the pods that it may select; None for one without selector."""
    return (service.namespace, *min(service.selector.items())) if service.selector else None


@dataclass(frozen=True, slots=True)
class MeshView:
    """One mesh at one moment. Indexes hold only objects of its members and its root namespace.

    Views share every part that did not change, so `old.endpoints is new.endpoints` says that none did.
    """

    settings: MeshSettings
    inventory: Inventory = field(default_factory=dict, repr=False)
    services: Mapping[str, Service] = field(default_factory=dict)
    """By hostname."""
    selecting: Mapping[SelectorKey, tuple[Service, ...]] = field(default_factory=dict, repr=False)
    """Those with a selector, by namespace and the first label that it asks for."""
    slices: Mapping[str, tuple[EndpointSlice, ...]] = field(default_factory=dict, repr=False)
    """By the hostname of the Service that they belong to, which may not exist (yet)."""
    endpoints: Mapping[str, tuple[Endpoint, ...]] = field(default_factory=dict)
    """Ready ones, by hostname, sorted by address."""
    workloads: Mapping[WorkloadKey, Workload] = field(default_factory=dict)
    addresses: Mapping[str, Workload] = field(default_factory=dict, repr=False)
    """Workloads by IP address."""
    peer_authentications: PeerAuthenticationIndex = field(default_factory=PeerAuthenticationIndex)
    credentials: Mapping[WorkloadKey, TlsCredential] = field(default_factory=dict, repr=False)
    """Certificates in Secrets, by namespace and name."""
    namespaces: Mapping[str, InboundProtocol] = field(default_factory=dict)
    """`hauberk.io/inbound` of the namespaces that say something."""
    authorizations: AuthorizationIndex = field(default_factory=AuthorizationIndex)
    destination_rules: DestinationRuleIndex = field(default_factory=lambda: DestinationRuleIndex(""))
    virtual_services: tuple[VirtualService, ...] = ()
    """Oldest first."""
    gateways: tuple[Gateway, ...] = ()
    """Oldest first."""
    sidecars: tuple[Sidecar, ...] = ()
    """Oldest first."""
    selecting_rules: Mapping[str, tuple[DestinationRule, ...]] = field(default_factory=dict)
    """By namespace all DestinationRules of those in which one selects clients; `destination_rules` has only those that do not."""

    def workload(self, namespace: str, name: str) -> Workload | None:
        """The workload of a pod of this mesh."""
        return self.workloads.get((namespace, name))

    def endpoints_of(self, hostname: str) -> tuple[Endpoint, ...]:
        """The ready endpoints of a Service."""
        return self.endpoints.get(hostname, ())

    def modes(self, workload: Workload) -> WorkloadModes:
        """What `workload` accepts on its ports, and which objects decided."""
        return workload_modes(self.peer_authentications, workload)

    def inbound_protocol(self, workload: Workload) -> InboundProtocol:
        """How what comes in to `workload` is forwarded: as its pod says, else its namespace, else the mesh."""
        return workload.inbound or self.namespaces.get(workload.namespace) or self.settings.inbound

    def authorization(self, workload: Workload) -> WorkloadAuthorization:
        """What AuthorizationPolicies ask of calls to `workload`."""
        return self.authorizations.for_workload(workload.namespace, workload.labels)

    def destination_rule(self, client_namespace: str, service: Service) -> MergedRule | None:
        """The DestinationRule that a client follows towards `service`."""
        return self.destination_rules.lookup(client_namespace, service)

    def services_of(self, workload: Workload) -> tuple[Service, ...]:
        """The Services that select `workload`, oldest first: where two declare one port, the older one counts."""
        keys = ((workload.namespace, *label) for label in workload.labels.items())
        found = (service for key in keys for service in self.selecting.get(key, ()) if service.selects(workload))
        return tuple(sorted(found, key=lambda service: (service.created, service.name)))

    def identities(self, hostname: str) -> tuple[str, ...]:
        """The SPIFFE IDs that may answer for a Service (secure naming): those of its endpoints' service accounts, sorted.

        Each in our trust domain and in every alias.
        """
        workloads = [endpoint.workload for endpoint in self.endpoints_of(hostname) if endpoint.workload is not None]
        return tuple(sorted({str(workload.identity(domain)) for workload in workloads for domain in self.settings.trust_domains}))

    def gateways_of(self, workload_labels: Mapping[str, str]) -> tuple[Gateway, ...]:
        """The Gateways that configure a router with these labels, oldest first; one without selector configures all."""
        return tuple(gateway for gateway in self.gateways if selects(gateway.selector, workload_labels))

    def workloads_in(self, namespaces: Iterable[str] | None = None) -> Iterator[Workload]:
        """The workloads of some namespaces, or of all."""
        wanted = None if namespaces is None else set(namespaces)
        return (workload for workload in self.workloads.values() if wanted is None or workload.namespace in wanted)


def empty_view(settings: MeshSettings) -> MeshView:
    """A mesh of which nothing is known but its settings."""
    return MeshView(settings, destination_rules=DestinationRuleIndex(settings.root_namespace))
