"""From a container's manifest to its process (edge): environment, mounts, command line; output into its log."""

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.names import ADMIN_SOCKET_PATH, DNS_VIP
from hauberk.node.linux.sandbox import CAP_NET_ADMIN, DEFAULT_PATH, Bind, ContainerSpec, etc_files
from hauberk.node.logs import ContainerLog, LogSplitter
from hauberk.node.pipes import read_chunks
from hauberk.node.pod.environment import build_environment, expand
from hauberk.node.pod.files import PodFiles
from hauberk.node.pod.programs import StillWaiting, is_proxy_image, resolve_program
from hauberk.node.pod.surroundings import ProcessHandle, Surroundings
from hauberk.node.pod.volumes import plan_mounts
from hauberk.node.traffic.dns import search_domains

__all__ = ["Prepared", "RunningProcess", "Starter", "copy_output", "log_path"]

KEPT_RUNS = 2
"""Logs of the newest run and of the one before it (`kubectl logs --previous`)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a start needs; `admin_socket` is Envoy's, as the node sees it."""

    spec: ContainerSpec
    admin_socket: Path | None = None


@dataclass
class RunningProcess:
    """A container's process, with what else is needed to talk about it."""

    handle: ProcessHandle
    log: ContainerLog
    admin_socket: Path | None = None
    outputs: list[tuple[str, int]] = field(default_factory=list)
    """(stream, descriptor to read): stdout and stderr, or the terminal as stdout."""


def log_path(logs: Path, pod: Manifest, container: str, attempt: int) -> Path:
    """Where the log of one run of a container is, as below /var/log/pods of a kubelet."""
    return logs / f"{namespace_of(pod)}_{name_of(pod)}_{uid_of(pod)}" / container / f"{attempt}.log"


class Starter:
    """Starts the containers of one pod."""

    def __init__(self, around: Surroundings, files: PodFiles) -> None:
        self._around = around
        self._files = files

    async def prepare(self, pod: Manifest, container: Manifest, netns: str, *, waiting: StillWaiting) -> Prepared:
        """Make everything that a container of `pod` (its address in status.podIP) needs; may be given up at any time.

        Raises: CannotStart - its image, environment or volumes cannot be had.
        """
        if is_proxy_image(container.get("image", "")):
            return await self._prepare_proxy(pod, container, netns, waiting)
        program = resolve_program(container, self._around.images)
        env, binds = await self._inside(pod, container, program.env)
        argv = tuple(expand(part, env) for part in program.argv)
        return Prepared(_spec(pod, container, netns, argv=argv, env=env, binds=binds))

    async def launch(self, pod: Manifest, name: str, prepared: Prepared, *, attempt: int) -> RunningProcess:
        """Start the process. Raises: HauberkError of the launcher - the program cannot be executed."""
        logs = self._around.logs
        log_path(logs, pod, name, attempt - KEPT_RUNS).unlink(missing_ok=True)
        log = ContainerLog(log_path(logs, pod, name, attempt))
        try:
            handle, outputs = await self._launch(prepared.spec)
        except BaseException:
            log.close()
            raise
        return RunningProcess(handle, log, prepared.admin_socket, outputs)

    def forget_logs(self, pod: Manifest) -> None:
        """Remove the logs of a pod that is deleted, as kubelet does."""
        shutil.rmtree(log_path(self._around.logs, pod, "", 0).parent, ignore_errors=True)

    async def _prepare_proxy(self, pod: Manifest, container: Manifest, netns: str, waiting: StillWaiting) -> Prepared:
        env, binds = await self._inside(pod, container, {})
        launch = await self._around.agent.prepare(pod, self._files.proxy_folder, waiting)
        own = tuple(Bind(str(source), target, readonly=read_only) for source, target, read_only in launch.binds)
        spec = _spec(pod, container, netns, argv=launch.argv, env=env | dict(launch.env), binds=binds + own, proxy=True)
        return Prepared(spec, _as_node_sees(ADMIN_SOCKET_PATH, own))

    async def _inside(self, pod: Manifest, container: Manifest, image_env: Mapping[str, str]) -> tuple[dict[str, str], tuple[Bind, ...]]:
        """Environment and mounts."""
        await self._files.prepare(pod)
        usual = {"PATH": DEFAULT_PATH, "HOME": "/", "HOSTNAME": _hostname(pod)}
        env = usual | dict(image_env) | build_environment(container, pod, self._files.sources, self._around.services())
        return env, self._files.binds(plan_mounts(container, env))

    async def _launch(self, spec: ContainerSpec) -> tuple[ProcessHandle, list[tuple[str, int]]]:
        if spec.tty:
            handle = await self._around.launcher.start(spec, stdout=None, stderr=None)
            return handle, [("stdout", handle.terminal)] if handle.terminal is not None else []
        out, out_end = os.pipe2(os.O_CLOEXEC)
        err, err_end = os.pipe2(os.O_CLOEXEC)
        try:
            handle = await self._around.launcher.start(spec, stdout=out_end, stderr=err_end)
        except BaseException:
            os.close(out)
            os.close(err)
            raise
        finally:
            os.close(out_end)
            os.close(err_end)
        return handle, [("stdout", out), ("stderr", err)]


async def copy_output(process: RunningProcess, now: Callable[[], datetime]) -> None:
    """Write what the container says into its log, until all who could say something are gone; then close the log."""

    async def copy(stream: str, descriptor: int) -> None:
        splitter = LogSplitter(stream)
        async for data in read_chunks(descriptor):
            process.log.write(splitter.feed(data, now()))
        process.log.write(splitter.end(now()))

    try:
        async with asyncio.TaskGroup() as group:
            for stream, descriptor in process.outputs:
                group.create_task(copy(stream, descriptor))
    finally:
        process.log.close()


def _spec(
    pod: Manifest,
    container: Manifest,
    netns: str,
    *,
    argv: tuple[str, ...],
    env: Mapping[str, str],
    binds: tuple[Bind, ...],
    proxy: bool = False,
) -> ContainerSpec:
    hostname = _hostname(pod)
    search = search_domains(namespace_of(pod))
    return ContainerSpec(
        argv=argv,
        netns=netns,
        hostname=hostname,
        env=tuple(env.items()),
        cwd=str(container.get("workingDir") or "/"),
        binds=binds,
        files=etc_files(hostname=hostname, address=pod["status"]["podIP"], nameserver=DNS_VIP, search=search),
        capabilities=(CAP_NET_ADMIN,) if proxy else (),  # Envoy marks its sockets, which the redirect lets pass
        init=not proxy,
        tty=bool(container.get("tty")),
    )


def _hostname(pod: Manifest) -> str:
    return str(pod["spec"].get("hostname") or name_of(pod))[:63].rstrip("-.")  # HOST_NAME_MAX of gethostname(2)


def _as_node_sees(path: str, binds: tuple[Bind, ...]) -> Path | None:
    """A path of the container as the node's, through the bind that covers it."""
    for bind in binds:
        if PurePosixPath(path).is_relative_to(bind.target):
            return Path(bind.source) / PurePosixPath(path).relative_to(bind.target)
    return None
