import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from hauberk.client.http import ApiClient, ApiStatusError
from hauberk.k8s import core
from tests.unit.apiserver.builders import make_pod
from tests.unit.apiserver.servers import Running, node_at, run_server

POD = "/api/v1/namespaces/default/pods/p"
CONTAINERS = [{"name": name, "image": "i"} for name in ("main", "waiting", "broken")]


async def with_pod(client: ApiClient) -> None:
    pod = await client.create(core.POD, make_pod(nodeName="local", containers=CONTAINERS))
    status = pod | {"status": {"phase": "Running", "podIP": "10.244.0.5"}}
    await client.update(core.POD, status, subresource="status")


@asynccontextmanager
async def command(running: Running, query: str, *subprotocols: str) -> AsyncIterator[ClientConnection]:
    url = f"wss://localhost:{running.port}{POD}/exec?{query}"
    async with connect(url, ssl=running.tls(), subprotocols=list(subprotocols) or ["v5.channel.k8s.io", "v4.channel.k8s.io"]) as socket:  # type: ignore[arg-type]
        yield socket


def test_logs_come_from_the_node(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client, node_at(running.paths.node_socket):
            await with_pod(client)
            answer = await client.http.get(f"{POD}/log", params={"container": "main", "tailLines": "3"})
            assert (answer.status_code, answer.text) == (200, "log of main tailLines=3\n")
            waiting = await client.http.get(f"{POD}/log", params={"container": "waiting"})
            assert (waiting.status_code, waiting.json()["reason"]) == (400, "BadRequest")
            assert waiting.json()["message"] == 'container "waiting" in pod "p" is waiting to start: ContainerCreating'

    run_server(tmp_path, story)


def test_a_node_that_does_not_answer_is_named(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            await with_pod(client)
            with pytest.raises(ApiStatusError) as caught:
                await client.request("GET", f"{POD}/log", params={"container": "main"})
            assert caught.value.code == 503
            assert f"the node does not answer on {running.paths.node_socket}" in str(caught.value)
            with pytest.raises(InvalidStatus) as refused:
                async with command(running, "container=main&command=ls&stdout=1"):
                    pass
            assert refused.value.response.status_code == 503

    run_server(tmp_path, story)


def test_a_proxied_request_reaches_the_pod_without_the_apis_credentials(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client, node_at(running.paths.node_socket):
            await with_pod(client)
            headers = {"x-request-id": "7", "impersonate-user": "admin", "impersonate-group": "system:masters"}
            answer = await client.http.post(f"{POD}:8080/proxy/a/b?c=d", headers=headers, content=b"hello")
            assert (answer.status_code, answer.headers["x-answered-by"]) == (418, "the pod")
            assert answer.json() == {
                "path": "/proxy/default/p/8080/a/b",
                "query": "c=d",
                "method": "POST",
                "headers": {"x-request-id": "7"},
                "body": "hello",
            }

    run_server(tmp_path, story)


def test_a_command_is_relayed_frame_by_frame(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client, node_at(running.paths.node_socket):
            await with_pod(client)
            async with command(running, "container=main&command=cat&command=-n&stdin=true&stdout=true") as socket:
                assert socket.subprotocol == "v5.channel.k8s.io"
                assert await socket.recv() == b"\x01command=cat&command=-n&stdin=1&stdout=1"
                await socket.send(b"\x00hello")
                assert [frame async for frame in socket] == [b"\x01echo hello", b'\x03{"status":"Success"}']
            async with command(running, "container=main&command=ls", "v4.channel.k8s.io") as socket:
                assert socket.subprotocol == "v4.channel.k8s.io"

    run_server(tmp_path, story)


@pytest.mark.parametrize(
    ("query", "subprotocol", "code"),
    [
        ("container=broken&command=ls", "v5.channel.k8s.io", 500),
        ("container=main", "v5.channel.k8s.io", 400),
        ("container=nope&command=ls", "v5.channel.k8s.io", 400),
        ("container=main&command=ls", "chat", 400),
    ],
)
def test_a_command_that_cannot_run_is_refused_before_the_upgrade(tmp_path: Path, query: str, subprotocol: str, code: int) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client, node_at(running.paths.node_socket):
            await with_pod(client)
            with pytest.raises(InvalidStatus) as caught:
                async with command(running, query, subprotocol):
                    pass
            assert caught.value.response.status_code == code

    run_server(tmp_path, story)


def test_a_client_that_hangs_up_ends_the_command(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client, node_at(running.paths.node_socket):
            await with_pod(client)
            async with command(running, "container=main&command=cat") as socket:
                await socket.recv()
            async with asyncio.timeout(5):  # the server drains without waiting for the command
                await running.server.__aexit__(None, None, None)

    run_server(tmp_path, story)
