"""A mesh's certificate authority as one value: what signs, how its certificates lead to a root, which roots are trusted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography import x509

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.certificates import certificates_to_pem
from hauberk.pki.issue import ROOT_LIFETIME, Issuer, issue_server_certificate, issue_svid, make_self_signed_root
from hauberk.pki.keys import PrivateKey
from hauberk.pki.svid import X509Bundle, X509Svid

__all__ = ["DEFAULT_LIFETIMES", "Lifetimes", "SigningCa", "self_signed_ca"]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long workload certificates live: where none is asked for, and at most (Istio: 24 h, 90 days)."""

    default: timedelta = timedelta(hours=24)
    maximum: timedelta = timedelta(days=90)

    def clip(self, asked: timedelta) -> timedelta:
        """The lifetime to give for the one `asked` for; zero or less means the default."""
        return min(asked if asked > timedelta() else self.default, self.maximum)


DEFAULT_LIFETIMES: Final = Lifetimes()


@dataclass(frozen=True, slots=True)
class SigningCa:
    """The CA of one mesh."""

    issuer: Issuer
    path: tuple[x509.Certificate, ...]
    """From the signing certificate to its root, both included; one certificate where the root itself signs."""
    bundle: X509Bundle
    """All trusted roots, that of `path` among them."""
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    """Revocation lists that go to the workloads with the roots."""

    @property
    def trust_domain(self) -> TrustDomain:
        """The trust domain of every identity that it certifies."""
        return self.bundle.trust_domain

    @property
    def is_self_signed(self) -> bool:
        """Whether the root itself signs, as with the mesh's own root."""
        return len(self.path) == 1

    def issue(
        self, csr: x509.CertificateSigningRequest, spiffe_id: SpiffeId, *, ttl: timedelta, now: datetime, serial: int
    ) -> tuple[x509.Certificate, ...]:
        """Sign `csr` for `spiffe_id`; leaf first, then the signing CA and so on, the root last.

        The root goes along, as Istio's does, so that `openssl s_client -showcerts` shows the whole way up.
        Raises: CsrRejected, IssuerExpired.
        """
        return (issue_svid(csr, spiffe_id, issuer=self.issuer, ttl=ttl, now=now, serial=serial), *self.path)

    def issue_server(self, key: PrivateKey, spiffe_id: SpiffeId, dns_names: tuple[str, ...], *, now: datetime, serial: int) -> X509Svid:
        """A serving certificate for the control plane, of the default lifetime. Raises: IssuerExpired."""
        ttl = DEFAULT_LIFETIMES.default
        leaf = issue_server_certificate(key.public_key(), spiffe_id, dns_names, issuer=self.issuer, ttl=ttl, now=now, serial=serial)
        return X509Svid((leaf, *self.path), key)

    def chain_for_wire(self, chain: tuple[x509.Certificate, ...]) -> tuple[str, ...]:
        """`chain` as Istio's CA API sends it: a PEM block an element, leaf first; the last element holds all trusted roots."""
        leaf, *above = chain
        return (certificates_to_pem([leaf]).decode(), *_above_on_wire(tuple(above), self.bundle))


@lru_cache(maxsize=32)
def _above_on_wire(above: tuple[x509.Certificate, ...], bundle: X509Bundle) -> tuple[str, ...]:
    """The intermediates, then all roots in one: the same for every leaf of a CA, and so kept (bench/ca.py)."""
    below_root = [certificate for certificate in above if certificate not in bundle.roots]
    return (*(certificates_to_pem([certificate]).decode() for certificate in below_root), bundle.to_pem().decode())


def self_signed_ca(
    *, trust_domain: TrustDomain, key: PrivateKey, now: datetime, serial: int, lifetime: timedelta = ROOT_LIFETIME
) -> SigningCa:
    """A new CA whose root signs the workloads' certificates itself."""
    root = make_self_signed_root(trust_domain=trust_domain, key=key, now=now, serial=serial, lifetime=lifetime)
    return SigningCa(Issuer(root, key), (root,), X509Bundle(trust_domain, (root,)))
