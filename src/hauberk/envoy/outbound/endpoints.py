"""Load assignments: the endpoints of a cluster, each with what reaches it.

An endpoint's metadata `envoy.transport_socket_match` says only what the endpoint takes; it is not made to follow DestinationRules
(as Istio does), because clusters with explicit settings do not look at it. So a rule change sends no endpoints.
"""

from dataclasses import dataclass

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.outbound.cluster_specs import cluster_name
from hauberk.model.service import Endpoint, Service, ServicePort
from hauberk.model.traffic import Subset
from hauberk.policy.auto_mtls import endpoint_takes_mtls, uses_original_destination
from hauberk.policy.selectors import selects
from hauberk.view.mesh_view import MeshView

__all__ = ["LoadAssignmentSpec", "Target", "build_load_assignment", "load_assignment_specs"]


@dataclass(frozen=True, slots=True)
class Target:
    """One endpoint of a cluster; `workload` is Istio's `name;namespace;canonical name;revision;cluster`, empty where there is none."""

    address: str
    port: int
    mtls: bool
    workload: str = ""


@dataclass(frozen=True, slots=True)
class LoadAssignmentSpec:
    """One load assignment, as a plain value: the key under which it is shared."""

    name: str
    targets: tuple[Target, ...]


def load_assignment_specs(view: MeshView, client_namespace: str, service: Service) -> list[LoadAssignmentSpec]:
    """The load assignments of a Service's clusters, for clients of one namespace (whose DestinationRule names the subsets)."""
    if service.dns_names:
        return []
    rule = view.destination_rule(client_namespace, service)
    subsets: list[Subset | None] = [None, *(subset for subset, _ in rule.subsets)] if rule else [None]
    return [
        _spec(view, service, port, subset) for port in service.ports if not uses_original_destination(service, port) for subset in subsets
    ]


def build_load_assignment(spec: LoadAssignmentSpec) -> m.ClusterLoadAssignment:
    """The load assignment; empty endpoints are sent too, since Envoy waits for an answer about each cluster."""
    assignment = m.ClusterLoadAssignment(cluster_name=spec.name)
    if spec.targets:
        assignment.endpoints.add(lb_endpoints=[_endpoint(target) for target in spec.targets])
    return assignment


def _spec(view: MeshView, service: Service, port: ServicePort, subset: Subset | None) -> LoadAssignmentSpec:
    targets = (
        _target(view, endpoint, port) for endpoint in view.endpoints_of(service.hostname) if subset is None or _in_subset(endpoint, subset)
    )
    name = cluster_name(port.number, subset.name if subset else "", service.hostname)
    return LoadAssignmentSpec(name, tuple(target for target in targets if target is not None))


def _in_subset(endpoint: Endpoint, subset: Subset) -> bool:
    labels = endpoint.workload.labels if endpoint.workload else {}
    return selects(dict(subset.labels), labels)


def _target(view: MeshView, endpoint: Endpoint, port: ServicePort) -> Target | None:
    number = endpoint.ports.get(port.name)
    if number is None:
        return None
    takes = endpoint_takes_mtls(view.peer_authentications, endpoint, number)
    workload = endpoint.workload
    described = f"{workload.name};{workload.namespace};{workload.canonical_name};;Kubernetes" if workload else ""
    return Target(endpoint.address, number, takes, described)


def _endpoint(target: Target) -> m.LbEndpoint:
    endpoint = m.LbEndpoint()
    address = endpoint.endpoint.address.socket_address
    address.address, address.port_value = target.address, target.port
    if target.workload:
        endpoint.metadata.filter_metadata["istio"].update({"workload": target.workload})
    if target.mtls:
        endpoint.metadata.filter_metadata[names.TRANSPORT_SOCKET_MATCH].update({"tlsMode": names.TLS_MODE_ISTIO})
    return endpoint
