"""A gateway's TLS on a real Envoy: each mode by server name."""

import base64
import contextlib
import socket
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hauberk.node.linux.network import NodeNetwork, PodNetwork
from tests.netns.envoy_pod import Authority, call, make_view, running_envoy

pytestmark = pytest.mark.slow
InNode = Callable[[Callable[[NodeNetwork], object]], None]
ROUTER = "10.244.0.10"


def server(name: str, **tls: str) -> dict[str, Any]:
    return {"port": {"number": 443, "name": name, "protocol": "HTTPS"}, "hosts": [f"{name}.example"], "tls": tls}


def world(certificate: bytes, key: bytes, roots: bytes) -> list[dict[str, Any]]:
    data = {name: base64.b64encode(value).decode() for name, value in (("tls.crt", certificate), ("tls.key", key), ("ca.crt", roots))}
    servers = [
        server("simple", mode="SIMPLE", credentialName="c"),
        server("mutual", mode="MUTUAL", credentialName="c"),
        server("maybe", mode="OPTIONAL_MUTUAL", credentialName="c"),
        server("gone", mode="SIMPLE", credentialName="gone"),
        server("mesh", mode="ISTIO_MUTUAL"),
    ]
    redirect = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"], "tls": {"httpsRedirect": True}}
    route = {"directResponse": {"status": 200, "body": {"string": "hello"}}}
    return [
        {
            "kind": "Pod",
            "metadata": {"name": "router", "namespace": "istio-system", "labels": {"istio": "ingressgateway"}},
            "spec": {"serviceAccountName": "router"},
            "status": {"podIP": ROUTER, "phase": "Running"},
        },
        {"kind": "Secret", "metadata": {"name": "c", "namespace": "istio-system"}, "data": data},
        {"kind": "Gateway", "metadata": {"name": "g", "namespace": "bookinfo"}, "spec": {"servers": [redirect, *servers]}},
        {
            "kind": "VirtualService",
            "metadata": {"name": "v", "namespace": "bookinfo"},
            "spec": {"hosts": ["*.example"], "gateways": ["g"], "http": [route]},
        },
    ]


def ask(client: PodNetwork, name: str, context: ssl.SSLContext | None) -> str:
    """The first line of the answer; empty where there is none."""
    request = f"GET /a HTTP/1.1\r\nhost: {name}.example\r\n\r\n".encode()
    with contextlib.suppress(OSError), call(client, ROUTER, 443 if context else 80) as raw, _secured(raw, context, name) as connection:
        connection.sendall(request)
        return connection.recv(500).decode().partition("\r\n")[0]
    return ""


def _secured(raw: socket.socket, context: ssl.SSLContext | None, name: str) -> socket.socket:
    return context.wrap_socket(raw, server_hostname=f"{name}.example") if context else raw


async def by_server_name(network: NodeNetwork) -> None:
    authority = Authority()
    router = await network.create_pod("router", ROUTER, redirect=False)
    client = await network.create_pod("client", "10.244.0.11", redirect=False)
    own = authority.issue("web")
    view = make_view(world(own.chain_to_pem(), own.key_to_pem(), authority.ca.bundle.to_pem()))
    with tempfile.TemporaryDirectory() as root, running_envoy(router, view, ("istio-system", "router"), authority, Path(root)):
        anonymous, known = authority.client_context(Path(root)), authority.client_context(Path(root), "client")
        answers = {name: [ask(client, name, context)[9:12] for context in (anonymous, known)] for name in NAMES}
        assert answers == NAMES, answers
        assert ask(client, "simple", None) == "HTTP/1.1 301 Moved Permanently"


# what a client without a certificate and one with a certificate of the right CA come to
NAMES = {
    "simple": ["200", "200"],
    "mutual": ["", "200"],
    "maybe": ["200", "200"],
    "gone": ["", ""],
    "mesh": ["", "200"],
    "other": ["", ""],
}


def test_each_server_demands_what_its_mode_says(in_node: InNode) -> None:
    in_node(by_server_name)
