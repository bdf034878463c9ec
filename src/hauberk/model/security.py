"""PeerAuthentication: what inbound connections a workload accepts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hauberk.model.objects import Labels, ObjectRef
from hauberk.model.service import EPOCH

__all__ = ["MtlsMode", "PeerAuthentication"]


class MtlsMode(StrEnum):
    """Istio's modes; UNSET inherits from the wider scope."""

    UNSET = "UNSET"
    DISABLE = "DISABLE"
    PERMISSIVE = "PERMISSIVE"
    STRICT = "STRICT"


@dataclass(frozen=True, slots=True)
class PeerAuthentication:
    """One policy. An empty `selector` means the whole namespace, or the whole mesh in its root namespace."""

    namespace: str
    name: str
    mode: MtlsMode = MtlsMode.UNSET
    selector: Labels = field(default_factory=dict)
    port_modes: Mapping[int, MtlsMode] = field(default_factory=dict)
    """By workload port (not the Service's)."""
    created: datetime = EPOCH

    @property
    def ref(self) -> ObjectRef:
        """The PeerAuthentication."""
        return ObjectRef("PeerAuthentication", self.namespace, self.name)

    @property
    def age_order(self) -> tuple[datetime, str, str]:
        """Sorts the oldest first, as Istio does (model/config.go configCompareByCreationTime)."""
        return (self.created, self.name, self.namespace)
