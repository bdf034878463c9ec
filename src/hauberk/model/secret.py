"""Certificates in Secrets, as Gateways name them by `credentialName`."""

from dataclasses import dataclass, field

from hauberk.model.objects import ObjectRef

__all__ = ["TlsCredential"]


@dataclass(frozen=True, slots=True)
class TlsCredential:
    """What a Secret holds, in PEM; each part may be empty. Nothing of it shows where the value is printed."""

    namespace: str
    name: str
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    authorities: bytes = field(default=b"", repr=False)
    """Roots that clients' certificates must come from."""

    @property
    def ref(self) -> ObjectRef:
        """The Secret."""
        return ObjectRef("Secret", self.namespace, self.name)

    @property
    def serves(self) -> bool:
        """Whether a server can prove itself by it."""
        return bool(self.certificate and self.key)
