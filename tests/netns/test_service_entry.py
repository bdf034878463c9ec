"""ServiceEntries under REGISTRY_ONLY on the client's real Envoy: what is declared is reached, all else is refused."""

import contextlib
import ssl
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hauberk.node.linux.network import NodeNetwork, PodNetwork
from tests.netns.envoy_pod import Authority, call, make_view, running_envoy, serve_in
from tests.netns.manifests import make_pod
from tests.netns.test_inbound_matrix import answer

pytestmark = pytest.mark.slow
InNode = Callable[[Callable[[NodeNetwork], object]], None]
CLIENT, SERVER = "10.244.0.10", "10.244.0.11"
ANYWHERE = "192.0.2.1"
"""Where the client believes the hosts to be; nobody is there."""


def entry(name: str, port: dict[str, Any], **spec: Any) -> dict[str, Any]:
    base = {"hosts": [f"{name}.example"], "ports": [port], "resolution": "STATIC", "endpoints": [{"address": SERVER}]}
    return {"kind": "ServiceEntry", "metadata": {"name": name, "namespace": "bookinfo"}, "spec": base | spec}


WORLD: list[dict[str, Any]] = [
    {
        "kind": "ServiceMeshControlPlane",
        "metadata": {"name": "basic", "namespace": "istio-system"},
        "spec": {"proxy": {"networking": {"trafficControl": {"outbound": {"policy": "REGISTRY_ONLY"}}}}},
    },
    make_pod("client", CLIENT),
    entry("web", {"number": 80, "name": "http", "protocol": "HTTP"}),
    entry("secure", {"number": 443, "name": "tls", "protocol": "TLS"}),
    entry("stream", {"number": 90, "name": "tcp", "protocol": "TCP"}, addresses=["192.0.2.90"]),
]


def ask(client: PodNetwork, address: str, port: int, words: bytes, secured: Callable[[Any], Any] = lambda raw: raw) -> bytes:
    with contextlib.suppress(OSError), call(client, address, port) as raw, secured(raw) as connection:
        connection.sendall(words)
        received: bytes = connection.recv(500)
        return received
    return b""


async def declared_and_not(network: NodeNetwork) -> None:
    authority = Authority()
    client = await network.create_pod("client", CLIENT, redirect=True)
    server = await network.create_pod("server", SERVER, redirect=False)
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.write(folder / "application", authority.issue("server"))
        context.load_cert_chain(folder / "application/current/cert-chain.pem", folder / "application/current/key.pem")
        for port in (80, 443, 90):
            serve_in(server, port, partial(answer, context=context))
        with running_envoy(client, make_view(WORLD), ("bookinfo", "client"), authority, folder):
            named = partial(authority.client_context(folder).wrap_socket)
            request = b"GET / HTTP/1.1\r\nhost: %s.example\r\n\r\n"
            assert ask(client, ANYWHERE, 80, request % b"web").startswith(b"HTTP/1.1 200")
            assert ask(client, ANYWHERE, 80, request % b"other").startswith(b"HTTP/1.1 502")
            assert ask(client, ANYWHERE, 443, b"x", partial(named, server_hostname="secure.example")) == b"app-tls"
            assert ask(client, ANYWHERE, 443, b"x", partial(named, server_hostname="other.example")) == b""
            assert ask(client, "192.0.2.90", 90, b"\0x") == b"plain"
            assert ask(client, ANYWHERE, 90, b"\0x") == b""
            assert ask(client, SERVER, 91, b"\0x") == b""


def test_what_is_declared_is_reached_and_all_else_is_refused(in_node: InNode) -> None:
    in_node(declared_and_not)
