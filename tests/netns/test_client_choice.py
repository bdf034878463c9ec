"""Which endpoint a client's real Envoy chooses (consistentHash), and what it is told of at all (Sidecar)."""

import http.client
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hauberk.node.linux.network import NodeNetwork, PodNetwork
from tests.netns.envoy_pod import Authority, call, echo, make_view, running_envoy, serve_in
from tests.netns.manifests import make_http_service, make_pod

pytestmark = pytest.mark.slow
InNode = Callable[[Callable[[NodeNetwork], object]], None]
CLIENT, VIP, HIDDEN_VIP = "10.244.0.10", "10.96.0.1", "10.96.0.2"
SERVERS = tuple(f"10.244.0.{number}" for number in range(11, 15))
PODS = {f"s{address}": address for address in SERVERS}
WORLD = [
    make_pod("client", CLIENT),
    *(make_pod(name, address, app="server", sidecar=False) for name, address in PODS.items()),
    *make_http_service("server", VIP, PODS),
    *make_http_service("hidden", HIDDEN_VIP, PODS, app="server"),
]


def rule(hashing: dict[str, Any]) -> dict[str, Any]:
    spec = {"host": "server", "trafficPolicy": {"loadBalancer": {"consistentHash": hashing}}}
    return {"kind": "DestinationRule", "metadata": {"name": "server", "namespace": "bookinfo"}, "spec": spec}


def sidecar(**spec: Any) -> dict[str, Any]:
    return {"kind": "Sidecar", "metadata": {"name": "s", "namespace": "bookinfo"}, "spec": spec}


def ask(client: PodNetwork, address: str, host: str, path: str = "/", **headers: str) -> tuple[int, str, str]:
    """Status, which server answered, and the cookie that was set."""
    with call(client, address, 80) as raw:
        connection = http.client.HTTPConnection(host)
        connection.sock = raw
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("x-server") or "", answer.getheader("set-cookie") or ""


async def pods(network: NodeNetwork) -> PodNetwork:
    client = await network.create_pod("client", CLIENT, redirect=True)
    for address in SERVERS:
        server = await network.create_pod(f"s{address}", address, redirect=False)
        serve_in(server, 80, echo)
    return client


async def hashing(network: NodeNetwork) -> None:
    authority, client = Authority(), await pods(network)
    with tempfile.TemporaryDirectory() as root:
        by_header = make_view([*WORLD, rule({"httpHeaderName": "x-user"})])
        with running_envoy(client, by_header, ("bookinfo", "client"), authority, Path(root) / "header"):
            for user in ("anna", "bert"):
                assert len({ask(client, VIP, "server", x_user=user) for _ in range(8)}) == 1
            assert len({ask(client, VIP, "server", x_user=str(number)) for number in range(40)}) == len(SERVERS)
        by_cookie = make_view([*WORLD, rule({"httpCookie": {"name": "user", "ttl": "60s"}, "maglev": {"tableSize": 251}})])
        with running_envoy(client, by_cookie, ("bookinfo", "client"), authority, Path(root) / "cookie"):
            status, server, cookie = ask(client, VIP, "server")
            assert (status, cookie.startswith("user=")) == (200, True)
            assert {ask(client, VIP, "server", Cookie=cookie.partition(";")[0])[:2] for _ in range(8)} == {(200, server)}
        by_address = make_view([*WORLD, rule({"useSourceIp": True})])
        with running_envoy(client, by_address, ("bookinfo", "client"), authority, Path(root) / "address"):
            assert len({ask(client, VIP, "server") for _ in range(12)}) == 1


async def told(network: NodeNetwork) -> None:
    authority, client = Authority(), await pods(network)
    hosts = ["./server.bookinfo.svc.cluster.local"]
    with tempfile.TemporaryDirectory() as root:
        strict = make_view([*WORLD, sidecar(egress=[{"hosts": hosts}], outboundTrafficPolicy={"mode": "REGISTRY_ONLY"})])
        with running_envoy(client, strict, ("bookinfo", "client"), authority, Path(root) / "strict"):
            assert ask(client, VIP, "server")[0] == 200
            assert ask(client, HIDDEN_VIP, "hidden")[0] == 502  # the black hole
        loose = make_view([*WORLD, sidecar(egress=[{"hosts": hosts}])])
        with running_envoy(client, loose, ("bookinfo", "client"), authority, Path(root) / "loose"):
            # What it is not told of passes as the application addressed it: to the pod itself.
            assert ask(client, SERVERS[0], "hidden")[:2] == (200, SERVERS[0])


def test_what_is_alike_goes_to_one_endpoint(in_node: InNode) -> None:
    in_node(hashing)


def test_a_sidecar_is_told_of_what_its_egress_names_and_of_nothing_else(in_node: InNode) -> None:
    in_node(told)
