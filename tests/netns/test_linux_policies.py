"""NetworkPolicies between real network namespaces: who gets through, who does not, and what no policy touches."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hauberk.node.linux.network import NodeNetwork, PodNetwork, open_socket_in_pod
from hauberk.node.linux.policies import Allowance, Block, PolicyTable, PortRange
from hauberk.node.linux.vips import ServiceVip
from tests.netns.test_linux_network import assert_talks, connect, listening, make_socket

InNode = Callable[[Callable[[NodeNetwork], object]], None]
SERVER, FRIEND, STRANGER = "10.244.0.10", "10.244.0.11", "10.244.0.12"
VIP = "10.96.1.1"
DROPPED_AFTER_SECONDS = 0.3


@contextmanager
def connected(pod: PodNetwork | None, port: int, address: str = SERVER) -> Iterator[bool]:
    """Whether a connection of `pod` (None: the node) is let through."""
    with make_socket(pod) as client:
        client.settimeout(DROPPED_AFTER_SECONDS)
        try:
            client.connect((address, port))
        except TimeoutError:
            yield False
        else:
            yield True


def passes(pod: PodNetwork | None, port: int, address: str = SERVER) -> bool:
    with connected(pod, port, address) as got:
        return got


async def three_pods(network: NodeNetwork) -> tuple[PodNetwork, PodNetwork, PodNetwork]:
    server = await network.create_pod("server", SERVER, redirect=False)
    friend = await network.create_pod("friend", FRIEND, redirect=False)
    return server, friend, await network.create_pod("stranger", STRANGER, redirect=False)


def only(*allowances: Allowance) -> PolicyTable:
    return PolicyTable({"friends": frozenset({FRIEND})}, ingress={SERVER: allowances})


async def peers_and_ports(network: NodeNetwork) -> None:
    server, friend, stranger = await three_pods(network)
    with listening(server, 80), listening(server, 8080), listening(server, 8089), listening(server, 9090):
        assert all(passes(pod, port) for pod in (friend, stranger, None) for port in (80, 8080))

        await network.set_policies(only(Allowance(("friends",))))
        assert [passes(pod, 80) for pod in (friend, stranger, None)] == [True, False, True], "the node itself is never kept out"

        await network.set_policies(
            only(Allowance(("friends",), (), (PortRange("TCP", 8080, 8089),)), Allowance(ports=(PortRange("TCP", 80, 80),)))
        )
        assert [passes(friend, port) for port in (80, 8080, 8089, 9090)] == [True, True, True, False]
        assert [passes(stranger, port) for port in (80, 8080, 8089, 9090)] == [True, False, False, False]

        await network.set_policies(only(Allowance((), (Block("10.244.0.0/24", (f"{STRANGER}/32",)),))))
        assert [passes(pod, 80) for pod in (friend, stranger)] == [True, False]

        await network.set_policies(only())
        assert [passes(pod, 80) for pod in (friend, stranger, None)] == [False, False, True]

        await network.set_policies(PolicyTable())
        assert passes(stranger, 9090)


def test_a_policy_lets_its_peers_at_its_ports_through_and_nobody_else(in_node: InNode) -> None:
    in_node(peers_and_ports)


async def what_is_not_touched(network: NodeNetwork) -> None:
    server, friend, stranger = await three_pods(network)
    await network.set_services([ServiceVip(VIP, 80, "TCP", ((SERVER, 8080),))])
    with listening(server, 8080) as listener, connect(stranger, SERVER, 8080) as before:
        assert_talks(before, listener).close()
    with listening(server, 8080) as listener:
        with connect(stranger, SERVER, 8080) as before:
            accepted, _peer = listener.accept()
            await network.set_policies(only(Allowance(("friends",), (), (PortRange("TCP", 8080, 8080),))))
            before.sendall(b"on")
            assert accepted.recv(2) == b"on", "a connection that was there goes on"
            accepted.close()
        assert [passes(pod, 80, VIP) for pod in (friend, stranger)] == [True, False], "a Service's port is the pod's behind it"
        assert passes(server, 80, VIP), "no policy keeps a pod from itself"
        assert passes(server, 8080)
        with open_socket_in_pod(server.netns) as probe:
            probe.settimeout(DROPPED_AFTER_SECONDS)
            probe.connect((SERVER, 8080))


def test_connections_that_exist_the_pod_itself_and_probes_go_on(in_node: InNode) -> None:
    in_node(what_is_not_touched)


async def egress(network: NodeNetwork) -> None:
    server, friend, stranger = await three_pods(network)
    table = PolicyTable({"servers": frozenset({SERVER})}, egress={FRIEND: (Allowance(("servers",), (), (PortRange("TCP", 80, 80),)),)})
    with listening(server, 80), listening(server, 81), listening(stranger, 80):
        await network.set_policies(table)
        assert [passes(friend, 80), passes(friend, 81), passes(friend, 80, STRANGER)] == [True, False, False]
        assert passes(stranger, 81), "who has no policy is free"
        both = PolicyTable(table.sets, ingress={SERVER: ()}, egress=table.egress)
        await network.set_policies(both)
        assert not passes(friend, 80), "both ends must agree"
        with make_socket(None, kind=socket.SOCK_DGRAM) as dns, make_socket(friend, kind=socket.SOCK_DGRAM) as client:
            dns.bind(("10.96.0.10", 53))
            client.sendto(b"who", ("10.96.0.10", 53))
            question, peer = dns.recvfrom(8)
            dns.sendto(b"you", peer)
            assert (question, client.recv(8)) == (b"who", b"you"), "DNS is the node's and always answers"


def test_egress_is_kept_at_the_pod_that_calls(in_node: InNode) -> None:
    in_node(egress)


async def membership(network: NodeNetwork) -> None:
    server, friend, stranger = await three_pods(network)
    with listening(server, 80):
        for members, expected in (({FRIEND}, [True, False]), ({STRANGER}, [False, True]), ({FRIEND, STRANGER}, [True, True])):
            table = PolicyTable({"some": frozenset(members)}, ingress={SERVER: (Allowance(("some",)),)})
            await network.set_policies(table)
            assert [passes(friend, 80), passes(stranger, 80)] == expected


def test_pods_that_come_and_go_are_followed_in_the_set_of_peers(in_node: InNode) -> None:
    in_node(membership)
