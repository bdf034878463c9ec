"""A real API server on a free loopback port and a unix socket below tmp_path, and a stand-in for the node that it relays to."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from hauberk.apiserver.keystore import CertificateFiles
from hauberk.apiserver.serve import ApiServer, ApiSettings
from hauberk.client.http import ApiClient
from hauberk.settings import InstancePaths

Story = Callable[["Running"], Awaitable[None]]


class Running:
    """A server that answers, and clients of it."""

    def __init__(self, server: ApiServer, paths: InstancePaths, port: int) -> None:
        self.server, self.paths, self.port = server, paths, port

    @asynccontextmanager
    async def client(self, user: str = "admin") -> AsyncIterator[ApiClient]:
        """A client over the unix socket, as `admin`, `control_plane` or `node`."""
        files: CertificateFiles = getattr(self.server.credentials, user)
        client = ApiClient.over_unix_socket(
            self.paths.api_socket, ca=self.server.credentials.ca, certificate=files.certificate, key=files.key
        )
        try:
            yield client
        finally:
            await client.close()

    def tls(self) -> ssl.SSLContext:
        """TLS as the administrator."""
        credentials = self.server.credentials
        context = ssl.create_default_context(cafile=str(credentials.ca))
        context.load_cert_chain(credentials.admin.certificate, credentials.admin.key)
        return context

    @asynccontextmanager
    async def without_certificate(self) -> AsyncIterator[httpx2.AsyncClient]:
        """An HTTP client over TCP that shows nothing."""
        context = ssl.create_default_context(cafile=str(self.server.credentials.ca))
        async with httpx2.AsyncClient(verify=context, base_url=f"https://localhost:{self.port}") as client:
            yield client


def listener(port: int = 0) -> socket.socket:
    """A bound TCP socket of loopback."""
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(("127.0.0.1", port))
    return tcp


def run_server(tmp_path: Path, story: Story, **settings: Any) -> None:
    """Tell `story` to a server of its own."""

    async def run() -> None:
        paths, tcp = InstancePaths(state=tmp_path, run=tmp_path / "r"), listener()
        async with asyncio.timeout(30), ApiServer(ApiSettings(paths, **settings), tcp) as server:
            await story(Running(server, paths, tcp.getsockname()[1]))

    asyncio.run(run())


async def _logs(request: Request) -> Response:
    if request.path_params["container"] == "waiting":
        return PlainTextResponse('container "waiting" in pod "p" is waiting to start: ContainerCreating', 400)
    return PlainTextResponse(f"log of {request.path_params['container']} {request.url.query}\n")


async def _proxy(request: Request) -> Response:
    shown = {key: value for key, value in request.headers.items() if key.startswith(("x-", "authorization", "impersonate"))}
    body = (await request.body()).decode()
    content = {"path": request.url.path, "query": request.url.query, "method": request.method, "headers": shown, "body": body}
    return JSONResponse(content, 418, headers={"x-answered-by": "the pod"})


async def _exec(node: WebSocket) -> None:
    if node.path_params["container"] == "broken":
        await node.send_denial_response(PlainTextResponse("unable to start the command", 500))
        return
    await node.accept(subprotocol=node.scope["subprotocols"][0])
    await node.send_bytes(b"\x01" + node.url.query.encode())
    frame = await node.receive_bytes()
    await node.send_bytes(b"\x01echo " + frame[1:])
    await node.send_bytes(b'\x03{"status":"Success"}')
    await node.close()


class _Node(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def node_at(path: Path) -> AsyncIterator[None]:
    """A node that shows what it was asked, on the unix socket `path`."""
    routes = [
        Route("/containerLogs/{namespace}/{pod}/{container}", _logs),
        Route("/proxy/{namespace}/{pod}/{port}/{rest:path}", _proxy, methods=["GET", "POST", "PUT", "DELETE"]),
        WebSocketRoute("/exec/{namespace}/{pod}/{container}", _exec),
    ]
    config = uvicorn.Config(Starlette(routes=routes), ws="websockets-sansio", lifespan="off", log_config=None, uds=str(path))
    server = _Node(config)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve())
        await server.ready.wait()
        try:
            yield
        finally:
            server.should_exit = True
            await serving
