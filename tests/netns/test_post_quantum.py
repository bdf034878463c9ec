"""The compliance policy `pqc`: two real Envoys talk, a client without X25519MLKEM768 is refused; without the policy it is served."""

import http.client
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hauberk import names
from hauberk.node.linux.network import NodeNetwork, PodNetwork
from tests.netns.envoy_pod import Authority, call, echo, make_view, running_envoy, scrape, serve_in
from tests.netns.manifests import make_http_service, make_pod

pytestmark = pytest.mark.slow
InNode = Callable[[Callable[[NodeNetwork], object]], None]
CLIENT, SERVER, VIP = "10.244.0.10", "10.244.0.11", "10.96.0.1"


def world(policy: str) -> list[dict[str, Any]]:
    annotations = {names.COMPLIANCE_POLICY: policy} if policy else {}
    metadata = {"name": "basic", "namespace": "istio-system", "annotations": annotations}
    return [
        {"kind": "ServiceMeshControlPlane", "metadata": metadata, "spec": {}},
        {"kind": "PeerAuthentication", "metadata": {"name": "all", "namespace": "bookinfo"}, "spec": {"mtls": {"mode": "STRICT"}}},
        make_pod("client", CLIENT),
        make_pod("server", SERVER),
        *make_http_service("server", VIP, {"server": SERVER}),
    ]


def ask(client: PodNetwork) -> int:
    with call(client, VIP, 80) as raw:
        connection = http.client.HTTPConnection("server")
        connection.sock = raw
        connection.request("GET", "/")
        return connection.getresponse().status


def without_the_group(client: PodNetwork, authority: Authority, folder: Path) -> str:
    """The TLS version that a client with X25519 and P-256 alone gets, or `refused`."""
    context = authority.client_context(folder, "client")
    context.set_ecdh_curve("prime256v1")
    try:
        with call(client, SERVER, 80) as raw, context.wrap_socket(raw) as wrapped:
            return wrapped.version() or ""
    except (ssl.SSLError, ConnectionError):
        return "refused"


async def talk(network: NodeNetwork, policy: str, other: str) -> None:
    authority = Authority()
    client = await network.create_pod("client", CLIENT, redirect=True)
    server = await network.create_pod("server", SERVER, redirect=True)
    outsider = await network.create_pod("outsider", "10.244.0.12", redirect=False)
    serve_in(server, 80, echo)
    view = make_view(world(policy))
    with (
        tempfile.TemporaryDirectory() as root,
        running_envoy(server, view, ("bookinfo", "server"), authority, Path(root) / "server"),
        running_envoy(client, view, ("bookinfo", "client"), authority, Path(root) / "client"),
    ):
        assert ask(client) == 200
        counted = scrape(server, "inbound_connections_total")
        assert {labels["tls_version"] for labels, _ in counted} == {"TLSv1.3"}
        assert without_the_group(outsider, authority, Path(root)) == other


async def demanded(network: NodeNetwork) -> None:
    await talk(network, "pqc", "refused")


async def offered(network: NodeNetwork) -> None:
    await talk(network, "", "TLSv1.3")


def test_under_the_policy_a_client_without_the_group_is_refused(in_node: InNode) -> None:
    in_node(demanded)


def test_without_the_policy_it_is_served(in_node: InNode) -> None:
    in_node(offered)
