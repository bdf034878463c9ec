"""Links, redirect and VIPs between real network namespaces."""

import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from hauberk import names
from hauberk.node.linux.network import NodeNetwork, PodNetwork, open_socket_in_pod
from hauberk.node.linux.syscalls import enter_netns
from hauberk.node.linux.vips import ServiceVip

SO_ORIGINAL_DST = 80
VIP = "10.96.1.1"
DEADLINE_SECONDS = 5.0

InNode = Callable[[Callable[[NodeNetwork], object]], None]


def make_socket(pod: PodNetwork | None, *, kind: int = socket.SOCK_STREAM, mark: int = 0) -> socket.socket:
    """A blocking socket with a deadline, in the pod's namespace, or in the node's."""
    with enter_netns(pod.netns) if pod else contextlib.nullcontext():
        made = socket.socket(socket.AF_INET, kind)
    made.settimeout(DEADLINE_SECONDS)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if mark:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
    return made


@contextlib.contextmanager
def listening(pod: PodNetwork, port: int, address: str = "0.0.0.0") -> Iterator[socket.socket]:
    with make_socket(pod) as server:
        server.bind((address, port))
        server.listen(64)
        yield server


def original_destination(connection: socket.socket) -> tuple[str, int]:
    raw = connection.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
    port, address = struct.unpack_from("!2xH4s", raw)
    return socket.inet_ntoa(address), port


def connect(pod: PodNetwork | None, address: str, port: int, *, mark: int = 0, source: str = "") -> socket.socket:
    client = make_socket(pod, mark=mark)
    if source:
        client.bind((source, 0))
    client.connect((address, port))
    return client


def assert_talks(client: socket.socket, server: socket.socket) -> socket.socket:
    """The client's connection ends at `server`, and bytes go both ways; returns the accepted end."""
    accepted, _peer = server.accept()
    accepted.settimeout(DEADLINE_SECONDS)
    client.sendall(b"ping")
    assert accepted.recv(4) == b"ping"
    accepted.sendall(b"pong")
    assert client.recv(4) == b"pong"
    return accepted


def assert_refused(pod: PodNetwork | None, address: str, port: int) -> None:
    with make_socket(pod) as client:
        try:
            client.connect((address, port))
        except ConnectionRefusedError:
            return
    raise AssertionError(f"{address}:{port} accepted a connection")


async def two_pods(network: NodeNetwork, *, redirect: bool = False) -> tuple[PodNetwork, PodNetwork]:
    first = await network.create_pod("first", "10.244.0.10", redirect=redirect)
    return first, await network.create_pod("second", "10.244.0.11", redirect=False)


async def through_a_vip(network: NodeNetwork) -> None:
    first, second = await two_pods(network)
    await network.set_services([ServiceVip(VIP, 80, "TCP", ((second.address, 8080),))])
    with listening(second, 8080) as server:
        for caller in (first, None):
            with connect(caller, VIP, 80) as client, assert_talks(client, server) as accepted:
                assert accepted.getpeername()[0] == (first.address if caller else names.NODE_ADDRESS)
                assert client.getpeername() == (VIP, 80)


def test_a_pod_and_the_node_reach_a_pod_through_a_vip(in_node: InNode) -> None:
    in_node(through_a_vip)


async def through_its_own_vip(network: NodeNetwork) -> None:
    first, _second = await two_pods(network)
    await network.set_services([ServiceVip(VIP, 80, "TCP", ((first.address, 8080),))])
    with listening(first, 8080) as server, connect(first, VIP, 80) as client, assert_talks(client, server) as accepted:
        assert accepted.getpeername()[0] == names.NODE_ADDRESS


def test_a_pod_reaches_itself_through_its_vip(in_node: InNode) -> None:
    in_node(through_its_own_vip)


async def spread_over_endpoints(network: NodeNetwork) -> None:
    first, second = await two_pods(network)
    third = await network.create_pod("third", "10.244.0.12", redirect=False)
    endpoints = ((second.address, 8080), (third.address, 8081), (second.address, 8082))
    await network.set_services([ServiceVip(VIP, 80, "TCP", endpoints)])
    answered: Counter[tuple[str, int]] = Counter()
    with listening(second, 8080) as a, listening(third, 8081) as b, listening(second, 8082) as c:
        servers = {endpoint: server for endpoint, server in zip(endpoints, (a, b, c), strict=True)}
        for _ in range(90):
            with connect(first, VIP, 80):
                for server in servers.values():
                    server.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        accepted, _peer = server.accept()
                        answered[accepted.getsockname()] += 1
                        accepted.close()
    assert sum(answered.values()) == 90
    # One in 10^9 runs of 90 fair draws leaves one of three with fewer than 8.
    assert min(answered[endpoint] for endpoint in endpoints) >= 8


def test_connections_spread_over_all_endpoints(in_node: InNode) -> None:
    in_node(spread_over_endpoints)


async def services_come_and_go(network: NodeNetwork) -> None:
    first, second = await two_pods(network)
    with listening(second, 8080) as old, listening(second, 8081) as new:
        await network.set_services([ServiceVip(VIP, 80, "TCP", ((second.address, 8080),)), ServiceVip("10.96.1.2", 80, "TCP", ())])
        kept = connect(first, VIP, 80)
        accepted = assert_talks(kept, old)
        assert_refused(first, "10.96.1.2", 80)
        assert_refused(None, "10.96.1.2", 80)
        assert_refused(first, VIP, 81)

        await network.set_services([ServiceVip(VIP, 80, "TCP", ((second.address, 8081),))])
        with connect(first, VIP, 80) as client:
            assert_talks(client, new).close()
        kept.sendall(b"more")
        assert accepted.recv(4) == b"more"

        await network.set_services([])
        assert_refused(first, VIP, 80)
        kept.close()
        accepted.close()


def test_a_vip_follows_its_endpoints_and_refuses_without(in_node: InNode) -> None:
    in_node(services_come_and_go)


async def udp_through_a_vip(network: NodeNetwork) -> None:
    first, second = await two_pods(network)
    await network.set_services([ServiceVip(VIP, 53, "UDP", ((second.address, 5353),))])
    with make_socket(second, kind=socket.SOCK_DGRAM) as server, make_socket(first, kind=socket.SOCK_DGRAM) as client:
        server.bind(("0.0.0.0", 5353))
        client.sendto(b"question", (VIP, 53))
        data, sender = server.recvfrom(100)
        assert (data, sender[0]) == (b"question", first.address)
        server.sendto(b"answer", sender)
        assert client.recvfrom(100) == (b"answer", (VIP, 53))
    with make_socket(None, kind=socket.SOCK_DGRAM) as server, make_socket(first, kind=socket.SOCK_DGRAM) as client:
        server.bind((names.DNS_VIP, 53))
        client.sendto(b"question", (names.DNS_VIP, 53))
        server.sendto(b"answer", server.recvfrom(100)[1])
        assert client.recvfrom(100) == (b"answer", (names.DNS_VIP, 53))


def test_udp_passes_vips_and_reaches_the_nodes_dns(in_node: InNode) -> None:
    in_node(udp_through_a_vip)


async def outbound_capture(network: NodeNetwork) -> None:
    first, second = await two_pods(network, redirect=True)
    await network.set_services([ServiceVip(VIP, 80, "TCP", ((second.address, 8080),))])
    with listening(first, names.OUTBOUND_PORT) as envoy, listening(second, 8080) as server:
        for destination in ((VIP, 80), (second.address, 8080), ("192.0.2.1", 443)):
            with connect(first, *destination) as client, assert_talks(client, envoy) as accepted:
                assert original_destination(accepted) == destination
        with connect(first, VIP, 80, mark=names.SIDECAR_MARK) as client:
            assert_talks(client, server).close()


def test_outbound_connections_go_to_the_sidecar_and_its_own_pass(in_node: InNode) -> None:
    in_node(outbound_capture)


async def inbound_capture(network: NodeNetwork) -> None:
    first, second = await two_pods(network, redirect=True)
    with listening(first, names.INBOUND_PORT) as envoy, listening(first, names.STATUS_PORT) as status:
        with connect(second, first.address, 8080) as client, assert_talks(client, envoy) as accepted:
            assert original_destination(accepted) == (first.address, 8080)
            assert accepted.getpeername()[0] == second.address
        with connect(second, first.address, names.STATUS_PORT) as client:
            assert_talks(client, status).close()


def test_inbound_connections_go_to_the_sidecar_but_not_those_to_its_own_ports(in_node: InNode) -> None:
    in_node(inbound_capture)


async def calls_to_oneself(network: NodeNetwork) -> None:
    first, _second = await two_pods(network, redirect=True)
    await network.set_services([ServiceVip(VIP, 80, "TCP", ((first.address, 8080),))])
    with (
        listening(first, 8080) as application,
        listening(first, names.INBOUND_PORT) as inbound,
        listening(first, names.OUTBOUND_PORT) as outbound,
    ):
        for address in (first.address, "127.0.0.1"):
            with connect(first, address, 8080) as client:
                assert_talks(client, application).close()
        with connect(first, VIP, 80) as client, assert_talks(client, outbound) as accepted:
            assert original_destination(accepted) == (VIP, 80)
        with connect(first, first.address, 8080, mark=names.SIDECAR_MARK) as client, assert_talks(client, inbound) as accepted:
            assert original_destination(accepted) == (first.address, 8080)
        with connect(first, first.address, 8080, mark=names.SIDECAR_MARK, source=names.INBOUND_BIND_ADDRESS) as client:
            assert_talks(client, application).close()


def test_a_pod_that_calls_itself_is_treated_as_istio_does(in_node: InNode) -> None:
    in_node(calls_to_oneself)


async def sockets_for_probes(network: NodeNetwork) -> None:
    first, second = await two_pods(network, redirect=True)
    with listening(first, 8080) as application, open_socket_in_pod(first.netns) as probe:
        probe.settimeout(DEADLINE_SECONDS)
        probe.connect((first.address, 8080))
        assert_talks(probe, application).close()
    with listening(second, 8080) as server, open_socket_in_pod(first.netns, mark=names.SIDECAR_MARK) as marked:
        assert marked.gettimeout() == 0.0
        marked.settimeout(DEADLINE_SECONDS)
        marked.connect((second.address, 8080))
        assert_talks(marked, server).close()


def test_the_node_opens_sockets_in_a_pod(in_node: InNode) -> None:
    in_node(sockets_for_probes)


async def pods_leave_nothing(network: NodeNetwork) -> None:
    before = socket.if_nameindex()
    first, second = await two_pods(network, redirect=True)
    assert len(socket.if_nameindex()) == len(before) + 2
    await network.delete_pod("first")
    await network.delete_pod("first")
    with make_socket(None) as client, pytest.raises(OSError, match="unreachable"):
        client.connect((first.address, 80))
    again = await network.create_pod("first", first.address, redirect=False)
    with listening(second, 8080) as server, connect(again, second.address, 8080) as client:
        assert_talks(client, server).close()
    await network.delete_pod("first")
    await network.delete_pod("second")
    assert socket.if_nameindex() == before


def test_a_deleted_pod_leaves_no_link_and_its_name_can_be_used_again(in_node: InNode) -> None:
    in_node(pods_leave_nothing)
