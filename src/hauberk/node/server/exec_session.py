"""A command in a container, its streams over a WebSocket (edge)."""

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass

import orjson
from starlette.datastructures import QueryParams
from starlette.websockets import WebSocket, WebSocketDisconnect

from hauberk.errors import BugError, HauberkError
from hauberk.node.pipes import PipeWriter, read_chunks, resize_terminal
from hauberk.node.pod.surroundings import Launcher, ProcessHandle
from hauberk.node.server.remotecommand import (
    Channel,
    build_exit_status,
    build_start_failure,
    parse_frame,
    parse_resize,
    render_frame,
)

__all__ = ["ExecRequest", "parse_exec_request", "run_exec"]

OUTPUT_GRACE_SECONDS = 2.0
"""How long output may still come after the command's end: a child that it left behind may hold the pipes for ever."""
_TRUE = {"1", "true"}


@dataclass(frozen=True, slots=True)
class ExecRequest:
    """What the query asks for."""

    argv: tuple[str, ...]
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool


def parse_exec_request(query: QueryParams) -> ExecRequest:
    """The query of /exec, as the API's pods/exec has it; a terminal has no stderr of its own."""
    tty = query.get("tty", "").lower() in _TRUE
    return ExecRequest(
        argv=tuple(query.getlist("command")),
        stdin=query.get("stdin", "").lower() in _TRUE,
        stdout=query.get("stdout", "").lower() in _TRUE,
        stderr=query.get("stderr", "").lower() in _TRUE and not tty,
        tty=tty,
    )


@dataclass
class _Streams:
    """Our ends of the command's streams, by channel."""

    stdin: PipeWriter | None
    outputs: dict[Channel, int]
    terminal: int | None = None


async def run_exec(socket: WebSocket, request: ExecRequest, *, launcher: Launcher, container: ProcessHandle) -> None:
    """Run the command over an accepted WebSocket, to its end; it is killed when the client leaves before."""
    first = Channel.STDOUT if request.stdout else Channel.STDERR if request.stderr else Channel.ERROR
    await socket.send_bytes(render_frame(first, b""))  # tells the client that the connection stands, as kubelet does
    try:
        process, streams = await _start(request, launcher, container)
    except HauberkError as error:
        await _finish(socket, orjson.dumps(build_start_failure(str(error), getattr(error, "status", 126))))
        return
    try:
        await _converse(socket, process, streams)
        await _finish(socket, orjson.dumps(build_exit_status(await process.wait())))
    except WebSocketDisconnect:
        return
    finally:
        process.signal(signal.SIGKILL)
        if streams.stdin is not None:
            streams.stdin.close()


async def _converse(socket: WebSocket, process: ProcessHandle, streams: _Streams) -> None:
    """Copy streams until the command has ended and its output is sent; a client that leaves raises WebSocketDisconnect."""
    try:
        async with asyncio.TaskGroup() as group:
            receiving = group.create_task(_receive(socket, streams))
            outputs = [group.create_task(_send_output(socket, channel, fd)) for channel, fd in streams.outputs.items()]
            await process.wait()
            if outputs:
                await asyncio.wait(outputs, timeout=OUTPUT_GRACE_SECONDS)
            for task in (receiving, *outputs):
                task.cancel()
    except* (WebSocketDisconnect, RuntimeError) as left:  # RuntimeError: Starlette's, for sending after the client left
        raise WebSocketDisconnect(1006) from left


async def _send_output(socket: WebSocket, channel: Channel, descriptor: int) -> None:
    async for data in read_chunks(descriptor):
        await socket.send_bytes(render_frame(channel, data))


async def _receive(socket: WebSocket, streams: _Streams) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1006)
        frame = parse_frame(message.get("bytes") or (message.get("text") or "").encode())
        if frame is None:
            continue
        if frame.channel is Channel.STDIN and streams.stdin is not None:
            await streams.stdin.write(frame.data)
        elif frame.channel is Channel.CLOSE and frame.data == bytes([Channel.STDIN]) and streams.stdin is not None and not streams.terminal:
            streams.stdin.close()
            streams.stdin = None
        elif frame.channel is Channel.RESIZE and streams.terminal is not None and (size := parse_resize(frame.data)):
            resize_terminal(streams.terminal, columns=size[0], rows=size[1])


async def _start(request: ExecRequest, launcher: Launcher, container: ProcessHandle) -> tuple[ProcessHandle, _Streams]:
    if request.tty:
        process = await launcher.execute(container, request.argv, tty=True)
        if process.terminal is None:
            raise BugError("the launcher made no terminal for the command")
        terminal = os.dup(process.terminal)  # one descriptor is read and closed by read_chunks, the other written
        return process, _Streams(PipeWriter(terminal), {Channel.STDOUT: process.terminal}, terminal)
    wanted = {Channel.STDIN: request.stdin, Channel.STDOUT: request.stdout, Channel.STDERR: request.stderr}
    pipes = {channel: os.pipe2(os.O_CLOEXEC) for channel, is_wanted in wanted.items() if is_wanted}
    # of stdin the command reads, of the others it writes
    theirs = {channel: ends[0 if channel is Channel.STDIN else 1] for channel, ends in pipes.items()}
    ours = {channel: ends[1 if channel is Channel.STDIN else 0] for channel, ends in pipes.items()}
    try:
        streams = (theirs.get(Channel.STDIN), theirs.get(Channel.STDOUT), theirs.get(Channel.STDERR))
        process = await launcher.execute(container, request.argv, streams=streams)
    except BaseException:
        for descriptor in ours.values():
            os.close(descriptor)
        raise
    finally:
        for descriptor in theirs.values():
            os.close(descriptor)
    stdin = PipeWriter(ours.pop(Channel.STDIN)) if request.stdin else None
    return process, _Streams(stdin, ours)


async def _finish(socket: WebSocket, status: bytes) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_bytes(render_frame(Channel.ERROR, status))
        await socket.close(1000)
