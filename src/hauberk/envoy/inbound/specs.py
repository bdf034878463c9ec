"""What the inbound side of a workload is to be, as a plain value: its ports, their kinds and modes.

Two workloads of one shape have equal specs and so share their listener's bytes.
"""

from dataclasses import dataclass, field

from hauberk.model.mesh import InboundProtocol
from hauberk.model.security import MtlsMode
from hauberk.model.service import PortKind
from hauberk.model.tls import MeshTls
from hauberk.model.workload import Workload
from hauberk.policy.authorization import WorkloadAuthorization, needs_http
from hauberk.view.mesh_view import MeshView

__all__ = ["InboundPort", "InboundSpec", "inbound_spec"]


@dataclass(frozen=True, slots=True, order=True)
class InboundPort:
    """A workload port. `declared`: a Service targets it; the others are there because a policy names them."""

    number: int
    kind: PortKind
    mode: MtlsMode
    http2: bool = False
    declared: bool = True


@dataclass(frozen=True, slots=True)
class InboundSpec:
    """`ports` sorted by number; `mode` is for all others."""

    trust_domain: str
    mode: MtlsMode
    ports: tuple[InboundPort, ...] = ()
    aliases: tuple[str, ...] = ()
    """Trust domains that count as ours."""
    tls: MeshTls = field(default=MeshTls())
    http: bool = False
    """Read requests, where the port speaks HTTP; else everything is forwarded as bytes."""
    authorization: WorkloadAuthorization = field(default_factory=WorkloadAuthorization)

    @property
    def trust_domains(self) -> tuple[str, ...]:
        """The mesh's own, then its aliases."""
        return (self.trust_domain, *self.aliases)

    @property
    def declared(self) -> tuple[InboundPort, ...]:
        """The ports that a Service targets."""
        return tuple(port for port in self.ports if port.declared)


def inbound_spec(view: MeshView, workload: Workload) -> InboundSpec:
    """The inbound side of `workload`. Where two Services declare one port, the older Service's protocol counts (facts 1.3)."""
    modes = view.modes(workload)
    ports: dict[int, InboundPort] = {}
    for service in view.services_of(workload):
        for port in service.ports:
            number = service.target_number(port, workload)
            if number is not None and number not in ports:
                ports[number] = InboundPort(number, port.kind, modes.for_port(number).mode, http2=port.protocol.is_http2)
    for number, decision in modes.ports.items():
        if number not in ports:
            ports[number] = InboundPort(number, PortKind.AUTO, decision.mode, declared=False)
    settings = view.settings
    authorization = view.authorization(workload)
    choice = view.inbound_protocol(workload)
    return InboundSpec(
        trust_domain=settings.trust_domain.name,
        mode=modes.workload.mode,
        ports=tuple(ports[number] for number in sorted(ports)),
        aliases=tuple(domain.name for domain in settings.trust_domain_aliases),
        tls=settings.tls,
        http=choice is InboundProtocol.HTTP or (choice is InboundProtocol.AUTO and needs_http(authorization)),
        authorization=authorization,
    )
