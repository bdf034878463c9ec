"""The router over real sockets on loopback: an HTTP server behind it, clients before it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hauberk.node.traffic.router import Router

HOST = "web.apps.localhost"


def make_route(**tls: str) -> dict[str, Any]:
    spec = {"host": HOST, "to": {"name": "web"}, "tls": tls or None}
    return {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


def make_slice(port: int) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "ports": [{"port": port}],
        "endpoints": [{"addresses": ["127.0.0.1"]}],
    }


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with all that arrives, and closes when the client has."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def routed(*routes: dict[str, Any], endpoint: bool = True) -> AsyncIterator[int]:
    """The router's port; behind it an echo."""
    upstream = await asyncio.start_server(echo, "127.0.0.1", 0)
    slices = [make_slice(upstream.sockets[0].getsockname()[1])] if endpoint else []
    listening = socket.create_server(("127.0.0.1", 0))
    router = Router(lambda: routes, dict, lambda: slices)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        serving = group.create_task(router.serve(listening))
        yield listening.getsockname()[1]
        serving.cancel()
        upstream.close()


async def say(port: int, *parts: bytes) -> bytes:
    """All that comes back for `parts`, each sent by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


def request(host: str = HOST) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode()


def test_a_request_reaches_its_route_unchanged() -> None:
    async def story() -> None:
        async with routed(make_route()) as port:
            assert await say(port, request()) == request()
            assert await say(port, request()[:10], request()[10:], b"x" * 1_000_000) == request() + b"x" * 1_000_000

    asyncio.run(story())


def test_an_unknown_host_gets_503_and_the_hosts_that_there_are() -> None:
    async def story() -> None:
        async with routed(make_route()) as port:
            answer = await say(port, request("nope"))
            assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b'No Route has the host "nope"' in answer
            assert f"http://{HOST}/".encode() in answer

    asyncio.run(story())


def test_a_route_without_ready_endpoints_gets_503_and_says_so() -> None:
    async def story() -> None:
        async with routed(make_route(), endpoint=False) as port:
            assert b"Route shop/web: no endpoint of Service web is ready." in await say(port, request())

    asyncio.run(story())


def test_what_is_not_http_gets_400() -> None:
    async def story() -> None:
        async with routed(make_route()) as port:
            assert (await say(port, b"hello\r\n\r\n")).startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert await say(port, b"") == b""

    asyncio.run(story())


def test_tls_goes_through_unopened_by_its_server_name() -> None:
    # 1 record, ClientHello: version, random, no session, no suites, no compression, server_name
    name = HOST.encode()
    entry = b"\x00" + len(name).to_bytes(2, "big") + name
    names = len(entry).to_bytes(2, "big") + entry
    extension = b"\x00\x00" + len(names).to_bytes(2, "big") + names
    body = b"\x03\x03" + b"\x00" * 32 + b"\x00" + b"\x00\x00" + b"\x00" + len(extension).to_bytes(2, "big") + extension
    hello = b"\x01" + len(body).to_bytes(3, "big") + body
    record = b"\x16\x03\x01" + len(hello).to_bytes(2, "big") + hello

    async def story() -> None:
        async with routed(make_route(termination="passthrough")) as port:
            assert await say(port, record, b"more") == record + b"more"
        async with routed(make_route()) as port:
            assert await say(port, record) == b""

    asyncio.run(story())
