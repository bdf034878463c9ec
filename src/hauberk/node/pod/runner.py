"""One pod brought to life (edge): events go into the machine, its effects are performed, its status is written."""

import asyncio
import secrets
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import httpx2
import structlog

from hauberk.client.http import ApiStatusError
from hauberk.errors import HauberkError
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.node.pod.events import (
    Begin,
    ConfirmDeletion,
    ContainerExited,
    ContainerNotStarted,
    ContainerStarted,
    CreateNetwork,
    Deleted,
    Effect,
    Event,
    KillContainer,
    LivenessFailed,
    NetworkFailed,
    NetworkReady,
    ReadinessChanged,
    Report,
    StartContainer,
    StartDelayed,
    StartupPassed,
    StopContainer,
    Teardown,
    Tick,
)
from hauberk.node.pod.files import PodFiles
from hauberk.node.pod.machine import next_wake, step
from hauberk.node.pod.prober import ProbeTarget, run_probes
from hauberk.node.pod.probes import ProbeKind, ProbePlan, plan_probes
from hauberk.node.pod.programs import CannotStart, cause_of_exit, is_proxy_image
from hauberk.node.pod.starter import RunningProcess, Starter, copy_output
from hauberk.node.pod.state import (
    Role,
)
from hauberk.node.pod.status import build_pod_status, restore_state
from hauberk.node.pod.support import find_unsupported
from hauberk.node.pod.surroundings import Surroundings
from hauberk.node.pod.volumes import with_service_account

__all__ = ["PodRunner"]

_log = structlog.get_logger(__name__)

API_RETRY_SECONDS = 1.0
OUTPUT_GRACE_SECONDS = 2.0
"""How long output may still come after a container's end: all its processes are gone, only pipes are to be emptied."""
GONE_CODES = (403, 404, 409)
"""How the API says that the pod is gone, or that another has its name by now: a node may only write to pods that it has."""
OWN_STATUS_FIELDS = ("reason", "message", "podIP", "podIPs", "initContainerStatuses")
"""Fields that a status may lose again; a merge patch must name them to take them away."""


class PodRunner:
    """Runs one pod from the moment it is bound to the node until it is gone from it."""

    def __init__(self, pod: Manifest, around: Surroundings) -> None:
        self.pod = pod
        self.running: dict[str, RunningProcess] = {}
        self._around = around
        self._spec = with_service_account(pod)["spec"]
        self._files = PodFiles(pod, around)
        self._starter = Starter(around, self._files)
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._starts: dict[str, asyncio.Task[None]] = {}
        self._launching: dict[str, signal.Signals | None] = {}
        """Containers whose process is just coming to be, with the signal that is to reach it."""
        self._netns = ""
        self._status_due = asyncio.Event()
        self._stopping = False
        self._gone = False
        self.state = restore_state(pod, around.now())

    # -- What others tell the pod -------------------------------------------------------------------------------------
    def update(self, pod: Manifest) -> None:
        """Take in a newer object from the API."""
        self.pod = pod | {"status": self.pod.get("status") or pod.get("status") or {}}
        if pod["metadata"].get("deletionTimestamp"):
            seconds = pod["metadata"].get("deletionGracePeriodSeconds")
            self._events.put_nowait(Deleted(self.state.grace if seconds is None else timedelta(seconds=seconds)))

    def gone(self) -> None:
        """The object is gone from the API: end at once."""
        self._gone = True
        self._events.put_nowait(Deleted(timedelta(0)))

    def stop(self, grace: timedelta) -> None:
        """The node stops: end the processes, leave the object and its status as they are."""
        self._stopping = True
        self._events.put_nowait(Deleted(min(grace, self.state.grace)))

    # -- The loop -----------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Live the pod's life; returns once nothing of it is left on the node."""
        refusal = find_unsupported(self.pod)
        self.state = replace(self.state, refusal=refusal)
        try:
            await self._live()
        finally:  # whatever failed, no process outlives the one who would stop it
            for process in self.running.values():
                process.handle.signal(signal.SIGKILL)

    async def _live(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            writing = group.create_task(self._keep_status())
            refreshing = group.create_task(self._files.keep_fresh(self._pod_with_address))
            self._events.put_nowait(Begin())
            if self.pod["metadata"].get("deletionTimestamp"):
                self.update(self.pod)
            while not self.state.removed:
                await self._take(await self._next_event())
            writing.cancel()
            refreshing.cancel()

    async def _next_event(self) -> Event:
        now = self._around.now()
        wake = next_wake(self.state, now)
        try:
            async with asyncio.timeout(None if wake is None else (wake - now).total_seconds()):
                return await self._events.get()
        except TimeoutError:
            return Tick()

    async def _take(self, event: Event) -> None:
        if isinstance(event, ContainerExited):
            self.running.pop(event.name, None)
        self.state, effects = step(self.state, event, self._around.now())
        self._status_due.set()
        for effect in effects:
            await self._perform(effect)

    async def _perform(self, effect: Effect) -> None:
        match effect:
            case Report():
                self._around.report(self.pod, effect)
            case CreateNetwork():
                self._group.create_task(self._create_network())
            case StartContainer(name, attempt):
                task = self._starts[name] = self._group.create_task(self._start(name, attempt))
                task.add_done_callback(lambda task: self._given_up(name) if task.cancelled() else None)
            case StopContainer(name):
                self._signal(name, signal.SIGTERM)
            case KillContainer(name):
                self._signal(name, signal.SIGKILL)
            case Teardown():
                await self.take_away()
            case ConfirmDeletion():
                await self._confirm_deletion()

    # -- Effects ------------------------------------------------------------------------------------------------------
    async def _create_network(self) -> None:
        sidecars = [plan for plan, _ in self.state.of_role(Role.SIDECAR, Role.NATIVE) if is_proxy_image(plan.image)]
        try:
            before = str((self.pod.get("status") or {}).get("podIP") or "")
            address = self._around.take_address(uid_of(self.pod), before)
            wiring = await self._around.networks.create_pod(uid_of(self.pod), address, redirect=bool(sidecars))
        except (HauberkError, OSError) as error:
            self._events.put_nowait(NetworkFailed(str(error)))
            return
        self._netns = wiring.netns
        self._events.put_nowait(NetworkReady(address))

    async def _start(self, name: str, attempt: int) -> None:
        container = self._container(name)
        try:
            prepared = await self._starter.prepare(
                self._pod_with_address(), container, self._netns, waiting=lambda why: self._delayed(name, why)
            )
            # from here on the start is not given up: a process might come to be that nobody would know
            self._starts.pop(name)
            self._launching[name] = None
            process = await self._starter.launch(self.pod, name, prepared, attempt=attempt)
        except CannotStart as error:
            self._events.put_nowait(ContainerNotStarted(name, error.reason, error.message))
            return
        except (HauberkError, OSError) as error:
            self._events.put_nowait(ContainerExited(name, 128, reason="StartError", message=str(error)))
            return
        finally:
            self._starts.pop(name, None)
            missed = self._launching.pop(name, None)
        self.running[name] = process
        if missed is not None:
            self._signal(name, missed)
        self._around.report(
            self.pod, Report("Normal", "Pulled", f'Container image "{container.get("image")}" already present on machine', name)
        )
        self._events.put_nowait(ContainerStarted(name, f"hauberk://{secrets.token_hex(32)}"))
        self._group.create_task(self._supervise(name, container, process))

    async def _supervise(self, name: str, container: Manifest, process: RunningProcess) -> None:
        copying = self._group.create_task(copy_output(process, self._around.now))
        probing = self._group.create_task(self._probe(name, container, process))
        code = await process.handle.wait()
        probing.cancel()
        await asyncio.wait([copying], timeout=OUTPUT_GRACE_SECONDS)
        copying.cancel()
        self._events.put_nowait(ContainerExited(name, code, message=cause_of_exit(str(container.get("image", "")), code)))

    async def _probe(self, name: str, container: Manifest, process: RunningProcess) -> None:
        async def execute(argv: Sequence[str]) -> int:
            added = await self._around.launcher.execute(process.handle, argv)
            try:
                return await added.wait()
            finally:
                added.signal(signal.SIGKILL)  # no error where it has ended

        def listener(plan: ProbePlan, verdict: bool | None, failure: str) -> None:
            if failure:
                message = f"{plan.kind.value.capitalize()} probe failed: {failure}"
                self._around.report(self.pod, Report("Warning", "Unhealthy", message, name))
            if verdict is None:
                return
            if plan.kind is ProbeKind.READINESS:
                self._events.put_nowait(ReadinessChanged(name, verdict))
            elif not verdict:
                self._events.put_nowait(LivenessFailed(name, plan.kind.value, plan.grace))
            elif plan.kind is ProbeKind.STARTUP:
                self._events.put_nowait(StartupPassed(name))

        netns, address = self._netns, self.state.ip
        target = ProbeTarget(lambda: self._around.open_socket(netns), address, process.admin_socket, execute)
        await run_probes(plan_probes(container), target, listener)

    def _signal(self, name: str, number: signal.Signals) -> None:
        if name in self._starts:
            self._starts[name].cancel()
        elif name in self._launching:
            self._launching[name] = number
        elif name in self.running:
            # PID 1 does not get a SIGTERM that it has no handler for yet; an Envoy that never was ready has nothing to drain
            unready = self.running[name].admin_socket is not None and not self.state[name].ready
            self.running[name].handle.signal(signal.SIGKILL if unready else number)

    def _given_up(self, name: str) -> None:
        """A start was cancelled, maybe before it did anything: a coroutine that never ran cannot tell."""
        self._starts.pop(name, None)
        self._events.put_nowait(ContainerNotStarted(name, "ContainerCreating", "its start was given up"))

    def _delayed(self, name: str, why: str) -> None:
        self._events.put_nowait(StartDelayed(name, "ContainerCreating", why))

    async def take_away(self) -> None:
        """Take away what the node holds for the pod, its processes excepted: certificates, network, address, files."""
        uid = uid_of(self.pod)
        await self._around.agent.release(uid)
        await self._around.networks.delete_pod(uid)
        self._around.give_back_address(uid)
        self._files.remove()

    async def _confirm_deletion(self) -> None:
        if self._stopping and not self.pod["metadata"].get("deletionTimestamp"):
            return
        self._starter.forget_logs(self.pod)
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid_of(self.pod)}}
        while not self._gone:
            try:
                await self._around.client.delete(core.POD, name_of(self.pod), namespace_of(self.pod), options=options)
            except ApiStatusError as error:
                if error.code not in GONE_CODES:
                    _log.warning("deletion not confirmed", pod=name_of(self.pod), namespace=namespace_of(self.pod), reason=str(error))
                return
            except httpx2.HTTPError:
                if self._stopping:
                    return
                await asyncio.sleep(API_RETRY_SECONDS)
            else:
                return

    # -- Status -------------------------------------------------------------------------------------------------------
    async def _keep_status(self) -> None:
        """Write the status whenever the state has changed; changes that come meanwhile are written together."""
        while True:
            await self._status_due.wait()
            self._status_due.clear()
            if self._stopping or self._gone:
                return
            status = build_pod_status(self.pod, self.state, host_ip=self._around.host_ip, now=self._around.now())
            while not await self._write_status(status):
                await asyncio.sleep(API_RETRY_SECONDS)
                status = build_pod_status(self.pod, self.state, host_ip=self._around.host_ip, now=self._around.now())

    async def _write_status(self, status: Manifest) -> bool:
        """Whether there is nothing more to try."""
        before = self.pod.get("status") or {}
        if before | status == before:
            return True
        gone = {field: None for field in OWN_STATUS_FIELDS if field in before and field not in status}
        patch = {"metadata": {"uid": uid_of(self.pod)}, "status": gone | status}
        try:
            await self._around.client.patch(core.POD, name_of(self.pod), patch, namespace=namespace_of(self.pod), subresource="status")
        except ApiStatusError as error:
            if error.code not in GONE_CODES:
                _log.warning("status not written", pod=name_of(self.pod), namespace=namespace_of(self.pod), reason=str(error))
            return error.code < 500 and error.code != 429
        except httpx2.HTTPError:
            return False
        self.pod = self.pod | {"status": {field: value for field, value in before.items() if field not in gone} | status}
        return True

    # -- The manifest -------------------------------------------------------------------------------------------------
    def _container(self, name: str) -> Manifest:
        both: list[Manifest] = [*(self._spec.get("initContainers") or []), *self._spec["containers"]]
        return next(container for container in both if container["name"] == name)

    def _pod_with_address(self) -> Manifest:
        addresses: Mapping[str, object] = {
            "podIP": self.state.ip,
            "podIPs": [{"ip": self.state.ip}],
            "hostIP": self._around.host_ip,
            "hostIPs": [{"ip": self._around.host_ip}],
        }
        return self.pod | {"spec": self._spec, "status": {**(self.pod.get("status") or {}), **addresses}}
