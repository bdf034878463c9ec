"""The way in from the host (edge): connections to one loopback port, each handed to the Route that its first bytes name.

A connection is bound to the Route of its first request; later requests on it go the same way, as nothing of the stream is
changed. The listening socket belongs to the host's network namespace, the connections onwards to the node's.
"""

import asyncio
import random
import socket
from collections.abc import Callable, Iterable, Mapping

import structlog

from hauberk.k8s.kind import Manifest
from hauberk.node.traffic.heads import HEAD_LIMIT_BYTES, BadHead, Incomplete, is_tls, parse_request_head, parse_server_name
from hauberk.node.traffic.routes import (
    RouteEntry,
    choose_route,
    parse_route,
    ready_endpoints,
    render_no_endpoint,
    render_no_route,
)
from hauberk.node.traffic.splice import splice

__all__ = ["Router"]

_log = structlog.get_logger(__name__)

HEAD_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 5
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
ATTEMPTS = 3
"""How many endpoints are tried for one connection."""


class Router:
    """Looks Routes, Services and EndpointSlices up at the moment of each connection."""

    def __init__(
        self,
        routes: Callable[[], Iterable[Manifest]],
        services: Callable[[], Mapping[tuple[str, str], Manifest]],
        slices: Callable[[], Iterable[Manifest]],
    ) -> None:
        self._routes = routes
        self._services = services
        self._slices = slices

    async def serve(self, listening: socket.socket) -> None:
        """Take connections until cancelled."""
        listening.setblocking(False)
        server = await asyncio.start_server(self._handle, sock=listening, limit=HEAD_LIMIT_BYTES)
        async with server:
            await server.serve_forever()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # the timeout is for the head alone: a connection that has its Route lives as long as its ends want
            async with asyncio.timeout(HEAD_TIMEOUT_SECONDS):
                chosen = await self._choose(reader, writer)
            if chosen is not None:
                data, upstream = chosen
                upstream[1].write(data)
                await splice((reader, writer), upstream)
        except BadHead as error:
            await _refuse(writer, "400 Bad Request", f"{error}\n")
        except (TimeoutError, OSError) as error:
            _log.debug("connection from the host ended early", reason=f"{type(error).__name__}: {error}")
        finally:
            writer.close()

    async def _choose(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[bytes, Connection] | None:
        """What was read, and the connection that it goes to; None where the client was told that there is none."""
        routes = [parse_route(route) for route in self._routes()]
        data, route, host = await _read_start(reader, routes)
        page = render_no_route(host, routes)
        if route is not None:
            upstream = await _connect(ready_endpoints(route, self._services(), self._slices()))
            if upstream is not None:
                return data, upstream
            page = render_no_endpoint(route)
        if data and not is_tls(data):  # to a TLS client a page would be garbage
            await _refuse(writer, "503 Service Unavailable", page)
        return None


async def _read_start(reader: asyncio.StreamReader, routes: Iterable[RouteEntry]) -> tuple[bytes, RouteEntry | None, str]:
    """The first bytes, the Route that they name, and the host in them; no bytes where the client left before the head ended."""
    data = b""
    while True:
        chunk = await reader.read(HEAD_LIMIT_BYTES)
        if not chunk:
            return b"", None, ""
        data += chunk
        try:
            if is_tls(data):
                name = parse_server_name(data)
                return data, choose_route(routes, name, tls=True), name
            head = parse_request_head(data)
            return data, choose_route(routes, head.host, head.path), head.host
        except Incomplete:
            continue


async def _connect(endpoints: list[tuple[str, int]]) -> Connection | None:
    for address, port in random.sample(endpoints, min(ATTEMPTS, len(endpoints))):
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                return await asyncio.open_connection(address, port)
        except (OSError, TimeoutError) as error:
            _log.info("endpoint not reached", endpoint=f"{address}:{port}", reason=f"{type(error).__name__}: {error}")
    return None


async def _refuse(writer: asyncio.StreamWriter, status: str, page: str) -> None:
    body = page.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
