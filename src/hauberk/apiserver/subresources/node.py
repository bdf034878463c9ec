"""The edge to the node: logs and HTTP through its unix socket, and commands over WebSockets, frames relayed both ways."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import structlog
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from hauberk.apiserver.status import ApiError, failure, unavailable

__all__ = ["NodeLink"]

_log = structlog.get_logger(__name__)

_SUBPROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade")
)
_NOT_FORWARDED = _HOP_BY_HOP | {"authorization", "host", "content-length", "impersonate-user", "impersonate-group"}
"""The API's own credentials must not reach an application."""
_RELAY_OPTIONS: dict[str, Any] = {"compression": None, "max_size": 16 * 1024 * 1024, "ping_interval": None}
"""Pings are left to the two ends: a relay that sent and awaited its own would cut a command that is only slow."""


class NodeLink:
    """Requests to the node at `socket`. Use as an async context manager."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        transport = httpx2.AsyncHTTPTransport(uds=str(socket), limits=httpx2.Limits(max_connections=None))
        timeout = httpx2.Timeout(30, read=None, pool=None)
        self._http = httpx2.AsyncClient(transport=transport, base_url="http://node", timeout=timeout, follow_redirects=False)

    async def __aenter__(self) -> "NodeLink":
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._http.aclose()

    async def logs(self, path: str) -> Response:
        """A container's log as it comes.

        Raises: ApiError 503 where the node does not answer, and what the node refused.
        """
        answer = await self._send("GET", path)
        if answer.status_code >= 400:
            raise await _refused(answer)
        return StreamingResponse(_body(answer), media_type="text/plain")

    async def proxy(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes) -> Response:
        """An HTTP request to a pod, answered as the pod answers.

        Raises: ApiError 503 where the node does not answer.
        """
        kept = {name: value for name, value in headers.items() if name not in _NOT_FORWARDED}
        answer = await self._send(method, path, headers=kept, content=body)
        response = StreamingResponse(_body(answer), status_code=answer.status_code)
        response.raw_headers = [(name.lower(), value) for name, value in answer.headers.raw if name.decode().lower() not in _HOP_BY_HOP]
        return response

    async def exec(self, socket: WebSocket, path: str) -> None:
        """Join the client's WebSocket with the node's; returns when either ends.

        Raises: ApiError - before the client's handshake is answered: the node refused or does not answer.
        """
        wanted = [Subprotocol(name) for name in _SUBPROTOCOLS if name in socket.scope.get("subprotocols", [])]
        if not wanted:
            raise failure(400, "BadRequest", f"unable to upgrade: the client offers none of {', '.join(_SUBPROTOCOLS)}")
        try:
            node = await unix_connect(str(self._socket), f"ws://node{path}", subprotocols=wanted, **_RELAY_OPTIONS)
        except InvalidStatus as error:
            message = error.response.body.decode(errors="replace").strip()
            raise _as_status(error.response.status_code, message) from error
        except (OSError, InvalidHandshake, TimeoutError) as error:
            raise self._unreachable(error) from error
        async with node:
            await socket.accept(subprotocol=node.subprotocol)
            await _relay(socket, node)

    async def _send(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, content: bytes = b"") -> httpx2.Response:
        request = self._http.build_request(method, path, headers=headers, content=content or None)
        try:
            return await self._http.send(request, stream=True)
        except httpx2.TransportError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> ApiError:
        _log.info("the node does not answer", socket=str(self._socket), error=str(error))
        why = str(error) or type(error).__name__
        return unavailable(
            f"error dialing backend: the node does not answer on {self._socket} ({why}). Is the instance up? (hauberk status)"
        )


async def _relay(client: WebSocket, node: ClientConnection) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_to_node(client, node)), group.create_task(_to_client(client, node))]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


async def _to_node(client: WebSocket, node: ClientConnection) -> None:
    with suppress(WebSocketDisconnect, ConnectionClosed):
        while True:
            message = await client.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            await node.send(data if data is not None else message.get("text") or "")


async def _to_client(client: WebSocket, node: ClientConnection) -> None:
    with suppress(WebSocketDisconnect, ConnectionClosed, RuntimeError):
        async for frame in node:
            if isinstance(frame, bytes):
                await client.send_bytes(frame)
            else:
                await client.send_text(frame)
    with suppress(RuntimeError):  # the client closed first
        await client.close(node.close_code if node.close_code in (1000, 1011) else 1000)


async def _body(answer: httpx2.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


async def _refused(answer: httpx2.Response) -> ApiError:
    message = (await answer.aread()).decode(errors="replace").strip()
    await answer.aclose()
    return _as_status(answer.status_code, message)


def _as_status(code: int, message: str) -> ApiError:
    reasons = {400: "BadRequest", 404: "NotFound", 409: "Conflict", 503: "ServiceUnavailable"}
    return failure(code, reasons.get(code, "InternalError"), message or f"the node answered {code}")
