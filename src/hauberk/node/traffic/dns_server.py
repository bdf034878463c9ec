"""DNS over UDP and TCP (edge) from the zone that stands at the moment of the question."""

import asyncio
from collections.abc import Callable
from typing import cast

from hauberk.node.traffic.dns import Zone, answer

__all__ = ["serve_dns"]

TCP_IDLE_SECONDS = 10
"""RFC 7766 6.2.3 asks for some seconds."""


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, zone: Callable[[], Zone]) -> None:
        self._zone = zone
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's does not inherit from asyncio's

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = answer(self._zone(), data, udp=True)
        if response is not None and self._transport is not None:
            self._transport.sendto(response, addr)


async def serve_dns(zone: Callable[[], Zone], address: str, port: int = 53, *, ready: Callable[[int], None] | None = None) -> None:
    """Answer until cancelled; `ready` is told the port (which matters where 0 asked for any)."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(TCP_IDLE_SECONDS):
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    response = answer(zone(), await reader.readexactly(length), udp=False)
                if response is None:
                    return
                writer.write(len(response).to_bytes(2, "big") + response)
                await writer.drain()
        except (TimeoutError, EOFError, OSError):
            return  # the client left, or says nothing more
        finally:
            writer.close()

    server = await asyncio.start_server(handle, address, port)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Udp(zone), local_addr=(address, port))
    try:
        if ready is not None:
            ready(port)
        async with server:
            await server.serve_forever()
    finally:
        transport.close()
