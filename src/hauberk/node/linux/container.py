"""Starts containers and programs in them, and waits for them: the node's side of the launcher.

The launcher is a process of its own (`launch`), because joining a mount or PID namespace is for single-threaded processes.
What it starts is our child, though: it is waited for by a pidfd in the event loop, next to asyncio's own child watching.
"""

import array
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import hauberk
from hauberk.errors import BugError, HauberkError
from hauberk.node.linux.namespaces import NODE_RUN
from hauberk.node.linux.reaper import exit_status
from hauberk.node.linux.sandbox import DEFAULT_PATH, ContainerSpec, ExecSpec, render_exec, render_spec

__all__ = ["RunningContainer", "StartError", "exec_in_container", "start_container"]

_ROOT: Final = f"{NODE_RUN}/root"
"""Mount point of every container's root, each in its own mount namespace."""
_SOURCES: Final = str(Path(hauberk.__file__).resolve().parents[1])
_BOOT: Final = (
    "import sys; sys.path.append(sys.argv[1]); from hauberk.node.linux.launch import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)
"""Imported instead of run by its path, so that compiled code is found; bare (-I -S), so that neither environment nor site matter."""
_DEADLINE_SECONDS: Final = 30.0
_UNKNOWN_STATUS: Final = 255 << 8
"""Where somebody else waited for our child, as asyncio has it."""


class StartError(HauberkError):
    """A program could not be started; nothing of it runs. `status` is 127 (no such file), 126 (cannot execute) or 128 (setup)."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class RunningContainer:
    """A container, or a further program in one. Made by the functions below, in the event loop's thread.

    `pid` is its first process as the node numbers it; `terminal` the other end of its terminal, which the caller closes.
    """

    def __init__(self, pid: int, terminal: int | None, *, spec: ContainerSpec | ExecSpec) -> None:
        self.pid = pid
        self.terminal = terminal
        self.spec = spec
        self._pidfd = os.pidfd_open(pid)
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(self._pidfd, self._reap)

    def _reap(self) -> None:
        try:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            ended, status = self.pid, _UNKNOWN_STATUS
        if not ended:
            return
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._ended.set_result(exit_status(status))

    @property
    def running(self) -> bool:
        """Whether it has not been waited for yet."""
        return not self._ended.done()

    async def wait(self) -> int:
        """Its exit code, 128+n where signal n ended it; any number of callers may wait."""
        return await asyncio.shield(self._ended)

    def signal(self, number: int) -> None:
        """Send a signal to its first process; nothing where it has ended. SIGKILL ends everything in the container."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)


@dataclass(frozen=True, slots=True)
class _Streams:
    stdin: int | None
    stdout: int | None
    stderr: int | None


async def start_container(
    spec: ContainerSpec, *, stdin: int | None = None, stdout: int | None = None, stderr: int | None = None
) -> RunningContainer:
    """Start a container. Streams are descriptors (None: /dev/null) and stay the caller's to close.

    Raises: StartError - the root could not be built or the program not executed.
    """
    text = render_spec(spec, root=_ROOT, folders=python_folders())
    return await _launch(text, _Streams(stdin, stdout, stderr), spec)


async def exec_in_container(
    container: RunningContainer,
    argv: Sequence[str],
    *,
    env: Iterable[tuple[str, str]] = (),
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
    tty: bool = False,
) -> RunningContainer:
    """Start a further program in a container, with its environment, working directory and restrictions, as `kubectl exec` does.

    `env` adds to that environment. With `tty` the streams are not used: read and write `terminal` of the result.
    Raises: StartError - no such program, or the container has ended.
    """
    if not container.running or not isinstance(container.spec, ContainerSpec):
        raise StartError("the container is not running any more", 128)
    spec = container.spec
    usual = {"PATH": DEFAULT_PATH} | ({"TERM": "xterm"} if tty else {})
    environment = tuple((usual | dict(spec.env) | dict(env)).items())
    told = ExecSpec(tuple(argv), container.pid, environment, spec.cwd, spec.capabilities, tty)
    return await _launch(render_exec(told), _Streams(stdin, stdout, stderr), told)


def python_folders() -> tuple[str, ...]:
    """Where this interpreter, its packages and our sources are, by the names they are called and by their real ones."""
    named = (sys.prefix, sys.base_prefix, _SOURCES)
    return (*named, *(os.path.realpath(folder) for folder in named))


async def _launch(text: str, streams: _Streams, spec: ContainerSpec | ExecSpec) -> RunningContainer:
    launching = asyncio.get_running_loop().run_in_executor(None, _run_launcher, text, streams)
    try:
        return RunningContainer(*await asyncio.shield(launching), spec=spec)
    except asyncio.CancelledError:
        # The thread cannot be stopped: what it starts is ended as soon as it is there, or nobody would own it.
        launching.add_done_callback(lambda done: _discard(done, spec))
        raise


def _discard(launching: asyncio.Future[tuple[int, int | None]], spec: ContainerSpec | ExecSpec) -> None:
    if launching.cancelled() or launching.exception():
        return
    unwanted = RunningContainer(*launching.result(), spec=spec)
    unwanted.signal(signal.SIGKILL)
    if unwanted.terminal is not None:
        os.close(unwanted.terminal)


def _run_launcher(text: str, streams: _Streams) -> tuple[int, int | None]:
    """Run the launcher to its end; returns the program's pid and its terminal. Blocks for some 20 ms."""
    spec = os.memfd_create("spec", os.MFD_CLOEXEC)
    ours, theirs = socket.socketpair()
    try:
        os.write(spec, text.encode())
        os.lseek(spec, 0, os.SEEK_SET)
        launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _BOOT, _SOURCES, str(spec), str(theirs.fileno())],
            env={},
            stdin=subprocess.DEVNULL if streams.stdin is None else streams.stdin,
            stdout=subprocess.DEVNULL if streams.stdout is None else streams.stdout,
            stderr=subprocess.DEVNULL if streams.stderr is None else streams.stderr,
            pass_fds=(spec, theirs.fileno()),
        )
        theirs.close()
        messages, terminal = _read_report(ours)
        status = launcher.wait()
    finally:
        os.close(spec)
        ours.close()
        theirs.close()
    return _judge(messages, terminal, status)


def _read_report(connection: socket.socket) -> tuple[dict[str, Any], int | None]:
    """All that the launcher and the container's first process said, merged, up to exec; and the terminal, if one came along."""
    connection.settimeout(_DEADLINE_SECONDS)
    data, terminal = b"", None
    while True:
        part, rights, _flags, _address = connection.recvmsg(1 << 16, socket.CMSG_SPACE(4))
        for _level, _kind, content in rights:
            terminal = array.array("i", content)[0]
        if not part:
            break
        data += part
    merged: dict[str, Any] = {}
    for line in data.splitlines():
        merged |= json.loads(line)
    return merged, terminal


def _judge(messages: dict[str, Any], terminal: int | None, status: int) -> tuple[int, int | None]:
    pid = messages.get("pid")
    if pid is not None and "error" not in messages:
        return pid, terminal
    if terminal is not None:
        os.close(terminal)
    if pid is not None:
        os.waitpid(pid, 0)
    if "error" in messages:
        raise StartError(messages["error"], messages["status"])
    raise BugError(f"The container's launcher ended with status {status} and said nothing; its standard error has the reason.")
