"""Descriptors of child processes (pipes, terminals) read and written by the event loop (edge)."""

import asyncio
import errno
import fcntl
import os
import struct
import termios
from collections.abc import AsyncGenerator

__all__ = ["PipeWriter", "read_chunks", "resize_terminal"]

CHUNK_BYTES = 64 * 1024


async def read_chunks(descriptor: int) -> AsyncGenerator[bytes]:
    """What arrives on `descriptor`, until its other side is closed; the descriptor is closed then."""
    reader = asyncio.StreamReader(limit=CHUNK_BYTES)
    file = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    try:
        while data := await reader.read(CHUNK_BYTES):
            yield data
    except OSError as error:
        if error.errno != errno.EIO:  # a terminal's way to say that its last holder is gone
            raise
    finally:
        transport.close()


class PipeWriter:
    """Writes to a descriptor with back-pressure; a reader that is gone is no error."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._writer: asyncio.StreamWriter | None = None

    async def write(self, data: bytes) -> None:
        """Write all of `data`."""
        if self._writer is None:
            loop = asyncio.get_running_loop()
            transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, self._file)
            self._writer = asyncio.StreamWriter(transport, protocol, None, loop)
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (BrokenPipeError, ConnectionResetError):
            return

    def close(self) -> None:
        """Close the descriptor: the reader sees the end."""
        if self._writer is None:
            self._file.close()
        else:
            self._writer.close()


def resize_terminal(descriptor: int, *, columns: int, rows: int) -> None:
    """Tell a terminal its size; its foreground process gets SIGWINCH."""
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
