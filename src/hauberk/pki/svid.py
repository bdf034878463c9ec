"""The two values that travel: a certificate with its key, and the roots that are trusted.

SPIFFE's words: `X509Svid` (chain, leaf first, and key), `X509Bundle` (a trust domain's roots).
"""

from dataclasses import dataclass, field
from typing import Self

from cryptography import x509

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.certificates import certificates_to_pem, fingerprint, leaf_id_of, parse_certificates
from hauberk.pki.keys import PrivateKey, key_to_pem

__all__ = ["X509Bundle", "X509Svid"]


@dataclass(frozen=True, slots=True)
class X509Bundle:
    """The roots of a trust domain: at least one, without doubles."""

    trust_domain: TrustDomain
    roots: tuple[x509.Certificate, ...]

    @classmethod
    def parse(cls, trust_domain: TrustDomain, pem: bytes) -> Self:
        """The bundle in `pem`. Raises: CertificateRefused."""
        return cls(trust_domain, tuple(dict.fromkeys(parse_certificates(pem))))

    def to_pem(self) -> bytes:
        """All roots as PEM blocks, in their order."""
        return certificates_to_pem(self.roots)

    def union(self, other: "X509Bundle") -> "X509Bundle":
        """Both bundles' roots, ours first: what is handed out while a root is being replaced."""
        return X509Bundle(self.trust_domain, tuple(dict.fromkeys((*self.roots, *other.roots))))

    def fingerprints(self) -> tuple[str, ...]:
        """SHA-256 of each root, in their order."""
        return tuple(fingerprint(root) for root in self.roots)


@dataclass(frozen=True, slots=True)
class X509Svid:
    """A certificate, those that lead from it to a root, and its private key."""

    chain: tuple[x509.Certificate, ...]
    """Leaf first; then the issuing CA and so on, the root last where the CA sends it."""
    key: PrivateKey = field(repr=False)

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate itself."""
        return self.chain[0]

    @property
    def spiffe_id(self) -> SpiffeId:
        """Whose certificate it is. Raises: CertificateRefused - a signing certificate."""
        return leaf_id_of(self.leaf)

    def chain_to_pem(self) -> bytes:
        """The chain as PEM blocks, leaf first."""
        return certificates_to_pem(self.chain)

    def key_to_pem(self) -> bytes:
        """The private key as PKCS#8 PEM."""
        return key_to_pem(self.key)
