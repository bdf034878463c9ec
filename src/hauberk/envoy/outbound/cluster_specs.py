"""What a cluster is to be, as a plain value: the decisions, before any protobuf.

Equal specs make equal bytes, so a spec is the key under which a built cluster is shared between proxies.
"""

from dataclasses import dataclass, field

from hauberk.model.connections import ConnectionSettings
from hauberk.model.service import Service, ServicePort
from hauberk.model.traffic import ClientTls
from hauberk.policy.auto_mtls import auto_mtls_possible, uses_original_destination
from hauberk.policy.destination_rules import MergedRule, client_settings, client_tls
from hauberk.view.mesh_view import MeshView

__all__ = ["ClusterSpec", "cluster_name", "cluster_specs", "sni_of"]


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """One outbound cluster: a port of a Service, or a subset of it, as one client namespace sees it."""

    hostname: str
    namespace: str
    service: str
    port: int
    subset: str
    http: bool
    http2: bool
    original_destination: bool
    auto_mtls: bool
    """Offer mTLS to the endpoints that take it; only where `tls` is None."""
    tls: ClientTls | None
    """What a DestinationRule says."""
    identities: tuple[str, ...]
    trust_domain: str
    os_ca_bundle: str
    trust_domain_aliases: tuple[str, ...] = ()
    post_quantum: bool = False
    settings: ConnectionSettings = field(default=ConnectionSettings())
    dns: tuple[tuple[str, int], ...] = ()
    """Names to resolve, with their ports; instead of endpoints."""

    @property
    def trust_domains(self) -> tuple[str, ...]:
        """The mesh's own, then its aliases."""
        return (self.trust_domain, *self.trust_domain_aliases)

    @property
    def name(self) -> str:
        """`outbound|9080|v1|reviews.bookinfo.svc.cluster.local`."""
        return cluster_name(self.port, self.subset, self.hostname)

    @property
    def sni(self) -> str:
        """The server name of mesh mTLS."""
        return (self.tls.sni if self.tls else "") or sni_of(self.port, self.subset, self.hostname)


def cluster_name(port: int, subset: str, hostname: str) -> str:
    """Istio's name of an outbound cluster (model/service.go `BuildSubsetKey`)."""
    return f"outbound|{port}|{subset}|{hostname}"


def sni_of(port: int, subset: str, hostname: str) -> str:
    """Istio's server name (model/service.go `BuildDNSSrvSubsetKey`): `outbound_.9080_._.reviews.bookinfo.svc.cluster.local`."""
    return f"outbound_.{port}_.{subset}_.{hostname}"


def cluster_specs(view: MeshView, client_namespace: str, service: Service) -> list[ClusterSpec]:
    """The clusters of a Service for clients of one namespace: each port, then each port's subsets."""
    rule = view.destination_rule(client_namespace, service)
    identities = view.identities(service.hostname)
    subsets = ["", *(subset.name for subset, _ in rule.subsets)] if rule else [""]
    return [_spec(view, service, port, subset=subset, rule=rule, identities=identities) for port in service.ports for subset in subsets]


def _spec(
    view: MeshView, service: Service, port: ServicePort, *, subset: str, rule: MergedRule | None, identities: tuple[str, ...]
) -> ClusterSpec:
    settings = view.settings
    tls = client_tls(rule, port.number, subset).settings
    endpoints = view.endpoints_of(service.hostname)
    auto = tls is None and auto_mtls_possible(view.peer_authentications, service, port, endpoints, enabled=settings.auto_mtls)
    return ClusterSpec(
        hostname=service.hostname,
        namespace=service.namespace,
        service=service.name,
        port=port.number,
        subset=subset,
        http=port.protocol.kind == "http",
        http2=port.protocol.is_http2,
        original_destination=uses_original_destination(service, port),
        auto_mtls=auto,
        tls=tls,
        identities=(tls.subject_alt_names if tls else ()) or identities,
        trust_domain=settings.trust_domain.name,
        os_ca_bundle=settings.os_ca_bundle,
        post_quantum=settings.tls.post_quantum,
        trust_domain_aliases=tuple(domain.name for domain in settings.trust_domain_aliases),
        settings=client_settings(rule, port.number, subset),
        dns=tuple((name, port.target if isinstance(port.target, int) else port.number) for name in service.dns_names),
    )
