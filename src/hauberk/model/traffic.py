"""DestinationRule and Gateway (and, from routing.py, VirtualService), in the parts that are acted upon.

What a manifest holds beyond these is named by a finding when it is parsed (k8s/parse_traffic.py), never lost in silence.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hauberk.model.connections import ConnectionSettings
from hauberk.model.objects import LabelPairs, Labels, ObjectRef
from hauberk.model.routing import MESH_GATEWAY, HttpDestination, HttpMatch, HttpRoute, MatchKind, StringMatch, VirtualService
from hauberk.model.service import EPOCH

__all__ = [
    "EXPORT_ALL",
    "EXPORT_PRIVATE",
    "MESH_GATEWAY",
    "ClientTls",
    "DestinationRule",
    "Gateway",
    "GatewayServer",
    "HttpDestination",
    "HttpMatch",
    "HttpRoute",
    "MatchKind",
    "ServerTls",
    "ServerTlsMode",
    "StringMatch",
    "Subset",
    "TlsMode",
    "TrafficPolicy",
    "VirtualService",
]

EXPORT_ALL = "*"
EXPORT_PRIVATE = "."


class TlsMode(StrEnum):
    """What a client sends."""

    DISABLE = "DISABLE"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"


@dataclass(frozen=True, slots=True)
class ClientTls:
    """ClientTLSSettings. Paths are the sidecar's; ISTIO_MUTUAL uses the mesh's certificate and reads only `sni` and `subject_alt_names`."""

    mode: TlsMode
    client_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""
    """Empty: the operating system's bundle."""
    subject_alt_names: tuple[str, ...] = ()
    sni: str = ""
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """A traffic policy; `tls` None inherits.

    `port_tls` lists portLevelSettings by Service port: an entry replaces `tls` whole, None included.
    """

    tls: ClientTls | None = None
    port_tls: tuple[tuple[int, ClientTls | None], ...] = ()
    settings: ConnectionSettings = field(default=ConnectionSettings())
    port_settings: tuple[tuple[int, ConnectionSettings], ...] = ()
    """By Service port; an entry replaces `settings` whole."""


@dataclass(frozen=True, slots=True)
class Subset:
    """A named part of a Service's endpoints, by their labels."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    """Sorted pairs."""
    policy: TrafficPolicy | None = None


@dataclass(frozen=True, slots=True)
class DestinationRule:
    """A DestinationRule; `host` is resolved: a short name has become a fully qualified one."""

    namespace: str
    name: str
    host: str
    policy: TrafficPolicy | None = None
    subsets: tuple[Subset, ...] = ()
    export_to: tuple[str, ...] = ()
    """`*`, `.` or namespaces; empty means `*`."""
    created: datetime = EPOCH
    selector: LabelPairs = ()
    """Only for sidecars of its namespace with these labels."""

    @property
    def ref(self) -> ObjectRef:
        """The DestinationRule."""
        return ObjectRef("DestinationRule", self.namespace, self.name)

    @property
    def age_order(self) -> tuple[datetime, str, str]:
        """Sorts the oldest first."""
        return (self.created, self.name, self.namespace)


class ServerTlsMode(StrEnum):
    """What a gateway's server does with TLS."""

    PASSTHROUGH = "PASSTHROUGH"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    OPTIONAL_MUTUAL = "OPTIONAL_MUTUAL"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"
    AUTO_PASSTHROUGH = "AUTO_PASSTHROUGH"
    """Not built."""


@dataclass(frozen=True, slots=True)
class ServerTls:
    """TLS of a gateway's server. Versions are Envoy's words, empty for its defaults."""

    mode: ServerTlsMode = ServerTlsMode.PASSTHROUGH
    credential: str = ""
    """A Secret of the router's own namespace."""
    https_redirect: bool = False
    subject_alt_names: tuple[str, ...] = ()
    min_version: str = ""
    max_version: str = ""
    cipher_suites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewayServer:
    """A port that a gateway opens. `protocol` is the manifest's, upper case; `hosts` are without a `namespace/` prefix."""

    port: int
    protocol: str
    name: str = ""
    hosts: tuple[str, ...] = ("*",)
    tls: ServerTls | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """A Gateway: servers on the router pods that `selector` matches, in any namespace of the mesh."""

    namespace: str
    name: str
    selector: Labels = field(default_factory=dict)
    servers: tuple[GatewayServer, ...] = ()
    created: datetime = EPOCH

    @property
    def ref(self) -> ObjectRef:
        """The Gateway."""
        return ObjectRef("Gateway", self.namespace, self.name)

    @property
    def key(self) -> str:
        """How VirtualServices name it, resolved: `namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def age_order(self) -> tuple[datetime, str, str]:
        """Sorts the oldest first."""
        return (self.created, self.name, self.namespace)
