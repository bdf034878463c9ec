"""DNS over real sockets on loopback."""

import asyncio
import socket

import dns.message

from hauberk.node.traffic.dns import Zone, build_zone
from hauberk.node.traffic.dns_server import serve_dns

SERVICE = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIP": "10.96.1.1"}}
QUERY = dns.message.make_query("web.shop.svc.cluster.local", "A")


def address_in(data: bytes) -> str:
    response = dns.message.from_wire(data)
    assert QUERY.is_response(response)
    return str(response.answer[0][0])


async def over_udp(port: int) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, QUERY.to_wire())
        return await loop.sock_recv(client, 4096)


async def over_tcp(port: int, count: int) -> list[bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    for _ in range(count):
        writer.write(len(QUERY.to_wire()).to_bytes(2, "big") + QUERY.to_wire())
        answers.append(await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big")))
    writer.close()
    await writer.wait_closed()
    return answers


def test_the_zone_of_the_moment_answers_over_udp_and_tcp() -> None:
    async def story() -> None:
        zones = [Zone()]
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            serving = group.create_task(serve_dns(lambda: zones[-1], "127.0.0.1", 0, ready=port.set_result))
            number = await port
            zones.append(build_zone([SERVICE], []))
            assert address_in(await over_udp(number)) == "10.96.1.1"
            assert [address_in(data) for data in await over_tcp(number, 2)] == ["10.96.1.1", "10.96.1.1"]
            serving.cancel()

    asyncio.run(story())
