import asyncio
import os
import threading
from collections.abc import Awaitable, Callable

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from hauberk.client.http import ApiStatusError
from hauberk.client.kubeconfig import Access
from hauberk.client.remotecommand import PROTOCOLS, Result, Streams, parse_result, remote_command
from hauberk.errors import PeerError

SUCCESS = {"status": "Success"}
NOT_FOUND = {"kind": "Status", "code": 404, "reason": "NotFound", "message": 'pods "x" not found'}


def exit_code(code: int) -> dict[str, object]:
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return {"status": "Failure", "reason": "NonZeroExitCode", "message": "exited", "details": {"causes": causes}}


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (SUCCESS, Result(0)),
        (exit_code(3), Result(3, "command terminated with exit code 3")),
        ({"status": "Failure", "message": "no such file"}, Result(1, "error: no such file")),
        ({}, Result(1, "error: the command did not run")),
    ],
)
def test_a_status_says_how_the_command_ended(status: dict[str, object], result: Result) -> None:
    assert parse_result(status) == result


Container = Callable[[ServerConnection], Awaitable[None]]


def run(
    container: Container, *, stdin: bytes | None = None, protocols: tuple[str, ...] = PROTOCOLS, refuse: dict[str, object] | None = None
) -> tuple[Result, bytes, bytes]:
    """Run a command against `container`; its result, output and error output."""

    def process_request(_connection: ServerConnection, _request: Request) -> Response | None:
        return None if refuse is None else Response(404, "Not Found", Headers(), orjson.dumps(refuse))

    async def story() -> Result:
        async with serve(container, "127.0.0.1", 0, subprotocols=protocols, process_request=process_request) as server:  # type: ignore[arg-type]
            port = next(iter(server.sockets)).getsockname()[1]
            access = Access(f"http://127.0.0.1:{port}", "default", None, None)
            streams = Streams(stdin=read_end if stdin is not None else None, stdout=out_in, stderr=err_in)
            query = [("command", "echo"), ("command", "a b"), ("stdin", "true")]
            return await asyncio.wait_for(remote_command(access, "/exec", query, streams), 10)

    (read_end, write_end), (out, out_in), (err, err_in) = os.pipe(), os.pipe(), os.pipe()
    os.write(write_end, stdin or b"")
    os.close(write_end)
    try:
        result = asyncio.run(story())
    finally:
        for thread in threading.enumerate():
            if thread.name == "stdin":  # it reads to the end of the pipe, which must not be another test's by then
                thread.join(10)
        for fd in (out_in, err_in):
            os.close(fd)
        printed = [os.read(fd, 1 << 16) for fd in (out, err)]
        for fd in (out, err, read_end):
            os.close(fd)
    return result, printed[0], printed[1]


def test_output_and_error_output_go_where_they_belong() -> None:
    async def container(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.path == "/exec?command=echo&command=a+b&stdin=true"
        await socket.send(b"\x01one ")
        await socket.send(b"\x02oops")
        await socket.send(b"\x01two")
        await socket.send(b"\x03" + orjson.dumps(SUCCESS))

    assert run(container) == (Result(0), b"one two", b"oops")


def test_the_exit_code_comes_back() -> None:
    async def container(socket: ServerConnection) -> None:
        await socket.send(b"\x03" + orjson.dumps(exit_code(7)))

    assert run(container)[0] == Result(7, "command terminated with exit code 7")


def test_standard_input_goes_in_and_its_end_too() -> None:
    async def container(socket: ServerConnection) -> None:
        got = b""
        async for message in socket:
            assert isinstance(message, bytes)
            if message == b"\xff\x00":
                break
            got += message
        await socket.send(b"\x01" + got)
        await socket.send(b"\x03" + orjson.dumps(SUCCESS))

    assert run(container, stdin=b"hello") == (Result(0), b"\x00hello", b"")


def test_the_older_protocol_is_not_told_of_the_end_of_input() -> None:
    async def container(socket: ServerConnection) -> None:
        await socket.send(b"\x01" + bytes(await socket.recv()))  # type: ignore[arg-type]
        await socket.send(b"\x03" + orjson.dumps(SUCCESS))

    assert run(container, stdin=b"hi", protocols=(PROTOCOLS[1],)) == (Result(0), b"\x00hi", b"")


def test_a_connection_that_ends_before_the_command_is_a_failure() -> None:
    async def container(socket: ServerConnection) -> None:
        await socket.send(b"\x01half")

    assert run(container) == (Result(1, "error: the connection ended before the command did"), b"half", b"")


def test_the_apis_refusal_is_raised() -> None:
    async def container(_socket: ServerConnection) -> None:
        raise AssertionError("not reached")

    with pytest.raises(ApiStatusError, match='pods "x" not found'):
        run(container, refuse=NOT_FOUND)


def test_no_server_is_the_peers_failure() -> None:
    access = Access("http://127.0.0.1:1", "default", None, None)
    with pytest.raises(PeerError, match="The connection for the command broke off"):
        asyncio.run(remote_command(access, "/exec", [], Streams(None, 1, 2)))
