"""Verification of a chain up to a bundle, and the path that was found.

A mesh's own rules, not the web's: cryptography's verifier keeps the web PKI profile and refuses CAs that Envoy takes (for
example one without a subject key identifier), so paths are built here from signatures that cryptography checks. The rules
are RFC 5280 6.1's, as far as BoringSSL (Envoy) keeps them: signature, validity, CA flag, key usage, path length, extended key usage.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from hauberk.errors import PeerError
from hauberk.pki.certificates import is_ca, is_issued_by, is_self_signed, is_valid_at

__all__ = ["ChainRefused", "Defect", "defects_of_authority", "find_path", "verify_chain"]

_MAY_NOT_SIGN: Final = "HBK0405"
_NOT_VALID: Final = "HBK0407"


class ChainRefused(PeerError):
    """A chain that does not lead to a trusted root; the message says at which certificate it breaks."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing wrong with a certificate: what, and how to mend it. `code` is that of the finding made of it."""

    code: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.message} {self.fix}"


def find_path(
    certificate: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, ...] | None:
    """The certificates from `certificate` to a root, both included; None where there is no such path.

    Only names and signatures count here. The shortest path is taken, and a root that is listed first is preferred.
    """
    if certificate in roots:
        return (certificate,)
    for root in roots:
        if is_issued_by(certificate, root):
            return (certificate, root)
    for other in others:
        if other != certificate and not is_self_signed(other) and is_issued_by(certificate, other):
            rest = find_path(other, [each for each in others if each not in (other, certificate)], roots)
            if rest:
                return (certificate, *rest)
    return None


def verify_chain(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], *, now: datetime) -> tuple[x509.Certificate, ...]:
    """The path from the leaf, `chain[0]`, to one of `roots`, every certificate of it good at `now`.

    Raises: ChainRefused.
    """
    leaf, *others = chain
    path = find_path(leaf, others, roots)
    if path is None:
        raise ChainRefused(
            f"The certificate issued by {_name(leaf.issuer)} does not lead to any of {len(roots)} trusted roots. "
            "Add the intermediate certificates to the chain, or the root to the bundle."
        )
    if not is_valid_at(leaf, now):
        raise ChainRefused(f"The leaf is valid from {leaf.not_valid_before_utc} to {leaf.not_valid_after_utc}, not now. Renew it.")
    for depth, authority in enumerate(path[1:]):
        for defect in defects_of_authority(authority, below=depth, now=now):
            raise ChainRefused(f"{_name(authority.subject)}: {defect}")
    return path


def defects_of_authority(certificate: x509.Certificate, *, below: int, now: datetime) -> Iterable[Defect]:
    """What keeps `certificate` from signing with `below` intermediate certificates between it and a leaf."""
    if now < certificate.not_valid_before_utc:
        start = certificate.not_valid_before_utc
        yield Defect(_NOT_VALID, f"it is not valid before {start:%Y-%m-%d %H:%M:%S} UTC.", "Wait until then, or set the clock right.")
    if now > certificate.not_valid_after_utc:
        yield Defect(_NOT_VALID, f"it ended at {certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC.", "Renew it.")
    if not is_ca(certificate):
        yield Defect(_MAY_NOT_SIGN, "it is not authorized to sign other certificates.", "Issue it with basicConstraints CA:TRUE.")
    yield from _usage_defects(certificate)
    yield from _path_length_defects(certificate, below)


def _usage_defects(certificate: x509.Certificate) -> Iterable[Defect]:
    """Absent usages allow everything (RFC 5280 4.2.1.3, 4.2.1.12)."""
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.KeyUsage) and not value.key_cert_sign:
            yield Defect(_MAY_NOT_SIGN, "its key usage leaves out keyCertSign.", "Issue it with keyUsage=critical,keyCertSign,cRLSign.")
        # BoringSSL applies a CA's extended usages to all below it, and a workload is client and server.
        if isinstance(value, x509.ExtendedKeyUsage) and ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE not in value:
            wanted = {"serverAuth": ExtendedKeyUsageOID.SERVER_AUTH, "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH}
            missing = [name for name, oid in wanted.items() if oid not in value]
            if missing:
                yield Defect(_MAY_NOT_SIGN, f"its extended key usage leaves out {' and '.join(missing)}.", "Add what is missing.")


def _path_length_defects(certificate: x509.Certificate, below: int) -> Iterable[Defect]:
    try:
        limit = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    except x509.ExtensionNotFound:
        return
    if limit is not None and below > limit:
        yield Defect(_MAY_NOT_SIGN, f"its path length is {limit}, and {below} CA certificates are below it.", "Use a greater pathlen.")


def _name(name: x509.Name) -> str:
    return f'"{name.rfc4514_string()}"'
