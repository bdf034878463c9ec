"""A small HTTP/1.1 server: one thread a connection, keep-alive, an access line a request on stdout.

The standard library's http.server takes 40 ms and 8 MB more to start, and parses headers as e-mail. This one is for the
samples only: it knows no pipelining limits, no uploads beyond a megabyte, no HTTP/2.
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from hauberk.samples.stream import Headers, HttpError, Stream, header_of

__all__ = ["Handler", "Request", "Response", "Server", "Wrap", "log", "port_from", "serve"]

_REASONS: Final = {200: "OK", 302: "Found", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 500: "Internal Server Error"}
_TLS_HANDSHAKE: Final = b"\x16\x03"
"""First bytes of a TLS ClientHello (RFC 8446 5.1)."""


class Request(NamedTuple):
    """A request as it arrived; header names keep their case."""

    method: str
    target: str
    headers: Headers
    body: bytes
    peer: str
    """Address and port of the other end."""
    connection: socket.socket

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query's fields; of doubles the last."""
        return dict(parse_qsl(self.target.partition("?")[2]))

    def header(self, name: str) -> str | None:
        """A header's value whatever its case."""
        return header_of(self.headers, name)


class Response(NamedTuple):
    """An answer; its length is computed."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Headers = ()


Handler = Callable[[Request], Response]
"""Answers one request; an exception of it becomes a 500."""
Wrap = Callable[[socket.socket], socket.socket]
"""Makes a connection a TLS one; raises OSError where the handshake fails."""


class Server:
    """Listens from its making on; `run` serves until `close`."""

    def __init__(self, handler: Handler, port: int, *, wrap: Wrap | None = None) -> None:
        self._handler = handler
        self._wrap = wrap
        self._socket = socket.create_server(("0.0.0.0", port), backlog=1024)  # noqa: S104 - a pod's own network namespace
        self.port: int = self._socket.getsockname()[1]

    def run(self) -> None:
        """Accept connections, each served in a thread of its own."""
        threading.stack_size(256 * 1024)
        while True:
            try:
                connection, (host, port, *_) = self._socket.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve_connection, args=(connection, f"{host}:{port}"), daemon=True).start()

    def close(self) -> None:
        """Stop accepting; open connections end with the process."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve_connection(self, raw: socket.socket, peer: str) -> None:
        with raw:
            try:
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = self._wrap(raw) if self._wrap else raw
            except OSError as error:
                log(f"{peer} TLS handshake failed: {error}")
                return
            with connection:
                stream = Stream(connection)
                while self._serve_request(stream, connection, peer):
                    pass

    def _serve_request(self, stream: Stream, connection: socket.socket, peer: str) -> bool:
        """Serve one request; whether another may follow on the connection."""
        try:
            head = stream.read_head()
            if head is None:
                return False
            started = time.monotonic()
            first, headers = head
            method, target, version = _parse_request_line(first)
            if (header_of(headers, "expect") or "").lower() == "100-continue":
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            request = Request(method, target, headers, stream.read_body(headers), peer, connection)
            response = self._answer(request)
            keep = _keeps_alive(version, headers)
            connection.sendall(_render(response, keep=keep, with_body=method != "HEAD"))
        except HttpError as error:
            self._refuse(stream, connection, peer, error)
            return False
        except OSError:  # the client is gone
            return False
        log(f'{peer} "{method} {target} {version}" {response.status} {len(response.body)} {(time.monotonic() - started) * 1000:.1f}ms')
        return keep

    def _answer(self, request: Request) -> Response:
        try:
            return self._handler(request)
        except Exception as error:  # a sample must answer, whatever it was asked
            log(f"{request.peer} {request.method} {request.target} failed: {error!r}")
            return Response(b'{"error": "internal error"}', 500)

    def _refuse(self, stream: Stream, connection: socket.socket, peer: str, error: HttpError) -> None:
        if stream.buffered.startswith(_TLS_HANDSHAKE):
            log(f"{peer} sent a TLS ClientHello to this plaintext port")
            return
        log(f"{peer} refused: {error}")
        try:
            connection.sendall(_render(Response(str(error).encode(), 400, "text/plain"), keep=False, with_body=True))
        except OSError:
            return


def serve(handler: Handler, port: int, *, wrap: Wrap | None = None) -> None:
    """Serve on `port` until SIGTERM or SIGINT, which end the process at once."""
    server = Server(handler, port, wrap=wrap)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)  # as PID 1 of a namespace, a process without a handler would not hear of it
    log(f"listening on port {server.port}")
    server.run()


def port_from(arguments: list[str], default: int) -> int:
    """The port of a command line that holds only the port, or nothing, as upstream's images are called; `PORT` counts too."""
    return int(arguments[0] if arguments else os.environ.get("PORT", default))


def log(line: str) -> None:
    """One line to stdout, written whole, so that threads do not mix."""
    os.write(1, f"{line}\n".encode())


def _exit(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)


def _parse_request_line(line: str) -> tuple[str, str, str]:
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise HttpError("the request line is not METHOD TARGET HTTP/1.1")
    return parts[0], parts[1], parts[2]


def _keeps_alive(version: str, headers: Headers) -> bool:
    wish = (header_of(headers, "connection") or "").lower()
    return "keep-alive" in wish if version == "HTTP/1.0" else "close" not in wish


def _render(response: Response, *, keep: bool, with_body: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Status')}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(response.body)}",
        f"Connection: {'keep-alive' if keep else 'close'}",
        *(f"{name}: {value}" for name, value in response.headers),
    ]
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return head + response.body if with_body else head
