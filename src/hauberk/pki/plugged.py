"""A CA that the user brings: the four files of secret `cacerts`, each bad input refused by number.

Files, as in Istio: `ca-cert.pem` and `ca-key.pem` sign, `cert-chain.pem` holds the certificates from `ca-cert.pem` up, `root-cert.pem`
the trusted roots. All four must be there: Istio falls back to a root of its own where the key is missing, which leaves a mesh
trusting something its owner did not choose. A Secret of type kubernetes.io/tls (cert-manager's) names them `tls.crt` (the signing
certificate and its chain), `tls.key` and `ca.crt`. `ca-crl.pem` may lie beside them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509

from hauberk.errors import ConfigError, Finding, Level
from hauberk.model.identity import TrustDomain
from hauberk.names import CRL_FILE
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import CertificateRefused, parse_certificates
from hauberk.pki.constraints import excludes
from hauberk.pki.issue import Issuer
from hauberk.pki.keys import KeyRefused, PrivateKey, parse_key, same_key
from hauberk.pki.revocation import read_crls
from hauberk.pki.svid import X509Bundle
from hauberk.pki.verify import defects_of_authority, find_path

__all__ = [
    "CA_CERT_FILE",
    "CA_KEY_FILE",
    "CHAIN_FILE",
    "PLUGGED_FILES",
    "ROOT_FILE",
    "TLS_FILES",
    "CaRefused",
    "load_plugged_ca",
    "read_plugged_ca",
]

CA_CERT_FILE: Final = "ca-cert.pem"
CA_KEY_FILE: Final = "ca-key.pem"
CHAIN_FILE: Final = "cert-chain.pem"
ROOT_FILE: Final = "root-cert.pem"
PLUGGED_FILES: Final = (CA_CERT_FILE, CA_KEY_FILE, CHAIN_FILE, ROOT_FILE)
TLS_FILES: Final = ("tls.crt", "tls.key", "ca.crt")
"""The names that a Secret of type kubernetes.io/tls has."""


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
    """The CA in `files`, or None and at least one finding of level Error; all that is wrong is found at once.

    With a CA, findings are of level Warning: a revocation list that is left out.
    """
    names = _names_in(files)
    report = _Report(subject)
    missing = [name for name in dict.fromkeys(names) if not files.get(name)]
    for name in missing:
        report.add("HBK0401", name, "it is missing or empty.", f"A plugged-in CA needs all of {', '.join(dict.fromkeys(names))}.")
    signing, chain, roots = (
        () if name in missing else _certificates_in(name, files[name], report) for name in (names.certificate, names.chain, names.root)
    )
    key = None if names.key in missing else _key_in(names.key, files[names.key], report)
    if signing and key and not same_key(signing[0].public_key(), key.public_key()):
        report.add("HBK0404", names.key, f"the key is not that of {names.certificate}.", "Give the key the certificate was made for.")
    path: tuple[x509.Certificate, ...] = ()
    if signing and chain and roots:
        path = _check_path(_Given(signing[0], (*signing[1:], *chain), roots, names), trust_domain, report, now)
    if report.findings or not (path and key):
        return None, tuple(report.findings)
    crls, remarks = read_crls(files[CRL_FILE], path, subject=subject, now=now) if files.get(CRL_FILE) else ((), ())
    return SigningCa(Issuer(path[0], key), path, X509Bundle(trust_domain, tuple(dict.fromkeys(roots))), crls), remarks


class _Names(NamedTuple):
    """Which file holds what."""

    certificate: str = CA_CERT_FILE
    key: str = CA_KEY_FILE
    chain: str = CHAIN_FILE
    root: str = ROOT_FILE


def _names_in(files: Mapping[str, bytes]) -> _Names:
    """Istio's names, unless there are only those of kubernetes.io/tls, where `tls.crt` is the chain too."""
    if any(name in files for name in TLS_FILES) and not any(name in files for name in PLUGGED_FILES):
        certificate, key, root = TLS_FILES
        return _Names(certificate, key, certificate, root)
    return _Names()


class _Given(NamedTuple):
    """The certificates that were given."""

    signing: x509.Certificate
    chain: Sequence[x509.Certificate]
    roots: Sequence[x509.Certificate]
    names: _Names


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


def _key_in(name: str, pem: bytes, report: _Report) -> PrivateKey | None:
    try:
        return parse_key(pem)
    except KeyRefused as error:
        report.add("HBK0403", name, str(error), "")
        return None


def _check_path(given: _Given, trust_domain: TrustDomain, report: _Report, now: datetime) -> tuple[x509.Certificate, ...]:
    """The path from the signing certificate to a root; what is wrong with it goes to `report`. Empty where there is none."""
    names = given.names
    path = find_path(given.signing, given.chain, given.roots)
    if path is None:
        issuer = given.signing.issuer.rfc4514_string()
        message = f'its issuer "{issuer}" does not lead to {names.root} by way of {names.chain}: certificate signed by unknown authority.'
        fix = f"Put every certificate between the two into {names.chain}, and the right root into {names.root}."
        report.add("HBK0406", names.certificate, message, fix)
        report.add_defects(given.signing, 0, names.certificate, now)
        return ()
    for below, certificate in enumerate(path):
        file = names.certificate if below == 0 else names.root if below == len(path) - 1 else names.chain
        report.add_defects(certificate, below, file, now)
        if reason := excludes(certificate, trust_domain):
            name = certificate.subject.rfc4514_string()
            fix = f"Issue it without name constraints on URIs, or permit the host {trust_domain}."
            report.add("HBK0408", file, f'certificate "{name}": {reason}', fix)
    return path
