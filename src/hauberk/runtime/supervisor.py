"""The process that starts the control plane and the node, and starts them again when they end.

It holds the listening sockets on the host's loopback and hands them down: while a process is away, connections wait in
the backlog instead of being refused, and ports never change.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

import structlog

from hauberk.errors import ConfigError, EnvironmentProblem, HauberkError
from hauberk.runtime.instance import (
    API_PORTS,
    HTTP_PORTS,
    InstanceInfo,
    InstanceLock,
    bind_loopback,
    dump_settings,
    make_folders,
    read_info,
    write_info,
)
from hauberk.runtime.restart import RestartState, next_start
from hauberk.settings import InstancePaths, Ports, Settings

__all__ = ["CONTROL_PLANE", "NODE", "Child", "Progress", "Supervisor", "supervise"]

CONTROL_PLANE = "control-plane"
NODE = "node"
DRAIN_SECONDS = 15.0
"""How long a process may take to end after SIGTERM: the node drains its pods within 10."""
LOG_LIMIT_BYTES = 10 * 1024 * 1024

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of the start: `stage` is `starting`, `ready`, `failed` or `up`; `process` is empty for the whole."""

    stage: str
    process: str = ""
    message: str = ""
    seconds: float = 0.0

    def to_line(self) -> bytes:
        """One JSON line, for whoever waits at the other end of a pipe."""
        value = {"stage": self.stage, "process": self.process, "message": self.message, "seconds": self.seconds}
        return json.dumps(value).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running: its module, and the listening socket that it is given."""

    name: str
    module: str
    listener: socket.socket
    flag: str


class Supervisor:
    """Keeps the processes of one instance running; `failure` has the reason where one never came up."""

    def __init__(self, settings: Settings, info: InstanceInfo, report: Callable[[Progress], None], stop: asyncio.Event) -> None:
        self._settings = settings
        self._info = info
        self._report = report
        self._stop = stop
        self._begun = monotonic()
        self.failure: str = ""

    async def keep(self, child: Child, ready: asyncio.Event) -> None:
        """Run `child` until we are told to stop, restarting it when it ends."""
        state = RestartState()
        while not self._stop.is_set():
            begun = monotonic()
            status = await self._run_once(child, ready)
            if self._stop.is_set():
                return
            if not ready.is_set():  # it never came up: the reason will not go away by itself
                self._fail(child, self.failure or f"{child.name} ended with status {status}; see {self._log_path(child)}")
                return
            state, delay = next_start(state, lived_seconds=monotonic() - begun)
            log.warning("process ended, starting it again", child=child.name, status=status, in_seconds=delay)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), delay)

    async def _run_once(self, child: Child, ready: asyncio.Event) -> int:
        self._report(Progress("starting", child.name, seconds=self._elapsed()))
        reader, writer = os.pipe()
        try:
            with self._open_log(child) as output:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    child.module,
                    dump_settings(self._settings),
                    f"--{child.flag}-fd={child.listener.fileno()}",
                    f"--ready-fd={writer}",
                    pass_fds=(child.listener.fileno(), writer),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                )
        finally:
            os.close(writer)
        self._info = replace(self._info, processes={**self._info.processes, child.name: process.pid})
        write_info(self._settings.paths, self._info)
        return await self._attend(child, process, reader, ready)

    async def _attend(self, child: Child, process: asyncio.subprocess.Process, reader: int, ready: asyncio.Event) -> int:
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reader, "rb")
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(self._listen(child, stream, ready))
                stopping = tasks.create_task(self._end_on_stop(process))
                status = await process.wait()
                stopping.cancel()
                listening.cancel()
        finally:
            transport.close()
        return status

    async def _listen(self, child: Child, stream: asyncio.StreamReader, ready: asyncio.Event) -> None:
        async for line in stream:
            event: dict[str, Any] = json.loads(line)
            if event.get("event") == "ready":
                if "pid" in event:  # the node's own pid, not its parent's in the host's namespace
                    self._info = replace(self._info, processes={**self._info.processes, child.name: event["pid"]})
                    write_info(self._settings.paths, self._info)
                self._report(Progress("ready", child.name, seconds=self._elapsed()))
                ready.set()
            elif event.get("event") == "failed":
                self.failure = str(event.get("message", ""))

    async def _end_on_stop(self, process: asyncio.subprocess.Process) -> None:
        await self._stop.wait()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), DRAIN_SECONDS)
            except TimeoutError:
                process.kill()

    def _fail(self, child: Child, message: str) -> None:
        self.failure = message
        self._report(Progress("failed", child.name, message, self._elapsed()))
        self._stop.set()

    def _open_log(self, child: Child) -> BinaryIO:
        path = self._log_path(child)
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")

    def _log_path(self, child: Child) -> Path:
        return self._settings.paths.logs / f"{child.name}.log"

    def _elapsed(self) -> float:
        return round(monotonic() - self._begun, 3)

    async def run(self, children: list[Child]) -> None:
        """Start all, announce when all are ready, and return when all have ended after the stop."""
        ready = {child.name: asyncio.Event() for child in children}
        async with asyncio.TaskGroup() as tasks:
            announcing = tasks.create_task(self._announce(list(ready.values())))
            for child in children:
                tasks.create_task(self.keep(child, ready[child.name]))
            await self._stop.wait()
            announcing.cancel()

    async def _announce(self, events: list[asyncio.Event]) -> None:
        for event in events:
            await event.wait()
        self._report(Progress("up", seconds=self._elapsed()))


async def supervise(
    name: str, paths: InstancePaths, report: Callable[[Progress], None], *, api_port: int | None = None, http_port: int | None = None
) -> None:
    """Run the instance until SIGTERM or SIGINT.

    Raises: ConfigError where it is up already; EnvironmentProblem where a process could not start, with its own words.
    """
    make_folders(paths)
    lock = InstanceLock(paths, name)
    try:
        before = read_info(paths)
        api = _listener("api", api_port, (*([before.api_port] if before else []), *API_PORTS))
        http = _listener("http", http_port, (*([before.http_port] if before and before.http_port != 80 else []), *HTTP_PORTS))
        ports = Ports(api=api.getsockname()[1], http=http.getsockname()[1])
        settings = Settings(name=name, paths=paths, ports=ports)
        info = InstanceInfo(name, os.getpid(), ports.api, ports.http, datetime.now(UTC).isoformat(timespec="seconds"))
        write_info(paths, info)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        supervisor = Supervisor(settings, info, report, stop)
        with api, http:
            await supervisor.run(
                [
                    Child(CONTROL_PLANE, "hauberk.runtime.control_plane", api, "api"),
                    Child(NODE, "hauberk.runtime.node", http, "http"),
                ]
            )
        if supervisor.failure:
            raise EnvironmentProblem(supervisor.failure)
    finally:
        lock.release()


def _listener(what: str, asked: int | None, preferred: tuple[int, ...]) -> socket.socket:
    if asked is None:
        return bind_loopback(preferred)
    listener = bind_loopback((asked,))
    if listener.getsockname()[1] != asked:
        listener.close()
        raise ConfigError(f"Port {asked} on 127.0.0.1 is taken or not allowed for you. Choose another --{what}-port.")
    return listener


def main() -> None:
    """Entry of the detached supervisor: `python -m hauberk.runtime.supervisor SPEC`, SPEC as written by `cli/up.py`."""
    from hauberk.runtime.logs import configure_logging  # noqa: PLC0415 - the foreground supervisor leaves logging as it is

    spec = json.loads(sys.argv[1])
    configure_logging("supervisor")
    paths = InstancePaths(state=Path(spec["state"]), run=Path(spec["run"]))
    fd = int(spec["progress_fd"])

    def report(progress: Progress) -> None:
        with contextlib.suppress(OSError):  # nobody waits any more
            os.write(fd, progress.to_line())
            if progress.stage in {"up", "failed"}:
                os.close(fd)

    try:
        asyncio.run(supervise(spec["name"], paths, report, api_port=spec["api_port"], http_port=spec["http_port"]))
    except HauberkError as error:
        report(Progress("failed", message=str(error)))
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
