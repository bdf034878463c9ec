"""The four files of a CA in a folder: reading what is there, and writing them without ever showing the key to others."""

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hauberk.errors import ConfigError, Finding
from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import certificates_to_pem
from hauberk.pki.keys import key_to_pem
from hauberk.pki.plugged import CA_CERT_FILE, CA_KEY_FILE, CHAIN_FILE, PLUGGED_FILES, ROOT_FILE, read_plugged_ca

__all__ = ["GivenFiles", "check_files", "files_of_ca", "read_files", "write_files"]

_LIMIT_BYTES = 1 << 20
"""As much as a Secret may hold (1 MiB), so what is larger could not be plugged in."""


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """Files by their names without folder; `unreadable` has the reason of each that cannot be read. `place` is what was typed."""

    place: str
    content: Mapping[str, bytes]
    unreadable: Mapping[str, str]


def read_files(paths: Sequence[Path]) -> GivenFiles:
    """A folder's files, or the files that are named one by one. Raises: ConfigError - nothing there, or one name twice."""
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path}: there is no such file or folder. Name the folder that holds {', '.join(PLUGGED_FILES)}.")
    found = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if file.is_file()]
    content: dict[str, bytes] = {}
    unreadable: dict[str, str] = {}
    for file in found:
        if file.name in content or file.name in unreadable:
            raise ConfigError(f"{file}: {file.name} was named twice. Name each file once.")
        try:
            content[file.name] = _read(file)
        except OSError as error:
            unreadable[file.name] = error.strerror or type(error).__name__
    return GivenFiles(" ".join(map(str, paths)), content, unreadable)


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_LIMIT_BYTES)


def check_files(given: GivenFiles, trust_domain: TrustDomain, *, now: datetime) -> tuple[SigningCa | None, tuple[Finding, ...]]:
    """The CA in the files as `cacerts` would be read, and what is wrong with it; the findings name files instead of a Secret's data."""
    ca, findings = read_plugged_ca(given.content, trust_domain=trust_domain, subject=given.place, now=now)
    return ca, tuple(_about_file(finding, given) for finding in findings)


def _about_file(finding: Finding, given: GivenFiles) -> Finding:
    name = finding.path.removeprefix('data["').removesuffix('"]')
    reason = given.unreadable.get(name)
    if reason is None:
        return replace(finding, path=name)
    return replace(finding, path=name, message=f"it cannot be read: {reason}.", fix=f"Let yourself read it: chmod u+r {name}")


def files_of_ca(ca: SigningCa) -> dict[str, bytes]:
    """The four files of a CA: those of secret `cacerts`. The chain leaves the root out, unless the root itself signs."""
    return {
        CA_CERT_FILE: certificates_to_pem([ca.issuer.certificate]),
        CA_KEY_FILE: key_to_pem(ca.issuer.key),
        CHAIN_FILE: certificates_to_pem(ca.path[:-1] or ca.path),
        ROOT_FILE: ca.bundle.to_pem(),
    }


def write_files(folder: Path, files: Mapping[str, bytes], *, force: bool) -> None:
    """Write `files` into `folder`, each whole or not at all; the key is readable by its owner only from its first byte on.

    Raises: ConfigError - a file is there already and `force` is not given, or the folder cannot be written to.
    """
    there = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if there and not force:
        raise ConfigError(f"{folder} holds {_listed(there)} already. Name another folder, or add --force; an overwritten key is gone.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in files.items():
            _write(folder / name, content, mode=0o600 if name == CA_KEY_FILE else 0o644)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot write there: {error.strerror}. Name a folder of yours.") from error


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """By a new file that is renamed: an old file's permissions would stay, and a reader could see half."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:  # noqa: PTH123 - pathlib cannot set the mode
        stream.write(content)
    new.replace(path)
