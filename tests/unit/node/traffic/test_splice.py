"""Bytes both ways, ends and failures included."""

import asyncio
import socket

from hauberk.node.traffic.splice import splice


async def pair() -> tuple[tuple[asyncio.StreamReader, asyncio.StreamWriter], tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    near, far = socket.socketpair()
    return await asyncio.open_connection(sock=near), await asyncio.open_connection(sock=far)


def test_each_side_gets_what_the_other_says_until_both_have_ended() -> None:
    async def story() -> None:
        (client, near), (far, server) = await pair(), await pair()
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            splicing = group.create_task(splice(near, far))
            client[1].write(b"question")
            client[1].write_eof()
            assert await server[0].read() == b"question"
            server[1].write(b"answer")  # a side that has ended still listens
            server[1].close()
            assert await client[0].read() == b"answer"
            await splicing
        client[1].close()

    asyncio.run(story())


def test_a_side_that_breaks_ends_the_other() -> None:
    async def story() -> None:
        (client, near), (far, server) = await pair(), await pair()
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            splicing = group.create_task(splice(near, far))
            server[1].transport.abort()
            assert await client[0].read() == b""
            client[1].close()
            await splicing

    asyncio.run(story())
