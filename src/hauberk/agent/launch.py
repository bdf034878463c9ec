"""How a pod's Envoy is started: its command line, and what of the node it sees where. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hauberk.names import BOOTSTRAP_PATH, CREDENTIALS_DIR, MESH_SOCKET_DIR, PROXY_DIR

__all__ = ["CREDENTIALS_FOLDER", "PROXY_FOLDER", "SidecarLaunch", "plan_launch"]

CREDENTIALS_FOLDER: Final = "credentials"
PROXY_FOLDER: Final = "proxy"
"""Folders that the agent keeps below the one it is given for a pod."""


@dataclass(frozen=True, slots=True)
class SidecarLaunch:
    """A command line, its whole environment, and binds: (source on the node, target in the sidecar, read-only)."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[tuple[Path, str, bool], ...] = ()


def plan_launch(envoy: Path, folder: Path, mesh_sockets: Path) -> SidecarLaunch:
    """Envoy with the bootstrap and the credentials that are below `folder`, and the mesh's folder of sockets."""
    argv = (
        str(envoy),
        *("-c", BOOTSTRAP_PATH),
        *("--concurrency", "1"),  # one worker a pod: about 14 MB, and the pods share the machine's cores
        *("--log-level", "warning"),
        # A line for each use of a deprecated field: the message classes that we have lack what replaces stat_prefix.
        *("--component-log-level", "misc:error"),
        *("--file-flush-interval-msec", "500"),  # by default a failed request is told only 10 s later
        "--disable-hot-restart",  # it would need shared memory, and a restarted sidecar is a new container
        *("--drain-strategy", "immediate"),
        *("--drain-time-s", "5"),  # by default plaintext that is kept alive would outlive STRICT by ten minutes
    )
    binds = (
        (folder / PROXY_FOLDER, PROXY_DIR, False),  # Envoy makes its admin socket there
        (folder / CREDENTIALS_FOLDER, CREDENTIALS_DIR, True),
        (mesh_sockets, MESH_SOCKET_DIR, True),
    )
    return SidecarLaunch(argv=argv, binds=binds)
