"""Workloads: what runs and is reached, one a pod."""

from dataclasses import dataclass, field

from hauberk import names
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.model.mesh import InboundProtocol
from hauberk.model.objects import Labels, ObjectRef

__all__ = ["ContainerPort", "Workload"]


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port that a container declares; `name` is empty where it has none. Only for Services that target a port by name."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Workload:
    """A pod with an address."""

    namespace: str
    name: str
    address: str
    """IP address; never empty."""
    service_account: str = "default"
    labels: Labels = field(default_factory=dict)
    ports: tuple[ContainerPort, ...] = ()
    tls_mode: str = ""
    """Label security.istio.io/tlsMode: `istio` where a sidecar answers mesh mTLS; empty or `disabled` otherwise (plaintext)."""
    node: str = ""
    canonical_name: str = ""
    """The name that telemetry groups by: label service.istio.io/canonical-name, else app, else the workload's own."""

    inbound: InboundProtocol | None = None
    """What its pod says by `hauberk.io/inbound`."""

    @property
    def ref(self) -> ObjectRef:
        """The Pod."""
        return ObjectRef("Pod", self.namespace, self.name)

    @property
    def has_sidecar(self) -> bool:
        """Whether it answers mesh mTLS."""
        return self.tls_mode == names.TLS_MODE_ISTIO

    def identity(self, trust_domain: TrustDomain) -> SpiffeId:
        """The SPIFFE ID that its certificate bears."""
        return SpiffeId.for_workload(trust_domain, self.namespace, self.service_account)
