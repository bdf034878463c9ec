"""A scripted HTTP server on a unix socket: the other side of the client."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hauberk.client.http import ApiClient


@dataclass
class Asked:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(httpx2.QueryParams(self.target.partition("?")[2]))


@dataclass
class Answer:
    """What to answer: `chunks` are sent one by one; `cut` ends the connection without ending the body; `hold` keeps it open."""

    value: Any = None
    code: int = 200
    chunks: list[bytes] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hold: bool = False


Script = Callable[[Asked], Answer]


def watch_of(*events: tuple[str, dict[str, Any]], **options: Any) -> Answer:
    """A watch stream of these events."""
    return Answer(chunks=[json.dumps({"type": kind, "object": obj}).encode() + b"\n" for kind, obj in events], **options)


class ScriptedServer:
    """Answers each request as the script says; `asked` remembers them."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await self._read(reader):
                self.asked.append(request)
                if not await self._write(writer, self.script(request)):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Asked | None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Asked(method, target, headers, body)

    async def _write(self, writer: asyncio.StreamWriter, answer: Answer) -> bool:
        lines = [f"HTTP/1.1 {answer.code} X", *(f"{key}: {value}" for key, value in answer.headers.items())]
        if not answer.chunks and not answer.hold:
            body = b"" if answer.value is None else json.dumps(answer.value).encode()
            lines.append(f"content-length: {len(body)}")
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            return True
        writer.write("\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode())
        for chunk in answer.chunks:
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        await writer.drain()
        if answer.hold:
            await asyncio.Event().wait()
        if not answer.cut:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        return not answer.cut


Serving = Callable[[Script], Any]


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """`async with serving(script) as (client, server)`."""

    @asynccontextmanager
    async def serve(script: Script) -> AsyncIterator[tuple[ApiClient, ScriptedServer]]:
        server = ScriptedServer(script)
        tasks: set[asyncio.Task[None]] = set()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            await server.handle(reader, writer)

        path = tmp_path / "api.sock"
        listener = await asyncio.start_unix_server(handle, path=path)
        client = ApiClient(httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(path)), base_url="http://localhost"))
        try:
            yield client, server
        finally:
            await client.close()
            listener.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return serve
