"""Services, their ports and what stands behind them.

Protocol names follow Istio (pkg/config/protocol, pkg/config/kube/conversion.go).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from hauberk.model.objects import Labels, ObjectRef
from hauberk.model.workload import Workload

__all__ = [
    "EPOCH",
    "Endpoint",
    "EndpointSlice",
    "PortKind",
    "Protocol",
    "Resolution",
    "Service",
    "ServicePort",
    "SliceAddress",
    "protocol_of",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a creation time that is not known (files that were never applied)."""

_WELL_KNOWN_TCP_PORTS = frozenset({25, 53, 3306, 27017})
"""SMTP, DNS, MySQL, MongoDB: servers that speak first must not be sniffed (Istio conversion.go `wellKnownPorts`)."""


class PortKind(StrEnum):
    """How Envoy treats a port (facts/istio-mtls.md 1.3)."""

    HTTP = "http"
    TCP = "tcp"
    AUTO = "auto"
    """Nothing declared: told from the first bytes."""


class Protocol(StrEnum):
    """What a Service's port declares to speak."""

    HTTP = "http"
    HTTP2 = "http2"
    GRPC = "grpc"
    GRPC_WEB = "grpc-web"
    TCP = "tcp"
    TLS = "tls"
    HTTPS = "https"
    MONGO = "mongo"
    MYSQL = "mysql"
    REDIS = "redis"
    UDP = "udp"
    UNDECLARED = ""

    @property
    def kind(self) -> PortKind:
        """HTTP only where Envoy can read it: HTTPS and TLS are TCP to the mesh."""
        if self is Protocol.UNDECLARED:
            return PortKind.AUTO
        return PortKind.HTTP if self in _HTTP else PortKind.TCP

    @property
    def is_http2(self) -> bool:
        """Whether the server demands HTTP/2 (gRPC-Web also comes by HTTP/1.1)."""
        return self in {Protocol.HTTP2, Protocol.GRPC}


_HTTP = frozenset({Protocol.HTTP, Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB})
_APP_PROTOCOLS: Mapping[str, Protocol] = {
    "kubernetes.io/h2c": Protocol.HTTP2,
    "kubernetes.io/ws": Protocol.HTTP,
    "kubernetes.io/wss": Protocol.HTTPS,
}
_BY_NAME: Mapping[str, Protocol] = {protocol.value: protocol for protocol in Protocol if protocol is not Protocol.UNDECLARED}


def protocol_of(name: str, number: int, *, transport: str = "TCP", app_protocol: str | None = None) -> Protocol:
    """What a Service's port speaks, by Istio's rules: appProtocol, else the name up to its first dash, else the well-known number."""
    if transport == "UDP":
        return Protocol.UDP
    declared = (app_protocol if app_protocol is not None else name).lower()
    if declared in _APP_PROTOCOLS:
        return _APP_PROTOCOLS[declared]
    if declared.startswith("grpc-web"):
        return Protocol.GRPC_WEB
    protocol = _BY_NAME.get(declared.partition("-")[0])
    if protocol is not None:
        return protocol
    return Protocol.TCP if number in _WELL_KNOWN_TCP_PORTS else Protocol.UNDECLARED


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service. `target` is a number, or the name of a container port."""

    name: str
    number: int
    target: int | str
    protocol: Protocol

    @property
    def kind(self) -> PortKind:
        """How Envoy treats it."""
        return self.protocol.kind


class Resolution(StrEnum):
    """Where a Service's connections go."""

    ENDPOINTS = "ENDPOINTS"
    """To its EndpointSlices: Services of Kubernetes."""
    STATIC = "STATIC"
    """To the endpoints that its ServiceEntry lists."""
    DNS = "DNS"
    """To what its names resolve to."""
    NONE = "NONE"
    """To the address that the client had asked for."""


@dataclass(frozen=True, slots=True)
class Service:
    """A Kubernetes Service as the mesh sees it."""

    namespace: str
    name: str
    hostname: str
    """`<name>.<namespace>.svc.<cluster domain>`: the key by which everything else names it."""
    vip: str = ""
    """Cluster IP; empty for a headless Service."""
    ports: tuple[ServicePort, ...] = ()
    selector: Labels = field(default_factory=dict)
    created: datetime = EPOCH
    resolution: Resolution = Resolution.ENDPOINTS
    external: bool = False
    """Outside the mesh: nothing there answers its mutual TLS."""
    export_to: tuple[str, ...] = ()
    """Namespaces whose clients see it; empty: all."""
    dns_names: tuple[str, ...] = ()
    """What is resolved, for Resolution.DNS."""

    @property
    def from_entry(self) -> bool:
        """Whether a ServiceEntry declares it, so that it goes by its hostname alone."""
        return self.resolution is not Resolution.ENDPOINTS

    @property
    def ref(self) -> ObjectRef:
        """The Service."""
        return ObjectRef("Service", self.namespace, self.name)

    @property
    def headless(self) -> bool:
        """Whether names resolve to the pods themselves (`clusterIP: None`)."""
        return not self.vip

    def port(self, number: int) -> ServicePort | None:
        """The port with this Service port number."""
        return next((port for port in self.ports if port.number == number), None)

    def selects(self, workload: Workload) -> bool:
        """Whether the workload is behind it; a Service without selector selects none by itself."""
        if not self.selector or workload.namespace != self.namespace:
            return False
        return self.selector.items() <= workload.labels.items()

    def target_number(self, port: ServicePort, workload: Workload) -> int | None:
        """The workload's port behind `port`; None where it targets a name that the workload does not declare."""
        if isinstance(port.target, int):
            return port.target
        return next((declared.number for declared in workload.ports if declared.name == port.target), None)


@dataclass(frozen=True, slots=True)
class SliceAddress:
    """One address of an EndpointSlice; `pod` is empty where no Pod stands behind it."""

    address: str
    pod: str = ""
    ready: bool = True


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """An EndpointSlice: addresses behind the Service `service` of the same namespace, and its port numbers by port name."""

    namespace: str
    name: str
    service: str
    addresses: tuple[SliceAddress, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)

    @property
    def ref(self) -> ObjectRef:
        """The EndpointSlice."""
        return ObjectRef("EndpointSlice", self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A ready address of a Service, joined with the workload behind it (None: an address without a Pod, so without a sidecar)."""

    address: str
    ports: Mapping[str, int]
    """Workload port numbers by the name of the Service's port."""
    workload: Workload | None = None
