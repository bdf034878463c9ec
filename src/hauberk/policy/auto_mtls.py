"""Auto mTLS: what a client sends where no DestinationRule says so, decided for each endpoint.

Source: Istio core/cluster_tls.go `buildUpstreamTLSSettings`, model/push_context.go `BestEffortInferServiceMTLSMode`,
xds/endpoints/mtls_checker.go (facts/istio-mtls.md 2.1).
"""

from collections.abc import Sequence

from hauberk.model.security import MtlsMode
from hauberk.model.service import Endpoint, PortKind, Resolution, Service, ServicePort
from hauberk.model.traffic import ClientTls, TlsMode
from hauberk.policy.mtls import PeerAuthenticationIndex, namespace_mode, workload_modes

__all__ = ["auto_mtls_possible", "endpoint_takes_mtls", "sends_mtls", "uses_original_destination"]


def uses_original_destination(service: Service, port: ServicePort) -> bool:
    """Whether connections go to the very address that the client chose: headless TCP, where pods are not interchangeable."""
    if service.from_entry:
        return service.resolution is Resolution.NONE
    return service.headless and port.kind is not PortKind.HTTP


def endpoint_takes_mtls(index: PeerAuthenticationIndex, endpoint: Endpoint, port: int) -> bool:
    """Whether `endpoint` answers mesh mTLS on the workload port `port`: it has a sidecar, and its policy is not DISABLE there."""
    workload = endpoint.workload
    if workload is None or not workload.has_sidecar:
        return False
    return workload_modes(index, workload).for_port(port).mode is not MtlsMode.DISABLE


def auto_mtls_possible(
    index: PeerAuthenticationIndex, service: Service, port: ServicePort, endpoints: Sequence[Endpoint], *, enabled: bool
) -> bool:
    """Whether the client's cluster offers mTLS at all when no DestinationRule decides.

    Looks at namespace and mesh policies only; workloads and ports are told apart by endpoint. Where the destination is the
    client's choice there is no endpoint to tell apart, so it is all or nothing: mTLS only if every endpoint takes it.
    """
    if not enabled or service.external:
        return False
    if uses_original_destination(service, port):
        targets = [(endpoint, endpoint.ports.get(port.name)) for endpoint in endpoints]
        if not targets or not all(number is not None and endpoint_takes_mtls(index, endpoint, number) for endpoint, number in targets):
            return False
    return namespace_mode(index, service.namespace).mode is not MtlsMode.DISABLE


def sends_mtls(settings: ClientTls | None, *, auto: bool, endpoint_takes: bool) -> bool:
    """Whether a client sends mesh mTLS to one endpoint: explicit settings decide alone, else auto mTLS and the endpoint together."""
    if settings is not None:
        return settings.mode is TlsMode.ISTIO_MUTUAL
    return auto and endpoint_takes
