"""Samples served on loopback for the time of a test, and requests as their handlers see them."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from hauberk.samples.stream import Headers
from hauberk.samples.web import Handler, Request, Server, Wrap

Serve = Callable[..., int]
MakeRequest = Callable[..., Request]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(handler)` answers the port."""
    servers: list[tuple[Server, threading.Thread]] = []

    def start(handler: Handler, *, wrap: Wrap | None = None) -> int:
        server = Server(handler, 0, wrap=wrap)
        thread = threading.Thread(target=server.run)
        thread.start()
        servers.append((server, thread))
        return server.port

    yield start
    for server, thread in servers:
        server.close()
        thread.join(10)


@pytest.fixture
def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def make_request() -> Iterator[MakeRequest]:
    """`make_request("/path")` as it comes to a handler."""
    with socket.socket() as unconnected:

        def make(target: str, *, method: str = "GET", headers: Headers = (), body: bytes = b"") -> Request:
            return Request(method, target, headers, body, "10.244.0.9:1234", unconnected)

        yield make
