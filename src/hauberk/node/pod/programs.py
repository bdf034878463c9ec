"""Images are local programs: what a container's image, command and args come to as a command line.

Also the port to the workload agent, which knows how Envoy is started (`hauberk.agent` implements it; runtime joins the two).
No I/O.
"""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from hauberk.k8s.kind import Manifest
from hauberk.names import NO_IMAGE, PROXY_IMAGE

__all__ = [
    "CannotStart",
    "Images",
    "Program",
    "ProxyLaunch",
    "StillWaiting",
    "WorkloadAgent",
    "cause_of_exit",
    "is_proxy_image",
    "repository_of",
    "resolve_program",
]


@dataclass(frozen=True, slots=True)
class Program:
    """What stands for an image: its entrypoint, and the environment that the image would bring."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


Images = Callable[[str], Program | None]
"""The program of an image (as the manifest spells it, tag included); None where there is none."""


@dataclass(frozen=True, slots=True)
class ProxyLaunch:
    """How Envoy is started for one pod; `binds` are (source on the node, target in the sidecar, read-only)."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[tuple[Path, str, bool], ...] = ()


StillWaiting = Callable[[str], None]
"""Told why a preparation is not finished yet (the CA is away); shown in the container's waiting state."""


class WorkloadAgent(Protocol):
    """What stands beside a workload: identity, certificates, Envoy's bootstrap."""

    async def prepare(self, pod: Manifest, folder: Path, waiting: StillWaiting) -> ProxyLaunch:
        """Write bootstrap and certificates below `folder` (on the pod's tmpfs), and keep the certificates fresh from then on.

        `pod` has its IP in status.podIP. Takes as long as the CA is away and tells `waiting` why; cancelled where the pod
        goes meanwhile. Called again for each start of the sidecar, with the same folder.
        """

    async def release(self, pod_uid: str) -> None:
        """Stop what `prepare` left running; a pod that was never prepared is no error."""


class CannotStart(Exception):
    """Why no process can come to be, in kubelet's words: `reason` (ErrImagePull, CreateContainerError, ...) and the message."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


def repository_of(image: str) -> str:
    """The image without tag and digest: `localhost:5000/a/b:1@sha256:x` is `localhost:5000/a/b`."""
    name = image.split("@", 1)[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name


_CRASHED: Final = (128 + signal.SIGABRT, 128 + signal.SIGSEGV)
"""Envoy 1.40 without inotify ends by the second: its own handler of the first faults (seen)."""


def is_proxy_image(image: str) -> bool:
    """Whether the image is Envoy with its agent, in whatever version."""
    return repository_of(image) == PROXY_IMAGE


def cause_of_exit(image: str, exit_code: int) -> str:
    """What to say of a container's end beside its code; empty where there is nothing to add.

    Envoy crashes where it gets no inotify instance, with a backtrace in its log that names no limit.
    """
    if not is_proxy_image(image) or exit_code not in _CRASHED:
        return ""
    return (
        "Envoy has crashed; its log may say why (kubectl logs POD -c istio-proxy --previous). Mostly this user's inotify instances are "
        "used up, of which each Envoy takes two. sudo sysctl -w fs.inotify.max_user_instances=1024 allows more."
    )


def resolve_program(container: Manifest, images: Images) -> Program:
    """The command line of an application container before `$(VAR)` is expanded; command replaces the entrypoint, args follow it.

    Raises: CannotStart - ErrImagePull where no program stands for the image, CreateContainerError where there is no command.
    """
    image = str(container.get("image", ""))
    command, args = tuple(container.get("command") or ()), tuple(container.get("args") or ())
    if repository_of(image) == NO_IMAGE:
        if not command:
            raise CannotStart("CreateContainerError", f"the image {NO_IMAGE} holds no program: give the container a command")
        return Program(command + args)
    program = images(image)
    if program is None:
        raise CannotStart("ErrImagePull", _no_such_image(image, command))
    return Program((command or program.argv) + args, program.env)


def _no_such_image(image: str, command: tuple[str, ...]) -> str:
    way = "keep its command" if command else "give it the command of a program on this machine"
    return (
        f'no local program stands for the image "{image}": images are not pulled, containers here are processes of this machine. '
        f"Set the container's image to {NO_IMAGE} and {way} "
        f"(kubectl run NAME --image={NO_IMAGE} --command -- PROGRAM ARGS)"
    )
