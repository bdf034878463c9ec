"""The table of facts/istio-mtls.md 1.3 on a real Envoy: each mode x kind of port x what a client sends."""

import contextlib
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from hauberk.model.security import MtlsMode
from hauberk.model.service import PortKind
from hauberk.node.linux.network import NodeNetwork, PodNetwork
from hauberk.policy.outcome import Sent, ServerSide, Verdict, outcome
from tests.netns.envoy_pod import Authority, call, make_view, running_envoy, serve_in
from tests.netns.manifests import make_pod, make_service

pytestmark = pytest.mark.slow
InNode = Callable[[Callable[[NodeNetwork], object]], None]

MODES = ("PERMISSIVE", "STRICT", "DISABLE")
KINDS = {"http": "http", "tcp": "tcp", "auto": "some"}
"""Kind of port, and a Service port's name that makes it so."""
SERVER = "10.244.0.10"
SILENT_SECONDS = 0.4
REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
BANNER = b"220 hello\n"

# What the client sees: `mtls` by the sidecar and the application in plaintext, `app-tls` the application's own TLS, `plain`, `refused`,
# `silent` where Envoy waits for the client to speak.
PLAIN, MTLS, APP_TLS, REFUSED, SILENT = "plain", "mtls", "app-tls", "refused", "silent"
ROWS = ("mesh mTLS", "other TLS", "plaintext HTTP", "plaintext TCP", "server-first", "server-first in mesh mTLS")
EXPECTED = {
    ("PERMISSIVE", "auto"): (MTLS, APP_TLS, PLAIN, PLAIN, SILENT, MTLS),
    ("PERMISSIVE", "http"): (MTLS, REFUSED, PLAIN, PLAIN, SILENT, MTLS),
    ("PERMISSIVE", "tcp"): (MTLS, APP_TLS, PLAIN, PLAIN, SILENT, MTLS),
    ("STRICT", "auto"): (MTLS, REFUSED, REFUSED, REFUSED, SILENT, MTLS),
    ("STRICT", "http"): (MTLS, REFUSED, REFUSED, REFUSED, SILENT, MTLS),
    ("STRICT", "tcp"): (MTLS, REFUSED, REFUSED, REFUSED, SILENT, MTLS),
    # Nothing is sniffed but HTTP on an auto port; TLS of whatever kind reaches the application.
    ("DISABLE", "auto"): (APP_TLS, APP_TLS, PLAIN, PLAIN, SILENT, REFUSED),
    ("DISABLE", "http"): (APP_TLS, APP_TLS, PLAIN, PLAIN, PLAIN, REFUSED),
    ("DISABLE", "tcp"): (APP_TLS, APP_TLS, PLAIN, PLAIN, PLAIN, REFUSED),
}


def ports() -> dict[tuple[str, str], int]:
    """The declared ports, and under the kind `undeclared` those that only the policy names; server-first ones are 100 higher."""
    declared = {(mode, kind): 9000 + 10 * row + column for row, mode in enumerate(MODES) for column, kind in enumerate(KINDS)}
    return declared | {(mode, "undeclared"): 9500 + 10 * row for row, mode in enumerate(MODES)}


def manifests() -> list[dict[str, Any]]:
    numbers = [
        (f"{KINDS[kind]}-{port + extra}", port + extra) for (_, kind), port in ports().items() if kind in KINDS for extra in (0, 100)
    ]
    levels = {str(port + extra): {"mode": mode} for (mode, _), port in ports().items() for extra in (0, 100)}
    return [
        make_pod("server", SERVER),
        make_service("server", "10.96.0.1", dict(numbers)),
        {
            "kind": "PeerAuthentication",
            "metadata": {"name": "server", "namespace": "bookinfo"},
            "spec": {"selector": {"matchLabels": {"app": "server"}}, "mtls": {"mode": "STRICT"}, "portLevelMtls": levels},
        },
    ]


def answer(connection: Any, context: ssl.SSLContext) -> None:
    """An application that speaks whatever it is spoken to in: its own TLS, HTTP, bytes; it says by a word which it was."""
    first = connection.recv(1, 2)  # MSG_PEEK
    if first == b"\x16":
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(100)
            wrapped.sendall(b"app-tls")
        return
    words = connection.recv(100)
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplain" if words.startswith(b"GET") else b"plain")


def greet(connection: Any) -> None:
    connection.sendall(BANNER)
    connection.recv(100)


class Client:
    def __init__(self, pod: PodNetwork, authority: Authority, folder: Path) -> None:
        self.pod = pod
        self.mesh = authority.client_context(folder, "client")
        self.mesh.set_alpn_protocols(["istio"])
        self.other = authority.client_context(folder)

    def tries(self, port: int) -> tuple[str, ...]:
        """What each row of ROWS came to."""
        return (
            self._ask(port, REQUEST, self.mesh),
            self._ask(port, REQUEST, self.other),
            self._ask(port, REQUEST),
            self._ask(port, b"\0hello"),
            self._listen(port + 100),
            self._listen(port + 100, self.mesh),
        )

    def _ask(self, port: int, words: bytes, context: ssl.SSLContext | None = None) -> str:
        with contextlib.suppress(OSError), self._connected(port, context) as connection:
            connection.sendall(words)
            return self._name(connection.recv(200), context)
        return REFUSED

    def _listen(self, port: int, context: ssl.SSLContext | None = None) -> str:
        try:
            with self._connected(port, context, SILENT_SECONDS if context is None else 5) as connection:
                return self._name(connection.recv(200), context)
        except TimeoutError:
            return SILENT
        except OSError:
            return REFUSED

    @contextlib.contextmanager
    def _connected(self, port: int, context: ssl.SSLContext | None, deadline: float = 5) -> Iterator[socket.socket]:
        with call(self.pod, SERVER, port, deadline=deadline) as raw, context.wrap_socket(raw) if context else raw as connection:
            yield connection

    @staticmethod
    def _name(answered: bytes, context: ssl.SSLContext | None) -> str:
        if not answered:
            return REFUSED
        if answered.endswith(b"app-tls"):
            return APP_TLS
        return PLAIN if context is None else MTLS


async def the_matrix(network: NodeNetwork) -> None:
    authority = Authority()
    server = await network.create_pod("server", SERVER, redirect=True)
    client = await network.create_pod("client", "10.244.0.11", redirect=False)
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.write(folder / "application", authority.issue("server"))
        context.load_cert_chain(folder / "application/current/cert-chain.pem", folder / "application/current/key.pem")
        for port in ports().values():
            serve_in(server, port, partial(answer, context=context))
            serve_in(server, port + 100, greet)
        with running_envoy(server, make_view(manifests()), ("bookinfo", "server"), authority, folder):
            caller = Client(client, authority, folder)
            found = {key: dict(zip(ROWS, caller.tries(port), strict=True)) for key, port in ports().items()}
    wanted = {key: dict(zip(ROWS, EXPECTED[key[0], "auto" if key[1] == "undeclared" else key[1]], strict=True)) for key in found}
    # Outside pytest an assertion shows nothing of its values.
    pairs = [(key, row, found[key][row], expected) for key, rows in wanted.items() for row, expected in rows.items()]
    differing = [f"{key} {row}: {seen}, not {expected}" for key, row, seen, expected in pairs if seen != expected]
    assert not differing, differing


def test_every_mode_and_kind_of_port_takes_what_the_table_says(in_node: InNode) -> None:
    in_node(the_matrix)


VERDICTS = {MTLS: Verdict.MTLS, APP_TLS: Verdict.TLS, PLAIN: Verdict.PLAINTEXT, REFUSED: Verdict.REFUSED}
SENT = {"mesh mTLS": Sent.MESH_MTLS, "other TLS": Sent.TLS, "plaintext HTTP": Sent.PLAINTEXT, "plaintext TCP": Sent.PLAINTEXT}


@pytest.mark.parametrize(("mode", "kind"), list(product(("PERMISSIVE", "STRICT"), KINDS)))
def test_the_decision_about_a_connection_says_what_envoy_did(mode: str, kind: str) -> None:
    """DISABLE is left out: what the application makes of TLS is its own affair."""
    for row, sent in SENT.items():
        seen = EXPECTED[mode, kind][ROWS.index(row)]
        assert outcome(sent, ServerSide(MtlsMode(mode), PortKind(kind))).verdict is VERDICTS[seen]
