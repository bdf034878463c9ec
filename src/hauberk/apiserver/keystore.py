"""The edge of `credentials`: files below the instance's `pki` folder, made at the first start, renewed when they are due.

Keys are never readable by others, not even for a moment: files are made with mode 0600 under another name and renamed.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog
import yaml
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hauberk.apiserver.credentials import (
    CLIENTS,
    Issued,
    admin_kubeconfig,
    is_due,
    issue_client,
    issue_server,
    make_ca,
    new_key,
    pem_key,
)
from hauberk.errors import EnvironmentProblem
from hauberk.settings import InstancePaths

__all__ = ["CertificateFiles", "CredentialFiles", "ensure_credentials", "write_kubeconfig"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """A certificate and its key, PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class CredentialFiles:
    """Where everybody finds what proves who they are."""

    ca: Path
    server: CertificateFiles
    admin: CertificateFiles
    control_plane: CertificateFiles
    node: CertificateFiles
    token_key: ec.EllipticCurvePrivateKey = field(repr=False)
    """Signs ServiceAccount tokens."""

    @classmethod
    def in_folder(cls, pki: Path, token_key: ec.EllipticCurvePrivateKey) -> "CredentialFiles":
        """The files below `pki`, which need not be there yet."""
        return cls(
            pki / "ca.crt", _files(pki, "server"), _files(pki, "admin"), _files(pki, "control-plane"), _files(pki, "node"), token_key
        )


def ensure_credentials(paths: InstancePaths, *, now: datetime) -> CredentialFiles:
    """Make what is missing and renew what is due below `paths.pki`.

    A CA that is due is made anew, and everything with it; so is everything where a file of the CA is missing.
    Raises: EnvironmentProblem - a file there cannot be read.
    """
    pki = paths.pki
    pki.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca = _load(pki, "ca")
    if ca is None or is_due(ca.certificate, now=now):
        ca = make_ca(new_key(), now=now)
        _save(pki, "ca", ca)
    issue: dict[str, Callable[[], Issued]] = {"server": partial(issue_server, ca, new_key(), now=now)}
    issue |= {client.file: partial(issue_client, ca, new_key(), client, now=now) for client in CLIENTS}
    for name, make in issue.items():
        held = _load(pki, name)
        if held is None or is_due(held.certificate, now=now) or not _is_issued_by(held, ca):
            _save(pki, name, make())
            _log.info("certificate issued", certificate=name)
    return CredentialFiles.in_folder(pki, _token_key(pki / "token.key"))


def write_kubeconfig(paths: InstancePaths, *, port: int, name: str) -> None:
    """Write the administrator's kubeconfig, all at once, for the server at `port` on loopback."""
    ca, admin = _load(paths.pki, "ca"), _load(paths.pki, "admin")
    if ca is None or admin is None:
        raise EnvironmentProblem(f"{paths.pki} lacks the API's certificates. Start the API server once: it makes them.")
    config = admin_kubeconfig(ca, admin, server=f"https://127.0.0.1:{port}", name=name)
    _write(paths.kubeconfig, yaml.safe_dump(config, sort_keys=False).encode())


def _files(pki: Path, name: str) -> CertificateFiles:
    return CertificateFiles(pki / f"{name}.crt", pki / f"{name}.key")


def _load(pki: Path, name: str) -> Issued | None:
    files = _files(pki, name)
    if not files.certificate.exists() or not files.key.exists():
        return None
    return Issued(_parse_certificate(files.certificate), _parse_key(files.key))


def _parse_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EnvironmentProblem(f"{path}: {error}. Remove it: a new one is made at the next start.") from error


def _parse_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise EnvironmentProblem(f"{path} cannot be read as a private key. Remove it: a new one is made at the next start.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise EnvironmentProblem(f"{path} is no elliptic-curve key. Remove it: a new one is made at the next start.")
    return key


def _is_issued_by(held: Issued, ca: Issued) -> bool:
    try:
        held.certificate.verify_directly_issued_by(ca.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _save(pki: Path, name: str, issued: Issued) -> None:
    files = _files(pki, name)
    _write(files.key, pem_key(issued.key))
    _write(files.certificate, issued.pem)


def _token_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        _write(path, pem_key(new_key()))
    return _parse_key(path)


def _write(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step, mode 0600."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
