"""The node as a client of the API (edge): registers itself, runs the pods that are bound to it, follows Services."""

import asyncio
import os
import platform
import shutil
from contextlib import suppress
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import httpx2
import structlog

from hauberk.client.http import ApiStatusError
from hauberk.client.informer import Change, ChangeType, Informer
from hauberk.k8s import core
from hauberk.k8s.kind import name_of, namespace_of, uid_of
from hauberk.names import NODE_NAME
from hauberk.node.node_object import Machine, build_node, build_node_status, parse_memory_total, parse_os_name
from hauberk.node.pod.runner import PodRunner
from hauberk.node.pod.surroundings import Surroundings

__all__ = ["Kubelet", "read_machine"]

_log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 60
REGISTER_RETRY_SECONDS = 1.0
CRASHED_RUNNER_RETRY_SECONDS = 5.0


class Kubelet:
    """Runs a PodRunner for each pod bound to this node."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._runners: dict[str, PodRunner] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.pods = Informer(around.client, core.POD, params={"fieldSelector": f"spec.nodeName={NODE_NAME}"}, on_change=self._on_pod)

    def find(self, namespace: str, name: str) -> PodRunner | None:
        """The runner of the pod of that name, if one is here."""
        for runner in self._runners.values():
            if (namespace_of(runner.pod), name_of(runner.pod)) == (namespace, name):
                return runner
        return None

    async def run(self) -> None:
        """Register, then follow the API until cancelled; pods go on while it is away."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._keep_node())
            group.create_task(self.pods.run())
            await self.pods.synced.wait()
            self._forget_logs()

    async def stop(self, grace: timedelta) -> None:
        """End all pods' processes within `grace`; their objects stay, so that the next node starts them anew."""
        self._stopping = True
        for runner in self._runners.values():
            runner.stop(grace)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace.total_seconds() + 1)

    # -- Pods ---------------------------------------------------------------------------------------------------------
    def _on_pod(self, change: Change) -> None:
        pod = change.object
        uid = uid_of(pod)
        for other in list(self._runners.values()):  # a pod of the same name took its place while we did not look
            if uid_of(other.pod) != uid and (namespace_of(other.pod), name_of(other.pod)) == (namespace_of(pod), name_of(pod)):
                other.gone()
        if change.type is ChangeType.DELETED:
            if uid in self._runners:
                self._runners[uid].gone()
        elif uid in self._runners:
            self._runners[uid].update(pod)
        elif not self._stopping:
            runner = PodRunner(pod, self._around)
            self._runners[uid] = runner
            task = self._group.create_task(self._keep(uid, runner), name=f"pod {namespace_of(pod)}/{name_of(pod)}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _keep(self, uid: str, runner: PodRunner) -> None:
        """Run a pod to its end; one pod's failure is our fault, but not the other pods' end."""
        try:
            while True:
                try:
                    await runner.run()
                    return
                except Exception:
                    _log.exception("pod runner failed", pod=name_of(runner.pod), namespace=namespace_of(runner.pod))
                    await asyncio.sleep(CRASHED_RUNNER_RETRY_SECONDS)
                    await runner.take_away()
                    runner = self._runners[uid] = PodRunner(runner.pod, self._around)
        finally:
            self._runners.pop(uid, None)

    def _forget_logs(self) -> None:
        """Remove logs of pods that were deleted while no node looked."""
        known = {uid_of(pod) for pod in self.pods.store.values()}
        for folder in self._around.logs.glob("*_*_*"):
            if folder.name.rpartition("_")[2] not in known:
                shutil.rmtree(folder, ignore_errors=True)

    # -- The Node object ----------------------------------------------------------------------------------------------
    async def _keep_node(self) -> None:
        machine = read_machine()
        while True:
            try:
                await self._write_node(machine)
                await asyncio.sleep(HEARTBEAT_SECONDS)
            except (httpx2.HTTPError, ApiStatusError) as error:
                _log.info("node status not written", reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(REGISTER_RETRY_SECONDS)

    async def _write_node(self, machine: Machine) -> None:
        client = self._around.client
        try:
            node = await client.get(core.NODE, NODE_NAME)
        except ApiStatusError as error:
            if error.code != 404:
                raise
            node = await client.create(core.NODE, build_node(machine))
        status = build_node_status(machine, node.get("status") or {}, address=self._around.host_ip, now=self._around.now())
        await client.patch(core.NODE, NODE_NAME, {"status": status}, subresource="status")


def read_machine() -> Machine:
    """What uname(2), /proc and /etc say about this machine; unreadable files are left empty."""
    return Machine(
        hostname=platform.node(),
        architecture=platform.machine(),
        kernel_version=platform.release(),
        os_image=parse_os_name(_read("/etc/os-release")),
        machine_id=_read("/etc/machine-id").strip(),
        boot_id=_read("/proc/sys/kernel/random/boot_id").strip(),
        cpus=len(os.sched_getaffinity(0)),
        memory_kib=parse_memory_total(_read("/proc/meminfo")),
        version=version("hauberk"),
    )


def _read(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text()
    return ""
