"""What every object of the model has: a reference, and labels that selectors match."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LabelPairs", "Labels", "ObjectRef"]

Labels = Mapping[str, str]
LabelPairs = tuple[tuple[str, str], ...]
"""Labels as sorted pairs, which can be compared and hashed."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """Names one object of the API; `kind` is spelt as in a manifest (`PeerAuthentication`)."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`PeerAuthentication istio-system/default`."""
        return f"{self.kind} {self.namespace}/{self.name}"
