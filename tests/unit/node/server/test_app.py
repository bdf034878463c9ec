"""The node's API, as the API server uses it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson
import pytest
from websockets.asyncio.client import unix_connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from hauberk.node.pod.runner import PodRunner
from hauberk.node.server.app import build_app
from hauberk.node.server.serve import serve_on_unix_socket

V5 = Subprotocol("v5.channel.k8s.io")
TALK = "echo one; echo two; exec sleep 60"


class Node:
    """A node with one pod, and a client of its socket."""

    def __init__(self, runner: PodRunner, socket: str) -> None:
        self.runner = runner
        self.socket = socket
        self.http = httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=socket), base_url="http://node")

    async def get(self, path: str) -> tuple[int, str]:
        answer = await self.http.get(path)
        return answer.status_code, answer.text

    async def execute(self, query: str, *frames: bytes) -> list[bytes]:
        """All frames that come back, from a client that sends `frames`."""
        async with unix_connect(self.socket, f"ws://node/exec/shop/web/app?{query}", subprotocols=[V5]) as connection:
            for frame in frames:
                await connection.send(frame)
            return [frame if isinstance(frame, bytes) else frame.encode() async for frame in connection]


@pytest.fixture
def serving(world: Any, tmp_path: Any, living: Any) -> Any:
    @asynccontextmanager
    async def serve(*command: str) -> AsyncIterator[Node]:
        pod = world.make_pod({"name": "app", "image": "localhost/none", "command": list(command)}, restartPolicy="Never")
        async with living(PodRunner(pod, world.around)) as runner, asyncio.TaskGroup() as group:
            app = build_app(lambda namespace, name: runner if (namespace, name) == ("shop", "web") else None, world.around)
            server = group.create_task(serve_on_unix_socket(app, tmp_path / "node.sock"))
            await world.api.until(lambda: world.status().get("phase", "Pending") != "Pending")
            node = Node(runner, str(tmp_path / "node.sock"))
            try:
                yield node
            finally:
                await node.http.aclose()
                server.cancel()

    return serve


def error_of(frame: bytes) -> dict[str, Any]:
    assert frame[0] == 3
    status: dict[str, Any] = orjson.loads(frame[1:])
    return status


def test_logs_are_read_followed_and_refused_by_name(serving: Any) -> None:
    async def story() -> None:
        async with serving("sh", "-c", TALK) as node:
            async with node.http.stream("GET", "/containerLogs/shop/web/app?follow=true&tailLines=2") as answer:
                seen = b""
                async for data in answer.aiter_bytes():
                    seen += data
                    if seen == b"one\ntwo\n":
                        break
            assert await node.get("/healthz") == (200, "ok")
            assert await node.get("/containerLogs/shop/web/app?tailLines=1") == (200, "two\n")
            code, text = await node.get("/containerLogs/shop/web/app?timestamps=1&sinceSeconds=60")
            assert (code, [line.split(" ")[1] for line in text.splitlines()]) == (200, ["one", "two"])
            assert await node.get("/containerLogs/shop/web/app?previous=true") == (
                400,
                'previous terminated container "app" in pod "web" not found',
            )
            assert await node.get("/containerLogs/shop/web/none") == (400, 'container "none" is not in pod web; it has app')
            assert await node.get("/containerLogs/shop/other/app") == (404, 'pod "other" of namespace shop is not on this node')
            assert await node.get("/containerLogs/shop/web/app?limitBytes=5") == (200, "one\nt")
            assert await node.get("/containerLogs/shop/web/app?limitBytes=5&follow=1") == (200, "one\nt")
            assert await node.get("/containerLogs/shop/web/app?tailLines=x") == (400, 'tailLines takes a whole number, not "x"')
            assert (await node.get("/containerLogs/shop/web/app?sinceTime=x"))[0] == 400
            assert await node.get("/containerLogs/shop/web/app?sinceTime=2100-01-01T00:00:00Z") == (200, "")

    asyncio.run(story())


def test_a_commands_streams_and_exit_code_come_back(serving: Any) -> None:
    async def story() -> None:
        async with serving("sleep", "60") as node:
            query = "command=sh&command=-c&command=cat;echo%20err%20>%262;exit%205&stdin=1&stdout=1&stderr=1"
            frames = await node.execute(query, b"\x00hello", b"\xff\x00")
            assert frames[:-1] == [b"\x01", b"\x01hello", b"\x02err\n"]
            assert error_of(frames[-1])["details"] == {"causes": [{"reason": "ExitCode", "message": "5"}]}
            assert error_of((await node.execute("command=true"))[-1]) == {"metadata": {}, "status": "Success"}

    asyncio.run(story())


def test_a_terminal_has_the_size_that_was_asked_for(serving: Any) -> None:
    async def story() -> None:
        async with serving("sleep", "60") as node:
            frames = await node.execute(
                "command=sh&stdin=1&stdout=1&stderr=1&tty=1", b'\x04{"Width":100,"Height":30}', b"\x00stty size; exit\n"
            )
            assert b"30 100" in b"".join(frames[:-1])
            assert error_of(frames[-1])["status"] == "Success"

    asyncio.run(story())


def test_a_command_that_does_not_exist_is_told_in_its_status(serving: Any) -> None:
    async def story() -> None:
        async with serving("sleep", "60") as node:
            (_, last) = await node.execute("command=/no/such&stdout=1")
            assert "No such file" in error_of(last)["message"]

    asyncio.run(story())


def test_a_client_that_leaves_takes_its_command_with_it(serving: Any) -> None:
    async def story() -> None:
        query = "command=cat&stdin=1&stdout=1"
        async with (
            serving("sleep", "60") as node,
            unix_connect(node.socket, f"ws://node/exec/shop/web/app?{query}", subprotocols=[V5]) as client,
        ):
            await client.send(b"\x00x")
            assert [await client.recv(), await client.recv()] == [b"\x01", b"\x01x"]

    asyncio.run(story())


@pytest.mark.parametrize(("query", "protocol", "code"), [("stdout=1", V5, 400), ("command=true", Subprotocol("v1.channel.k8s.io"), 400)])
def test_what_cannot_be_executed_is_refused_before_the_handshake(serving: Any, query: str, protocol: Subprotocol, code: int) -> None:
    async def story() -> None:
        async with serving("sleep", "60") as node:
            with pytest.raises(InvalidStatus) as caught:
                await unix_connect(node.socket, f"ws://node/exec/shop/web/app?{query}", subprotocols=[protocol])
            assert caught.value.response.status_code == code

    asyncio.run(story())


def test_a_completed_pod_still_has_its_log_but_runs_no_commands(serving: Any, world: Any) -> None:
    async def story() -> None:
        async with serving("sh", "-c", "echo bye") as node:
            await world.eventually(lambda: not node.runner.running)
            assert await node.get("/containerLogs/shop/web/app?follow=true") == (200, "bye\n")
            with pytest.raises(InvalidStatus):
                await node.execute("command=true")

    asyncio.run(story())


def test_a_pods_port_is_reached_through_the_node(serving: Any) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = head.split(b"\r\n")[0]
        writer.write(b"HTTP/1.1 201 Created\r\nX-Own: 1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, serving("sleep", "60") as node:
            object.__setattr__(node.runner.state, "ip", "127.0.0.1")
            got = await node.http.get(f"/proxy/shop/web/{port}/a/b?c=d")
            assert (got.status_code, got.text, got.headers["x-own"]) == (201, "GET /a/b?c=d HTTP/1.1", "1")
            assert (await node.http.get("/proxy/shop/web/1/")).status_code == 502

    asyncio.run(story())
