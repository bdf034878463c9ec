"""The node's socket."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hauberk.node.server.serve import serve_on_unix_socket


async def hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


def test_only_the_owner_can_open_the_socket_and_it_goes_with_the_server(world: Any, tmp_path: Path) -> None:
    path = tmp_path / "node.sock"
    path.write_text("left behind")

    async def story() -> str:
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            serving = group.create_task(serve_on_unix_socket(Starlette(routes=[Route("/", hello)]), path))
            await world.eventually(path.is_socket)
            assert path.stat().st_mode & 0o777 == 0o600
            async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(path)), base_url="http://node") as client:
                text = (await client.get("/")).text
            serving.cancel()
        return text

    assert asyncio.run(story()) == "hello"
    assert not path.exists()
