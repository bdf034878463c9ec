"""AuthorizationPolicies on a real Envoy, on bytes and on requests."""

import contextlib
import http.client
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hauberk.node.linux.network import NodeNetwork, PodNetwork
from tests.netns.envoy_pod import Authority, call, echo, make_view, running_envoy, scrape, serve_in
from tests.netns.manifests import make_pod, make_service

pytestmark = pytest.mark.slow
InNode = Callable[[Callable[[NodeNetwork], object]], None]

SERVER = "10.244.0.10"
WORLD = [make_pod("server", SERVER), make_service("server", "10.96.0.1", {"http": 80, "tcp": 90})]


def policy(name: str, **spec: Any) -> dict[str, Any]:
    return {"kind": "AuthorizationPolicy", "metadata": {"name": name, "namespace": "bookinfo"}, "spec": spec}


async def pods(network: NodeNetwork) -> tuple[PodNetwork, PodNetwork]:
    server = await network.create_pod("server", SERVER, redirect=True)
    client = await network.create_pod("client", "10.244.0.11", redirect=False)
    for port in (80, 90):
        serve_in(server, port, echo)
    return server, client


class Caller:
    """Asks the server; None for an answer that never came."""

    def __init__(self, pod: PodNetwork, authority: Authority, folder: Path) -> None:
        self.pod, self.folder, self.authority = pod, folder, authority

    def ask(self, path: str = "/", *, method: str = "GET", account: str = "", port: int = 80, **headers: str) -> tuple[int, Any] | None:
        context = self.authority.client_context(self.folder, account) if account else None
        if context is not None:
            context.set_alpn_protocols(["istio"])
        with contextlib.suppress(OSError, http.client.HTTPException), call(self.pod, SERVER, port) as raw:
            connection = http.client.HTTPConnection(SERVER, port)
            connection.sock = context.wrap_socket(raw) if context else raw
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if body.startswith(b"{") else body.decode()
        return None


async def on_connections(network: NodeNetwork) -> None:
    authority = Authority()
    server, client = await pods(network)
    rules = [{"from": [{"source": {"principals": ["cluster.local/ns/bookinfo/sa/reader", "cluster.local/ns/bookinfo/sa/both"]}}]}]
    forbidden = policy(
        "no-both", action="DENY", rules=[{"from": [{"source": {"serviceAccounts": ["both"]}}], "to": [{"operation": {"ports": ["80"]}}]}]
    )
    with tempfile.TemporaryDirectory() as root:
        view = make_view([*WORLD, policy("readers", rules=rules), forbidden])
        with running_envoy(server, view, ("bookinfo", "server"), authority, Path(root)):
            caller = Caller(client, authority, Path(root))
            assert (caller.ask(account="reader") or [0])[0] == 200
            assert caller.ask(account="stranger") is None
            assert caller.ask() is None, "plaintext has no principal"
            assert caller.ask(account="both") is None, "DENY goes first"
            assert (caller.ask(account="both", port=90) or [0])[0] == 200, "and only on its port"


async def on_requests(network: NodeNetwork) -> None:
    authority = Authority()
    server, client = await pods(network)
    readers = policy(
        "readers",
        rules=[
            {
                "from": [{"source": {"namespaces": ["bookinfo"]}}],
                "to": [{"operation": {"methods": ["GET"], "paths": ["/books/*", "/users/{*}/shelf"]}}],
                "when": [{"key": "request.headers[x-team]", "values": ["a*"]}],
            }
        ],
    )
    closed = policy("closed", action="DENY", rules=[{"to": [{"operation": {"paths": ["/books/secret*"]}}]}])
    watched = policy("watched", action="AUDIT", rules=[{"to": [{"operation": {"paths": ["/books/rare"]}}]}])
    with tempfile.TemporaryDirectory() as root:
        view = make_view([*WORLD, readers, closed, watched])
        with running_envoy(server, view, ("bookinfo", "server"), authority, Path(root)) as output:
            caller = Caller(client, authority, Path(root))
            status, seen = caller.ask("/books/1", account="reader", x_team="ab") or (0, {})
            assert status == 200
            assert "URI=spiffe://cluster.local/ns/bookinfo/sa/reader" in seen["x-forwarded-client-cert"]
            denied = [
                caller.ask("/books/1", account="reader"),
                caller.ask("/books/1", account="reader", x_team="b"),
                caller.ask("/books/1", method="POST", account="reader", x_team="ab"),
                caller.ask("/other", account="reader", x_team="ab"),
                caller.ask("/books/x/../secret", account="reader", x_team="ab"),
                caller.ask("/users/a/b/shelf", account="reader", x_team="ab"),
                caller.ask("/books/1", x_team="ab"),
            ]
            assert [answer and answer[0] for answer in denied] == [403] * 7, denied
            assert (caller.ask("/users/a/shelf", account="reader", x_team="ab") or [0])[0] == 200
            assert (caller.ask("/books/rare", account="reader", x_team="ab") or [0])[0] == 200
            assert caller.ask("/books/1", account="reader", x_team="ab", port=90) is None, "bytes have no path: ALLOW matches nothing"
            forged = caller.ask(
                "/books/1", account="reader", x_team="ab", x_forwarded_client_cert="URI=spiffe://cluster.local/ns/x/sa/root"
            ) or (0, {})
            assert "sa/reader" in forged[1]["x-forwarded-client-cert"].rpartition(",")[2]
            counted = {
                (labels["response_code"], labels["source_principal"].rpartition("/")[2])
                for labels, _ in scrape(server, "inbound_requests_total")
            }
            assert counted == {("200", "reader"), ("403", "reader"), ("403", "")}
        log = output.read_text()
        assert [line for line in log.splitlines() if "AUDIT GET" in line and "/books/rare 200" in line and "sa/reader" in line], log
        assert log.count("AUDIT") == 1


async def by_choice(network: NodeNetwork) -> None:
    authority = Authority()
    server, client = await pods(network)
    for annotated, forwarded in (({"hauberk.io/inbound": "http"}, True), ({}, False)):
        pod = WORLD[0] | {"metadata": WORLD[0]["metadata"] | {"annotations": annotated}}
        view = make_view([pod, WORLD[1]])
        with tempfile.TemporaryDirectory() as root, running_envoy(server, view, ("bookinfo", "server"), authority, Path(root)):
            status, seen = Caller(client, authority, Path(root)).ask(account="reader") or (0, {})
            assert (status, "x-forwarded-client-cert" in seen) == (200, forwarded), (status, seen)


def test_rules_about_callers_hold_for_connections(in_node: InNode) -> None:
    in_node(on_connections)


def test_rules_about_requests_hold_for_requests_and_never_let_bytes_past(in_node: InNode) -> None:
    in_node(on_requests)


def test_the_application_is_told_who_calls_where_http_is_chosen(in_node: InNode) -> None:
    in_node(by_choice)
