"""Descriptors in the event loop."""

import asyncio
import os
import pty
import struct
import termios
from fcntl import ioctl

from hauberk.node.pipes import PipeWriter, read_chunks, resize_terminal


def test_what_is_written_is_read_until_the_writer_closes() -> None:
    async def story() -> int:
        reading, writing = os.pipe()
        writer = PipeWriter(writing)
        size = 0
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:

            async def write() -> None:
                await writer.write(b"x" * 300_000)  # more than a pipe holds
                writer.close()

            group.create_task(write())
            async for data in read_chunks(reading):
                size += len(data)
        return size

    assert asyncio.run(story()) == 300_000


def test_a_reader_that_is_gone_is_no_error() -> None:
    async def story() -> None:
        reading, writing = os.pipe()
        os.close(reading)
        writer = PipeWriter(writing)
        await writer.write(b"x")
        await writer.write(b"y")
        writer.close()

    asyncio.run(story())


def test_a_writer_that_never_wrote_closes_its_descriptor() -> None:
    reading, writing = os.pipe()
    PipeWriter(writing).close()
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_a_terminal_ends_when_its_last_holder_is_gone_and_takes_a_size() -> None:
    async def story() -> bytes:
        ours, theirs = pty.openpty()
        resize_terminal(ours, columns=100, rows=30)
        assert struct.unpack("HHHH", ioctl(theirs, termios.TIOCGWINSZ, b"\0" * 8))[:2] == (30, 100)
        os.write(theirs, b"hello")
        os.close(theirs)
        async with asyncio.timeout(10):
            return b"".join([data async for data in read_chunks(ours)])

    assert asyncio.run(story()) == b"hello"
