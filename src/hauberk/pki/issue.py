"""Issuance: roots, X.509-SVIDs, and the control plane's own serving certificate.

Every choice of X.509 is one visible line. Sources: SPIFFE X509-SVID (2 for the SAN, 4 for the constraints and usages), RFC 5280, and
Istio security/pkg/pki/util/generate_cert.go for the lifetimes. Clock, keys and serial numbers are arguments.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hauberk.errors import BugError, ConfigError
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.csr import check_csr
from hauberk.pki.keys import PrivateKey, PublicKey, digest_for

__all__ = [
    "CLOCK_SKEW",
    "ROOT_LIFETIME",
    "Issuer",
    "IssuerExpired",
    "issue_intermediate",
    "issue_server_certificate",
    "issue_svid",
    "make_self_signed_root",
]

CLOCK_SKEW: Final = timedelta(minutes=2)
"""How far `not_valid_before` lies back, for clocks that lag (Istio)."""
ROOT_LIFETIME: Final = timedelta(days=3650)
"""Ten years (Istio's CITADEL_SELF_SIGNED_CA_CERT_TTL)."""


class IssuerExpired(ConfigError):
    """The signing certificate is past its end, so nothing can be issued under it."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """What signs: a CA's certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey

    def __repr__(self) -> str:
        return f"Issuer({self.certificate.subject.rfc4514_string()})"


def make_self_signed_root(
    *, trust_domain: TrustDomain, key: PrivateKey, now: datetime, serial: int, lifetime: timedelta = ROOT_LIFETIME
) -> x509.Certificate:
    """A root for `trust_domain`, which bears the trust domain's own SPIFFE ID (X509-SVID 3.2, 4.1).

    The subject holds the serial number's first digits, so that two roots of one mesh can be told apart by name, and path building
    does not try the wrong key while one replaces the other.
    """
    name = _ca_name(trust_domain, f"Root CA {serial:x}"[:24])
    key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectAlternativeName([_uri(trust_domain.id)]), critical=False)
        .add_extension(key_id, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
    )
    return builder.sign(key, digest_for(key))


def issue_intermediate(
    key: PublicKey, trust_domain: TrustDomain, *, issuer: Issuer, lifetime: timedelta, now: datetime, serial: int
) -> x509.Certificate:
    """A signing certificate below `issuer`, which bears the trust domain's own SPIFFE ID (X509-SVID 3.2, 4.1).

    Its subject differs by serial number, as a root's does. Whether `issuer` may sign CAs is not looked at. Raises: IssuerExpired.
    """
    key_id = x509.SubjectKeyIdentifier.from_public_key(key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_ca_name(trust_domain, f"Intermediate CA {serial:x}"[:32]))
        .issuer_name(issuer.certificate.subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(max(now - CLOCK_SKEW, issuer.certificate.not_valid_before_utc))
        .not_valid_after(_end(issuer.certificate, now, lifetime))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectAlternativeName([_uri(trust_domain.id)]), critical=False)
        .add_extension(key_id, critical=False)
        .add_extension(_authority_key_id(issuer.certificate), critical=False)
    )
    return builder.sign(issuer.key, digest_for(issuer.key))


def issue_svid(
    csr: x509.CertificateSigningRequest, spiffe_id: SpiffeId, *, issuer: Issuer, ttl: timedelta, now: datetime, serial: int
) -> x509.Certificate:
    """Sign `csr` as an X.509-SVID for `spiffe_id`.

    `ttl` counts from `now`; `not_valid_before` is two minutes earlier, for clocks that lag; the end is never after the issuer's.
    Raises: CsrRejected - bad self-signature, weak key, CA asked for, or a name other than `spiffe_id`; IssuerExpired.
    """
    names = x509.SubjectAlternativeName([_leaf_uri(spiffe_id)])
    return _issue_leaf(check_csr(csr, spiffe_id), names, issuer=issuer, ttl=ttl, now=now, serial=serial)


def issue_server_certificate(
    key: PublicKey,
    spiffe_id: SpiffeId,
    dns_names: Iterable[str],
    *,
    issuer: Issuer,
    ttl: timedelta,
    now: datetime,
    serial: int,
) -> x509.Certificate:
    """A certificate for one of the control plane's servers: an X.509-SVID that bears DNS names too (X509-SVID 2 allows them).

    Raises: IssuerExpired.
    """
    names = x509.SubjectAlternativeName([_leaf_uri(spiffe_id), *(x509.DNSName(name) for name in dns_names)])
    return _issue_leaf(key, names, issuer=issuer, ttl=ttl, now=now, serial=serial)


def _issue_leaf(
    key: PublicKey, names: x509.SubjectAlternativeName, *, issuer: Issuer, ttl: timedelta, now: datetime, serial: int
) -> x509.Certificate:
    builder = (
        _leaf_below(issuer.certificate, isinstance(key, rsa.RSAPublicKey))
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(max(now - CLOCK_SKEW, issuer.certificate.not_valid_before_utc))
        .not_valid_after(_end(issuer.certificate, now, ttl))
        .add_extension(names, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    return builder.sign(issuer.key, digest_for(issuer.key))


@lru_cache(maxsize=32)
def _leaf_below(issuer: x509.Certificate, has_rsa_key: bool) -> x509.CertificateBuilder:
    """What all leaves of one issuer have in common; kept, since it is the same for every one of them (bench/ca.py)."""
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))  # the SAN is the name; hence it is critical (RFC 5280 4.2.1.6)
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        # keyEncipherment is for TLS 1.2's RSA key exchange; RFC 5480 3 leaves it out with ECDSA.
        .add_extension(_usage(digital_signature=True, key_encipherment=has_rsa_key), critical=True)
        # Both, since every workload is client and server.
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(_authority_key_id(issuer), critical=False)
    )


def _ca_name(trust_domain: TrustDomain, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, trust_domain.name[:64]),  # ub-organization-name, RFC 5280 appendix A
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _end(issuer: x509.Certificate, now: datetime, ttl: timedelta) -> datetime:
    end = issuer.not_valid_after_utc
    if end <= now:
        raise IssuerExpired(
            f"The signing certificate {issuer.subject.rfc4514_string()} ended at {end:%Y-%m-%d %H:%M:%S} UTC. Replace the CA."
        )
    return min(now + ttl, end)


def _authority_key_id(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """The issuer's key identifier as it stands in the issuer's certificate.

    A plugged-in CA may have computed its SKI by another method than ours; a recomputed one would not match, and verifiers
    that build paths by key identifier (RFC 5280 4.2.1.1) would not find it.
    """
    try:
        key_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type] # RSA or ECDSA by now
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id)


def _usage(
    *, digital_signature: bool = False, key_encipherment: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,  # TLS handshakes
        content_commitment=False,
        key_encipherment=key_encipherment,  # TLS 1.2 with RSA key exchange
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,  # sign certificates
        crl_sign=crl_sign,  # sign revocation lists
        encipher_only=False,
        decipher_only=False,
    )


def _leaf_uri(spiffe_id: SpiffeId) -> x509.UniformResourceIdentifier:
    if not spiffe_id.path:  # X509-SVID 3.1
        raise BugError(f"A leaf certificate was asked for {spiffe_id}, which is the name of signing certificates. Please report this.")
    return _uri(spiffe_id)


def _uri(spiffe_id: SpiffeId) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(str(spiffe_id))
