"""Certificate revocation lists: reading the user's, refusing those that would do harm, and joining those of several issuers. Pure.

A verifier that is given a CRL asks for one by the issuer of *every* leaf (BoringSSL: "unable to get certificate CRL"), and refuses
all of them by a list that is past its end. So a list that cannot be used is reported and left out, and while one CA follows
another, the one without a list gets an empty one (`empty_crl`).
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from hauberk.errors import Finding, Level
from hauberk.names import CRL_FILE
from hauberk.pki.issue import CLOCK_SKEW, Issuer
from hauberk.pki.keys import PublicKey, digest_for

__all__ = [
    "LIST_MARGIN",
    "crls_to_pem",
    "digest_of",
    "empty_crl",
    "has_ended",
    "is_list_of",
    "is_vouched_for",
    "may_sign_lists",
    "parse_crls",
    "read_crls",
    "revoked_serials",
]

_BLOCK = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)
LIST_MARGIN: Final = timedelta(seconds=30)
"""How long before its end a list is taken back, so that no workload still has it then."""
_LIFE_OF_EMPTY: Final = timedelta(days=365)


class _Refusal(Exception):
    """Why one list is left out."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def parse_crls(pem: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """All lists in `pem`, in their order, perhaps none. Raises: ValueError - a block that is no CRL."""
    return tuple(x509.load_pem_x509_crl(block) for block in _BLOCK.findall(pem))


def read_crls(
    pem: bytes, path: Sequence[x509.Certificate], *, subject: str, now: datetime
) -> tuple[tuple[x509.CertificateRevocationList, ...], tuple[Finding, ...]]:
    """The lists in `pem` that can be used with the CA whose certificates, from the signing one to the root, are `path`.

    What is wrong comes as findings of level Warning: a bad list never keeps a CA from being used.
    """
    blocks = _BLOCK.findall(pem)
    findings: list[Finding] = []
    taken: list[x509.CertificateRevocationList] = []

    def refuse(message: str, fix: str) -> None:
        findings.append(Finding("HBK0421", Level.WARNING, subject, f'data["{CRL_FILE}"]', f"{message} It is left out.", fix))

    if not blocks:
        refuse("it holds no PEM block of a revocation list.", "Give -----BEGIN X509 CRL----- blocks, or take the entry away.")
    for position, block in enumerate(blocks, start=1):
        try:
            taken.append(_usable(block, position, path, now))
        except _Refusal as refusal:
            refuse(refusal.message, refusal.fix)
    if path and not any(is_list_of(crl, path[0]) for crl in taken) and taken:
        name = path[0].subject.rfc4514_string()
        refuse(f'no list in it is by the signing CA "{name}", so no workload can be looked up.', "Add the list that this CA signed.")
        taken = []
    return tuple(taken), (*findings, *_revoked_authorities(taken, path, subject))


def is_list_of(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether `issuer` made the list: by name and by signature."""
    key = issuer.public_key()
    if crl.issuer != issuer.subject or not isinstance(key, PublicKey):
        return False
    try:
        return crl.is_signature_valid(key)
    except (ValueError, TypeError):
        return False


def is_vouched_for(leaf: x509.Certificate, above: Iterable[x509.Certificate], crls: Sequence[x509.CertificateRevocationList]) -> bool:
    """Whether `leaf` holds beside the lists; `above` are the certificates that may have issued it.

    As Envoy judges by the same lists: an issuer without one vouches for nobody. So what a former or a revoked intermediate has signed
    holds no more once the lists are those of its successor.
    """
    if not crls:
        return True
    issuers = [certificate for certificate in above if _has_issued(certificate, leaf)]
    lists = [crl for crl in crls if any(is_list_of(crl, issuer) for issuer in issuers)]
    return bool(lists) and all(crl.get_revoked_certificate_by_serial_number(leaf.serial_number) is None for crl in lists)


def _has_issued(issuer: x509.Certificate, leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def has_ended(crl: x509.CertificateRevocationList, now: datetime) -> bool:
    """Whether a list is past its end, or so near it that it must not be handed out; one without an end never is."""
    return crl.next_update_utc is not None and crl.next_update_utc - LIST_MARGIN <= now


def may_sign_lists(issuer: x509.Certificate) -> bool:
    """Whether the key usage of a CA lets it sign lists; where there is none, everything is allowed (RFC 5280 4.2.1.3)."""
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def empty_crl(issuer: Issuer, *, now: datetime) -> x509.CertificateRevocationList:
    """A list by `issuer` that revokes nothing, good for a year or as long as the issuer is."""
    certificate = issuer.certificate
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(certificate.subject)
        .last_update(now - CLOCK_SKEW)
        .next_update(max(min(now + _LIFE_OF_EMPTY, certificate.not_valid_after_utc), now + CLOCK_SKEW))
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
    )
    return builder.sign(issuer.key, digest_for(issuer.key))


def revoked_serials(crls: Iterable[x509.CertificateRevocationList]) -> frozenset[int]:
    """The serial numbers on the lists, whoever issued them."""
    return frozenset(entry.serial_number for crl in crls for entry in crl)


def crls_to_pem(crls: Iterable[x509.CertificateRevocationList]) -> bytes:
    """The lists as PEM blocks, one after the other; empty where there are none."""
    return b"".join(crl.public_bytes(Encoding.PEM) for crl in crls)


def digest_of(crl_pem: bytes) -> str:
    """What workloads report of the lists they have: SHA-256, empty for none."""
    return sha256(crl_pem).hexdigest() if crl_pem else ""


def _usable(block: bytes, position: int, path: Sequence[x509.Certificate], now: datetime) -> x509.CertificateRevocationList:
    """The list in `block`. Raises: _Refusal."""
    where = f"list {position}"
    try:
        crl = x509.load_pem_x509_crl(block)
        _ = crl.extensions
        ends = crl.next_update_utc
        _ = len(crl)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise _Refusal(f"{where} cannot be read: {error}.", "Export it again: openssl crl -in LIST -out ca-crl.pem.") from error
    issuer = next((certificate for certificate in path if is_list_of(crl, certificate)), None)
    if issuer is None:
        name = crl.issuer.rfc4514_string()
        raise _Refusal(
            f'{where}, of "{name}", is signed by none of this CA\'s certificates.', "Give the list of the CA that is plugged in."
        )
    if not may_sign_lists(issuer):
        name = issuer.subject.rfc4514_string()
        raise _Refusal(
            f'{where}: the key usage of "{name}" leaves out cRLSign.', "Issue that CA with keyUsage=critical,keyCertSign,cRLSign."
        )
    if crl.last_update_utc > now:
        raise _Refusal(f"{where} is not valid before {crl.last_update_utc:%Y-%m-%d %H:%M:%S} UTC.", "Wait, or set the clock right.")
    if has_ended(crl, now):
        raise _Refusal(f"{where} ends at {ends:%Y-%m-%d %H:%M:%S} UTC, and would refuse every workload.", "Publish a new one.")
    return crl


def _revoked_authorities(
    crls: Sequence[x509.CertificateRevocationList], path: Sequence[x509.Certificate], subject: str
) -> Iterable[Finding]:
    for certificate, issuer in pairwise(path):
        for crl in crls:
            if is_list_of(crl, issuer) and crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
                message = f'it revokes "{certificate.subject.rfc4514_string()}", a certificate of this very CA.'
                yield Finding("HBK0422", Level.WARNING, subject, f'data["{CRL_FILE}"]', message, "Plug in a CA that is not revoked.")
