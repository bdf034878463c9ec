"""Bytes copied both ways between two connections (edge), with back-pressure and half-close."""

import asyncio
from contextlib import suppress

__all__ = ["splice"]

CHUNK_BYTES = 64 * 1024
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def splice(one: Connection, other: Connection) -> None:
    """Copy until both sides have ended, or one has failed; both are closed then."""
    try:
        # a reset by either side is how connections end, not an error of ours
        with suppress(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(one[0], other[1]))
                group.create_task(_copy(other[0], one[1]))
    finally:
        one[1].close()
        other[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
