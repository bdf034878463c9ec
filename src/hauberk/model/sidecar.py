"""Sidecar: what the sidecars of a namespace, or some of them, are told about the mesh."""

from dataclasses import dataclass
from datetime import datetime

from hauberk.model.mesh import OutboundPolicy
from hauberk.model.objects import LabelPairs, ObjectRef
from hauberk.model.service import EPOCH

__all__ = ["ANY_NAMESPACE", "NO_NAMESPACE", "EgressHost", "Sidecar"]

ANY_NAMESPACE = "*"
NO_NAMESPACE = "~"
"""Hosts of no namespace: the workload calls nobody."""


@dataclass(frozen=True, slots=True)
class EgressHost:
    """Hosts (`*`, `*.suffix` or one name) of what one namespace declares; `.` is resolved already."""

    namespace: str
    host: str


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A Sidecar; without `selector` (sorted pairs) it is for the whole namespace, in the root namespace for the whole mesh.

    `egress` None: everything is to be seen. `outbound_policy` None: the mesh's own.
    """

    namespace: str
    name: str
    selector: LabelPairs = ()
    egress: tuple[EgressHost, ...] | None = None
    outbound_policy: OutboundPolicy | None = None
    created: datetime = EPOCH

    @property
    def ref(self) -> ObjectRef:
        """The Sidecar."""
        return ObjectRef("Sidecar", self.namespace, self.name)

    @property
    def age_order(self) -> tuple[datetime, str, str]:
        """Sorts the oldest first."""
        return (self.created, self.name, self.namespace)
