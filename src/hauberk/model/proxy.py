"""An Envoy of the mesh: which pod's, and in which role."""

from dataclasses import dataclass, field
from enum import StrEnum

from hauberk import names
from hauberk.errors import ConfigError
from hauberk.model.objects import Labels
from hauberk.model.workload import Workload

__all__ = ["NodeId", "Proxy", "ProxyKind", "parse_node_id"]


class ProxyKind(StrEnum):
    """The role that the first part of Istio's node id names."""

    SIDECAR = "sidecar"
    ROUTER = "router"
    """A gateway: nothing is redirected, it listens where Gateways say."""


@dataclass(frozen=True, slots=True)
class NodeId:
    """What a node id says: a claim, to be checked against the certificate."""

    kind: ProxyKind
    address: str
    name: str
    namespace: str

    def __str__(self) -> str:
        """`sidecar~<pod address>~<pod>.<namespace>~<namespace>.svc.cluster.local`, as Istio's."""
        return f"{self.kind}~{self.address}~{self.name}.{self.namespace}~{self.namespace}.svc.{names.CLUSTER_DOMAIN}"


def parse_node_id(text: str) -> NodeId:
    """The inverse of `str(NodeId)`; pod names may hold dots, namespaces may not.

    Raises: ConfigError.
    """
    parts = text.split("~")
    kinds = [kind for kind in ProxyKind if kind == parts[0]]
    name, _, namespace = parts[2].rpartition(".") if len(parts) == 4 else ("", "", "")
    if not kinds or not name or not namespace:
        raise ConfigError(f'Node id "{text}" cannot be read. Write sidecar~<pod address>~<pod>.<namespace>~<namespace>.svc.cluster.local.')
    return NodeId(kinds[0], parts[1], name, namespace)


@dataclass(frozen=True, slots=True)
class Proxy:
    """One Envoy, known by its pod."""

    kind: ProxyKind
    namespace: str
    name: str
    address: str
    labels: Labels = field(default_factory=dict)
    service_account: str = "default"

    @classmethod
    def of(cls, kind: ProxyKind, workload: Workload) -> "Proxy":
        """The proxy beside `workload`."""
        return cls(kind, workload.namespace, workload.name, workload.address, workload.labels, workload.service_account)

    @property
    def node_id(self) -> str:
        """What it calls itself towards discovery."""
        return str(NodeId(self.kind, self.address, self.name, self.namespace))
