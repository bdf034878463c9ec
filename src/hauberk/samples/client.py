"""A small HTTP/1.1 client: one connection a request, over TCP or TLS.

No connection is kept: so a Service without a sidecar is balanced request by request, as with upstream's samples, and no request is lost
to a connection that ended while it was idle.
"""

import socket
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from hauberk.samples.stream import Headers, HttpError, Stream, header_of

if TYPE_CHECKING:
    import ssl

__all__ = ["Address", "Answer", "Call", "FetchError", "fetch"]


class FetchError(Exception):
    """There was no whole answer: no address, refused, reset, timed out, not HTTP."""


class Address(NamedTuple):
    """Where a URL leads."""

    host: str
    port: int
    target: str
    tls: bool

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        return self.host if self.port == (443 if self.tls else 80) else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> "Address":
        """The parts of an http or https URL; http where there is no scheme. Raises: FetchError."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise FetchError(f"{url} is no http or https URL")
        tls = parts.scheme == "https"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.hostname, parts.port or (443 if tls else 80), target, tls)


class Call(NamedTuple):
    """A request to make."""

    url: str
    method: str = "GET"
    headers: Headers = ()
    body: bytes = b""
    timeout_seconds: float = 30
    """For each step (connect, and each wait for bytes), not for the whole."""
    tls: "ssl.SSLContext | None" = None
    """For https."""


class Answer(NamedTuple):
    """A response, and by which connection it came."""

    status: int
    reason: str
    headers: Headers
    body: bytes
    connection: str
    """`TCP`, or TLS version and cipher."""

    def header(self, name: str) -> str | None:
        """A header's value whatever its case."""
        return header_of(self.headers, name)


def fetch(call: Call) -> Answer:
    """Make one request. Raises: FetchError."""
    address = Address.parse(call.url)
    try:
        with socket.create_connection((address.host, address.port), timeout=call.timeout_seconds) as raw:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not address.tls:
                return _exchange(raw, call, address, "TCP")
            if call.tls is None:
                raise FetchError("an https URL needs a TLS context")
            with call.tls.wrap_socket(raw, server_hostname=address.host) as secured:
                cipher = secured.cipher()
                return _exchange(secured, call, address, f"{secured.version()} {cipher[0] if cipher else ''}")
    except (OSError, HttpError) as error:
        raise FetchError(f"{address.host}:{address.port}: {str(error) or type(error).__name__}") from error


def _exchange(connection: socket.socket, call: Call, address: Address, described: str) -> Answer:
    connection.sendall(_render(call, address))
    stream = Stream(connection)
    while True:
        head = stream.read_head()
        if head is None:
            raise HttpError("the connection was closed before an answer came")
        first, headers = head
        status, reason = _parse_status_line(first)
        if status >= 200:  # before that: 100 Continue, 103 Early Hints
            break
    without_body = call.method == "HEAD" or status in {204, 304}
    body = b"" if without_body else stream.read_body(headers, to_end=True)
    return Answer(status, reason, headers, body, described)


def _render(call: Call, address: Address) -> bytes:
    given = {name.lower() for name, _ in call.headers}
    lines = [f"{call.method} {address.target} HTTP/1.1"]
    defaults = [("Host", address.authority), ("Accept", "*/*"), ("Connection", "close")]
    if call.body or call.method in {"POST", "PUT", "PATCH"}:
        defaults.append(("Content-Length", str(len(call.body))))
    lines += [
        f"{name}: {value}" for name, value in (*defaults, *call.headers) if name.lower() not in given or (name, value) in call.headers
    ]
    if any("\r" in line or "\n" in line for line in lines):
        raise HttpError("a header holds a line break")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + call.body


def _parse_status_line(line: str) -> tuple[int, str]:
    version, _, rest = line.partition(" ")
    status, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/1.") or not status.isdecimal() or len(status) != 3:
        raise HttpError(f"the status line {line[:60]!r} is not HTTP/1.1 STATUS REASON")
    return int(status), reason
