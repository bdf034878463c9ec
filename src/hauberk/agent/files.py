"""The edge to the pod's tmpfs: writes one set of credentials whole, and lets Envoy see it by renaming a link."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from hauberk.agent.credentials import CURRENT_LINK
from hauberk.names import KEY_FILE, SDS_CERTIFICATE_FILE

__all__ = ["write_credentials", "write_private"]

_WITH_KEY = (KEY_FILE, SDS_CERTIFICATE_FILE)


def write_credentials(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write `files` into a new folder `<n>` below `folder` and point `current` at it; the new folder.

    The set before stays, for an Envoy that is reading it at this moment; older ones are removed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    numbers = _numbers_in(folder)
    number = max(numbers, default=0) + 1
    target = folder / str(number)
    target.mkdir(mode=0o700)
    for name, content in files.items():
        write_private(target / name, content, mode=0o600 if name in _WITH_KEY else 0o644)
    link = folder / f".{CURRENT_LINK}.{number}"
    link.symlink_to(str(number))  # relative: the sidecar sees the folder elsewhere
    link.replace(folder / CURRENT_LINK)
    for old in numbers:
        if old < number - 1:
            shutil.rmtree(folder / str(old))
    return target


def write_private(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file that has had its mode from the first moment; one that is there is replaced whole."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(content)
    part.replace(path)


def _numbers_in(folder: Path) -> list[int]:
    return [int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal()]
