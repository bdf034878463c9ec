"""Certificates as PEM, and the few things that are asked of them: identities, issuer, validity, what they may sign."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from hauberk.errors import ConfigError
from hauberk.model.identity import IdentityError, SpiffeId

__all__ = [
    "CertificateRefused",
    "certificates_to_pem",
    "fingerprint",
    "is_ca",
    "is_issued_by",
    "is_self_signed",
    "is_valid_at",
    "leaf_id_of",
    "parse_certificates",
    "spiffe_id_of",
    "uris_of",
]

_CERTIFICATE_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class CertificateRefused(ConfigError):
    """Bytes that hold no readable certificate, or one that is not what it is used as."""


def parse_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """All certificates in `pem`, in their order; at least one. Text around the blocks is passed over, as openssl does.

    Raises: CertificateRefused.
    """
    blocks = _CERTIFICATE_BLOCK.findall(pem)
    if not blocks:
        raise CertificateRefused("It holds no PEM certificate. Give one or more blocks that start with -----BEGIN CERTIFICATE-----.")
    return tuple(_parse_block(block, position) for position, block in enumerate(blocks, start=1))


def _parse_block(block: bytes, position: int) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(block)
        certificate.public_key()
        # The library reads these when they are asked for, and a name that is no name would only fail then.
        _ = (certificate.extensions, certificate.subject, certificate.issuer, certificate.signature_hash_algorithm)
        _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise CertificateRefused(f"PEM block {position} is no X.509 certificate: {error}. Export it again in PEM form.") from error
    except Exception as error:  # cryptography raises its Rust core's own types for some malformed keys
        raise CertificateRefused(f"PEM block {position} cannot be read: {type(error).__name__}. Export it again in PEM form.") from error
    return certificate


def certificates_to_pem(certificates: Iterable[x509.Certificate]) -> bytes:
    """The certificates as PEM blocks, one after the other."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER form, as upper-case pairs with colons (openssl's form)."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def uris_of(certificate: x509.Certificate) -> Sequence[str]:
    """The URI subject alternative names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def spiffe_id_of(certificate: x509.Certificate) -> SpiffeId:
    """The one identity that a certificate bears (X509-SVID 2: exactly one URI SAN).

    Raises: CertificateRefused.
    """
    uris = uris_of(certificate)
    if len(uris) != 1:
        raise CertificateRefused(f"The certificate has {len(uris)} URI names, an X.509-SVID has exactly one. Issue it for one SPIFFE ID.")
    try:
        return SpiffeId.parse(uris[0])
    except IdentityError as error:
        raise CertificateRefused(f"The certificate's URI name is no SPIFFE ID. {error}") from error


def leaf_id_of(certificate: x509.Certificate) -> SpiffeId:
    """The identity of a peer that showed `certificate` (X509-SVID 5.2): a leaf, which signs nothing, of an identity with a path.

    Whether it leads to a trusted root is not looked at. Raises: CertificateRefused.
    """
    spiffe_id = spiffe_id_of(certificate)
    usages = [extension.value for extension in certificate.extensions if isinstance(extension.value, x509.KeyUsage)]
    if is_ca(certificate) or any(usage.key_cert_sign or usage.crl_sign for usage in usages):
        raise CertificateRefused(f"The certificate of {spiffe_id} is for signing. Show a leaf certificate (X509-SVID 5.2).")
    if not spiffe_id.path:
        raise CertificateRefused(f"The certificate is for {spiffe_id}, a whole trust domain. Show that of a workload (X509-SVID 5.2).")
    return spiffe_id


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether basicConstraints says CA; a version 1 certificate says nothing and is none."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether names match and `issuer`'s key made the signature; says nothing on validity or what `issuer` may sign."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether the certificate is its own issuer."""
    return is_issued_by(certificate, certificate)


def is_valid_at(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether `now` is within the validity, both ends included (RFC 5280 4.1.2.5)."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
