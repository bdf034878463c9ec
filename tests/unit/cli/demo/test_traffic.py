import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field

from hauberk.cli.demo.traffic import Stream, fetch


@dataclass
class Answering:
    """A server on loopback that gives `answers` in turn, the last one for ever, and keeps the Host headers that it saw."""

    answers: list[bytes]
    hosts: list[str] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    handlers: set["asyncio.Task[None] | None"] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.handlers.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError), closing(writer):
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.hosts.append(head.split(b"host: ")[1].split(b"\r\n")[0].decode())
                writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
                if len(self.hosts) >= 5:
                    self.enough.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        listener = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        async with listener:
            yield f"http://books.apps.localhost:{listener.sockets[0].getsockname()[1]}"
        await asyncio.gather(*(task for task in self.handlers if task))


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy"


def test_a_name_below_localhost_goes_to_loopback_with_its_host_header() -> None:
    async def run() -> tuple[str, list[str]]:
        server = Answering([OK])
        async with server.listening() as url:
            response = await fetch(f"{url}/x")
        return response.text, server.hosts

    text, hosts = asyncio.run(run())
    assert text == "ok"
    assert [host.split(":")[0] for host in hosts] == ["books.apps.localhost"]


def test_every_request_of_the_stream_is_counted_and_a_lost_one_is_kept_with_its_reason() -> None:
    async def run() -> tuple[int, list[str], int]:
        server = Answering([OK, BUSY, OK])
        async with server.listening() as url, Stream(f"{url}/x", per_second=200) as stream:
            await asyncio.wait_for(server.enough.wait(), 10)
        return stream.tally.answered, stream.tally.lost, len(server.hosts)

    answered, lost, asked = asyncio.run(run())
    assert lost == ["503: busy"]
    assert answered + 1 == asked


def test_a_server_that_is_not_there_counts_as_lost() -> None:
    async def run() -> list[str]:
        async with Answering([OK]).listening() as url:
            pass
        async with Stream(f"{url}/x", per_second=100) as stream:
            while not stream.tally.lost:  # noqa: ASYNC110 - the tally is a plain count, as the demo reads it
                await asyncio.sleep(0)
        return stream.tally.lost

    assert asyncio.run(run())[0].startswith("ConnectError")
