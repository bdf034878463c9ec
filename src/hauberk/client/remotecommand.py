"""The edge of exec: a command's standard streams over a WebSocket.

Kubernetes' framing (`v5.channel.k8s.io`): the first byte of a message is its channel; 0 is standard input, 1 output, 2 error
output, 3 the result (a Status), 4 the terminal's size (JSON), 255 closes the channel that the second byte names.
"""

import asyncio
import os
import signal
import ssl
import termios
import threading
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from hauberk.client.http import ApiStatusError, status_of
from hauberk.client.kubeconfig import Access
from hauberk.errors import PeerError
from hauberk.k8s.kind import Manifest

__all__ = ["PROTOCOLS", "Result", "Streams", "parse_result", "remote_command"]

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, RESULT, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255

_CHUNK_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class Streams:
    """File descriptors of our side; `terminal`: standard input is a terminal, to be put into raw mode."""

    stdin: int | None
    stdout: int
    stderr: int
    terminal: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How the command ended; `message` is empty where it succeeded."""

    exit_code: int
    message: str = ""


def parse_result(status: Manifest) -> Result:
    """The result in a Status: kubectl's words, and the command's exit code where there is one, else 1."""
    if status.get("status") == "Success":
        return Result(0)
    causes = (status.get("details") or {}).get("causes") or ()
    for cause in causes:
        if cause.get("reason") == "ExitCode":
            return Result(int(cause.get("message", 1)), f"command terminated with exit code {cause.get('message')}")
    return Result(1, f"error: {status.get('message', 'the command did not run')}")


async def remote_command(access: Access, path: str, query: Sequence[tuple[str, str]], streams: Streams) -> Result:
    """Run a command at `path` (a pod's exec) until it ends.

    Raises: ApiStatusError where the API refuses, PeerError where the connection breaks off.
    """
    url = f"{access.server.replace('http', 'ws', 1)}{path}?{urlencode(query)}"
    try:
        async with connect(
            url,
            ssl=access.tls,
            subprotocols=[Subprotocol(name) for name in PROTOCOLS],
            additional_headers=access.headers(),
            max_size=None,
            compression=None,
            proxy=None,
        ) as socket:
            with _raw_mode(streams):
                return await _converse(socket, streams)
    except InvalidStatus as error:
        raise ApiStatusError(status_of(error.response.status_code, bytes(error.response.body))) from error
    except (ConnectionClosed, InvalidHandshake, ssl.SSLError, OSError) as error:
        raise PeerError(f"The connection for the command broke off: {error}") from error


async def _converse(socket: ClientConnection, streams: Streams) -> Result:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_send_input(socket, streams.stdin))] if streams.stdin is not None else []
        if streams.terminal:
            tasks.append(group.create_task(_send_sizes(socket, streams.stdout)))
        result = Result(1, "error: the connection ended before the command did")
        async for message in socket:
            if not isinstance(message, bytes) or not message:
                continue
            channel, data = message[0], message[1:]
            if channel in (STDOUT, STDERR):
                _write(streams.stdout if channel == STDOUT else streams.stderr, data)
            elif channel == RESULT:
                result = parse_result(orjson.loads(data))
                break
        for task in tasks:
            task.cancel()
    return result


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


async def _send_input(socket: ClientConnection, fd: int) -> None:
    chunks: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        # A thread, since a file or /dev/null cannot be polled; a daemon, since a read of a terminal cannot be called off.
        data = b"-"
        with suppress(OSError, RuntimeError):  # the command is over: the descriptor or the loop was closed meanwhile
            while data:
                data = os.read(fd, _CHUNK_BYTES)
                loop.call_soon_threadsafe(chunks.put_nowait, data)

    threading.Thread(target=read, daemon=True, name="stdin").start()
    while data := await chunks.get():
        await socket.send(bytes([STDIN]) + data)
    if socket.subprotocol == PROTOCOLS[0]:  # v4 cannot close one direction
        await socket.send(bytes([CLOSE, STDIN]))


async def _send_sizes(socket: ClientConnection, fd: int) -> None:
    changed = asyncio.Event()
    changed.set()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGWINCH, changed.set)
    try:
        while True:
            await changed.wait()
            changed.clear()
            size = os.get_terminal_size(fd)
            await socket.send(bytes([RESIZE]) + orjson.dumps({"Width": size.columns, "Height": size.lines}))
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)


@contextmanager
def _raw_mode(streams: Streams) -> Iterator[None]:
    """Keys go to the command as they are typed, Ctrl-C too, while the block runs."""
    if not streams.terminal or streams.stdin is None:
        yield
        return
    before = termios.tcgetattr(streams.stdin)
    tty.setraw(streams.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(streams.stdin, termios.TCSADRAIN, before)
