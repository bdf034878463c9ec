"""What the node gives to each pod: the API, the network, the launcher of containers, programs, the agent. Types only, no I/O."""

import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hauberk.client.http import ApiClient
from hauberk.k8s.kind import Manifest
from hauberk.node.linux.sandbox import ContainerSpec
from hauberk.node.pod.events import (
    Report,
)
from hauberk.node.pod.programs import Images, WorkloadAgent

__all__ = ["Launcher", "PodNetworks", "ProcessHandle", "Surroundings", "Wiring"]


class ProcessHandle(Protocol):
    """A process in a container: its first, or one that was added by exec."""

    @property
    def terminal(self) -> int | None:
        """The master side of its terminal, the holder's to close; None where it has none."""

    async def wait(self) -> int:
        """Its exit code, 128 + n where signal n ended it; may be awaited by several."""

    def signal(self, number: int) -> None:
        """Send a signal; no error where the process is gone."""


class Wiring(Protocol):
    """A pod's network namespace, as a path."""

    @property
    def netns(self) -> str:
        """The path."""


class PodNetworks(Protocol):
    """`hauberk.node.linux.network.NodeNetwork`, as far as pods need it."""

    async def create_pod(self, name: str, address: str, *, redirect: bool) -> Wiring:
        """Make the network of the pod `name`; `redirect`: all its traffic passes its sidecar."""

    async def delete_pod(self, name: str) -> None:
        """Take it away; no error where there is none."""


class Launcher(Protocol):
    """How processes come to be (`hauberk.node.linux.container`). Streams are descriptors; None is /dev/null."""

    async def start(self, spec: ContainerSpec, *, stdout: int | None, stderr: int | None) -> ProcessHandle:
        """Start a container. Raises: StartError."""

    async def execute(
        self,
        running: ProcessHandle,
        argv: Sequence[str],
        *,
        streams: tuple[int | None, int | None, int | None] = (None, None, None),
        tty: bool = False,
    ) -> ProcessHandle:
        """Start a further process in a running container, with its environment; `streams` are stdin, stdout, stderr.

        Raises: StartError.
        """


@dataclass(frozen=True)
class Surroundings:
    """One for all pods of the node."""

    client: ApiClient
    networks: PodNetworks
    launcher: Launcher
    open_socket: Callable[[str], socket.socket]
    """A fresh non-blocking TCP socket of the network namespace at a path."""
    images: Images
    agent: WorkloadAgent
    services: Callable[[], Iterable[Manifest]]
    """All Services, as known now."""
    take_address: Callable[[str, str], str]
    """By the pod's uid and the address that it had before, if any."""
    give_back_address: Callable[[str], None]
    report: Callable[[Manifest, Report], None]
    """Write an Event about a pod; never blocks, never fails."""
    now: Callable[[], datetime]
    logs: Path
    run: Path
    """Below it each pod has a folder, on a tmpfs of the node's own mount namespace."""
    host_ip: str
