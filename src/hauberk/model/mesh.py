"""The settings of one mesh: what its ServiceMeshControlPlane and member roll say."""

from dataclasses import dataclass, field
from enum import StrEnum

from hauberk import names
from hauberk.model.identity import TrustDomain
from hauberk.model.objects import ObjectRef
from hauberk.model.tls import MeshTls

__all__ = ["InboundProtocol", "MeshSettings", "NamespaceOptions", "OutboundPolicy"]

_DEFAULT_TRUST_DOMAIN = TrustDomain(names.DEFAULT_TRUST_DOMAIN)


class OutboundPolicy(StrEnum):
    """What a sidecar does with connections to hosts that the mesh does not know."""

    ALLOW_ANY = "ALLOW_ANY"
    REGISTRY_ONLY = "REGISTRY_ONLY"


class InboundProtocol(StrEnum):
    """How a sidecar forwards what comes in."""

    AUTO = "auto"
    """As bytes, unless something needs requests to be read."""
    HTTP = "http"
    """Requests are read wherever the port speaks HTTP: X-Forwarded-Client-Cert and counts by response."""
    TCP = "tcp"
    """Always as bytes; rules about requests then allow nothing and deny everything that they could."""

    @classmethod
    def parse(cls, text: str) -> "InboundProtocol | None":
        """The value of `hauberk.io/inbound`; None where there is none that we know."""
        return next((choice for choice in cls if choice == text.strip().lower()), None)


@dataclass(frozen=True, slots=True)
class NamespaceOptions:
    """What a Namespace says about all its workloads."""

    name: str
    inbound: InboundProtocol | None = None

    @property
    def ref(self) -> ObjectRef:
        """The Namespace: it counts as in itself, so that a mesh sees it with its members."""
        return ObjectRef("Namespace", self.name, self.name)


@dataclass(frozen=True, slots=True)
class MeshSettings:
    """One mesh. Defaults are Istio's and OpenShift Service Mesh's."""

    root_namespace: str
    """The control plane's namespace; policies in it without selector are mesh-wide."""
    name: str
    trust_domain: TrustDomain = _DEFAULT_TRUST_DOMAIN
    trust_domain_aliases: tuple[TrustDomain, ...] = ()
    """Other trust domains whose identities are taken as our own (trust.additionalDomains); their certificates must lead to our roots."""
    auto_mtls: bool = True
    outbound_policy: OutboundPolicy = OutboundPolicy.ALLOW_ANY
    auto_inject: bool = False
    """`proxy.injection.autoInject`; off means that a pod asks for its sidecar by `sidecar.istio.io/inject: "true"`."""
    members: frozenset[str] = frozenset()
    """Member namespaces; the root namespace belongs to the mesh without being listed."""
    tls: MeshTls = field(default=MeshTls())
    """`controlPlane.tls`: versions, cipher suites and curves of the mesh's servers."""
    cluster_wide: bool = False
    """`spec.mode: ClusterWide`: it sees every namespace; sidecars still are its members' alone."""
    inbound: InboundProtocol = InboundProtocol.AUTO
    os_ca_bundle: str = "/etc/ssl/certs/ca-certificates.crt"
    """The operating system's roots as the sidecar sees them, for DestinationRules that name none (Debian's path; others differ)."""

    @property
    def ref(self) -> ObjectRef:
        """The ServiceMeshControlPlane."""
        return ObjectRef("ServiceMeshControlPlane", self.root_namespace, self.name)

    @property
    def trust_domains(self) -> tuple[TrustDomain, ...]:
        """Our own first, then the aliases."""
        return (self.trust_domain, *self.trust_domain_aliases)

    def sees(self, namespace: str) -> bool:
        """Whether objects of this namespace are part of the mesh."""
        return self.cluster_wide or namespace == self.root_namespace or namespace in self.members
