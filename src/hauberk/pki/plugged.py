"""A CA that the user brings: the four files of secret `cacerts`, each bad input refused by number.

Files, as in Istio: `ca-cert.pem` and `ca-key.pem` sign, `cert-chain.pem` holds the certificates from `ca-cert.pem` up, `root-cert.pem`
the trusted roots. All four must be there: Istio falls back to a root of its own where the key is missing, which leaves a mesh
trusting something its owner did not choose.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from cryptography import x509

from hauberk.errors import ConfigError, Finding, Level
from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import CertificateRefused, parse_certificates
from hauberk.pki.issue import Issuer
from hauberk.pki.keys import KeyRefused, PrivateKey, parse_key, same_key
from hauberk.pki.svid import X509Bundle
from hauberk.pki.verify import defects_of_authority, find_path

__all__ = ["CA_CERT_FILE", "CA_KEY_FILE", "CHAIN_FILE", "PLUGGED_FILES", "ROOT_FILE", "CaRefused", "load_plugged_ca", "read_plugged_ca"]

CA_CERT_FILE: Final = "ca-cert.pem"
CA_KEY_FILE: Final = "ca-key.pem"
CHAIN_FILE: Final = "cert-chain.pem"
ROOT_FILE: Final = "root-cert.pem"
PLUGGED_FILES: Final = (CA_CERT_FILE, CA_KEY_FILE, CHAIN_FILE, ROOT_FILE)


class CaRefused(ConfigError):
    """A CA that cannot be used; `findings` has each reason."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = tuple(findings)


def load_plugged_ca(files: Mapping[str, bytes], *, trust_domain: TrustDomain, subject: str, now: datetime) -> SigningCa:
    """The CA in `files` (name to bytes). `subject` says where they come from, such as `Secret istio-system/cacerts`.

    Raises: CaRefused.
    """
    ca, findings = read_plugged_ca(files, trust_domain=trust_domain, subject=subject, now=now)
    if ca is None:
        raise CaRefused(findings)
    return ca


def read_plugged_ca(
    files: Mapping[str, bytes], *, trust_domain: TrustDomain, subject: str, now: datetime
) -> tuple[SigningCa | None, tuple[Finding, ...]]:
    """The CA in `files`, or None and at least one finding of level Error; all that is wrong is found at once."""
    report = _Report(subject)
    missing = [name for name in PLUGGED_FILES if not files.get(name)]
    for name in missing:
        report.add("HBK0401", name, "it is missing or empty.", f"A plugged-in CA needs all of {', '.join(PLUGGED_FILES)}.")
    signing, chain, roots = (
        () if name in missing else _certificates_in(name, files[name], report) for name in (CA_CERT_FILE, CHAIN_FILE, ROOT_FILE)
    )
    key = None if CA_KEY_FILE in missing else _key_in(files[CA_KEY_FILE], report)
    if signing and key and not same_key(signing[0].public_key(), key.public_key()):
        report.add("HBK0404", CA_KEY_FILE, f"the key is not that of {CA_CERT_FILE}.", "Give the key the certificate was made for.")
    path = _check_path(signing[0], (*signing[1:], *chain), roots, report=report, now=now) if signing and chain and roots else None
    if report.findings or not (path and key):
        return None, tuple(report.findings)
    return SigningCa(Issuer(path[0], key), path, X509Bundle(trust_domain, tuple(dict.fromkeys(roots)))), ()


class _Report:
    """Gathers findings about the files of one Secret or folder."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.findings: list[Finding] = []

    def add(self, code: str, file: str, message: str, fix: str) -> None:
        self.findings.append(Finding(code, Level.ERROR, self.subject, f'data["{file}"]', message, fix))

    def add_defects(self, certificate: x509.Certificate, below: int, file: str, now: datetime) -> None:
        name = certificate.subject.rfc4514_string()
        for defect in defects_of_authority(certificate, below=below, now=now):
            self.add(defect.code, file, f'certificate "{name}": {defect.message}', defect.fix)


def _certificates_in(name: str, pem: bytes, report: _Report) -> tuple[x509.Certificate, ...]:
    try:
        return parse_certificates(pem)
    except CertificateRefused as error:
        report.add("HBK0402", name, str(error), "")
        return ()


def _key_in(pem: bytes, report: _Report) -> PrivateKey | None:
    try:
        return parse_key(pem)
    except KeyRefused as error:
        report.add("HBK0403", CA_KEY_FILE, str(error), "")
        return None


def _check_path(
    signing: x509.Certificate, chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], *, report: _Report, now: datetime
) -> tuple[x509.Certificate, ...]:
    """The path from the signing certificate to a root; what is wrong with it goes to `report`. Empty where there is none."""
    path = find_path(signing, chain, roots)
    if path is None:
        issuer = signing.issuer.rfc4514_string()
        message = f'its issuer "{issuer}" does not lead to {ROOT_FILE} by way of {CHAIN_FILE}: certificate signed by unknown authority.'
        report.add("HBK0406", CA_CERT_FILE, message, f"Put every certificate between the two into {CHAIN_FILE}, and the right root.")
        report.add_defects(signing, 0, CA_CERT_FILE, now)
        return ()
    for below, certificate in enumerate(path):
        report.add_defects(certificate, below, _file_of(below, len(path)), now)
    return path


def _file_of(position: int, length: int) -> str:
    if position == 0:
        return CA_CERT_FILE
    return ROOT_FILE if position == length - 1 else CHAIN_FILE
