"""The server's process: ours, or the floor, which sends ready bytes. It reads commands and answers each with a JSON line.

python -m bench.discovery.server ours|floor plain|mtls SOCKET FOLDER SERVICES < commands
usage              its CPU seconds and memory until now
change NAME TURN   make a change; the answer comes when it is on its way
"""

import asyncio
import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import grpc
import structlog
import uvloop

from bench.discovery import mesh
from bench.discovery.certificates import read_credentials
from hauberk.envoy.messages import DeltaDiscoveryRequest
from hauberk.model.proxy import parse_node_id
from hauberk.xds.discovery import Discovery
from hauberk.xds.server import _OPTIONS, DiscoveryServer
from hauberk.xds.wire import DELTA_METHOD, SERVICE

Context = grpc.aio.ServicerContext[bytes, bytes]


class PlainDiscoveryServer(DiscoveryServer):
    """Ours without TLS, for the comparison with the published figures, which are plaintext too."""

    def _bind(self, server: grpc.aio.Server) -> None:
        server.add_insecure_port(f"unix:{self._socket}")

    def _identify(self, context: Context, node_id: str) -> str:
        return f"spiffe://cluster.local/ns/{parse_node_id(node_id).namespace}/sa/default"


class Floor:
    """Answers the first request of each type with ready bytes, and pushes ready bytes on a change; answers are read and dropped."""

    def __init__(self, folder: Path) -> None:
        self._first = {path.name: path.read_bytes() for path in folder.glob("*.first")}
        self._pushed = {path.name: path.read_bytes() for path in folder.glob("*.push")}
        self._streams: dict[asyncio.Queue[bytes], str] = {}

    async def stream(self, _requests: AsyncIterator[bytes], context: Context) -> None:
        outbox: asyncio.Queue[bytes] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(self._write(outbox, context))
            await self._read(outbox, context)
            self._streams.pop(outbox, None)
            writing.cancel()

    async def _read(self, outbox: "asyncio.Queue[bytes]", context: Context) -> None:
        seen: set[str] = set()
        namespace = ""
        while isinstance(data := await context.read(), bytes):
            request = DeltaDiscoveryRequest.FromString(data)
            if not namespace:
                namespace = self._streams[outbox] = parse_node_id(request.node.id).namespace
            if request.type_url not in seen:
                seen.add(request.type_url)
                outbox.put_nowait(self._first[f"{namespace}.{request.type_url.rpartition('.')[2]}.first"])

    async def _write(self, outbox: "asyncio.Queue[bytes]", context: Context) -> None:
        while True:
            await context.write(await outbox.get())

    def change(self, name: str) -> None:
        for outbox, namespace in self._streams.items():
            for place in range(10):
                data = self._pushed.get(f"{namespace}.{name}.{place}.push")
                if data is not None:
                    outbox.put_nowait(data)


def usage() -> dict[str, float]:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    own = resource.getrusage(resource.RUSAGE_SELF)
    memory = {key: int(status[field].split()[0]) / 1024 for key, field in (("rss_mb", "VmRSS"), ("peak_mb", "VmHWM"))}
    return {"cpu": own.ru_utime + own.ru_stime, "wall": time.monotonic(), **memory}


async def obey(change: "defaultdict[str, object]", act: object) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps({"ready": True}), flush=True)
    while line := (await reader.readline()).decode().split():
        if line[0] == "change":
            act(line[1], int(line[2]))  # type: ignore[operator] # a function
        print(json.dumps(usage()), flush=True)


async def serve_ours(socket: Path, folder: Path, services: int, *, plain: bool) -> None:
    credentials = read_credentials(folder)
    kind = PlainDiscoveryServer if plain else DiscoveryServer
    server = kind(Discovery(mesh.SETTINGS), socket, credentials=lambda: credentials, now=lambda: datetime.now(UTC))
    server.offer(mesh.everything(services))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(server.run())
        await server.ready.wait()
        await obey(defaultdict(), lambda name, turn: server.offer(mesh.change(name, turn)))
        running.cancel()


async def serve_floor(socket: Path, folder: Path, *, plain: bool) -> None:
    floor = Floor(folder)
    server = grpc.aio.server(options=_OPTIONS)
    handler = grpc.stream_stream_rpc_method_handler(floor.stream)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {DELTA_METHOD: handler}),))
    if plain:
        server.add_insecure_port(f"unix:{socket}")
    else:
        shown = read_credentials(folder)
        pair = (shown.svid.key_to_pem(), shown.svid.chain_to_pem())
        server.add_secure_port(f"unix:{socket}", grpc.ssl_server_credentials([pair], shown.bundle.to_pem(), require_client_auth=True))
    await server.start()
    await obey(defaultdict(), lambda name, _turn: floor.change(name))
    await server.stop(grace=0)


def main() -> None:
    what, tls, socket, folder, services = sys.argv[1:]
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    plain = tls == "plain"
    if what == "ours":
        uvloop.run(serve_ours(Path(socket), Path(folder), int(services), plain=plain))
    else:
        uvloop.run(serve_floor(Path(socket), Path(folder), plain=plain))


if __name__ == "__main__":
    main()
