"""The beginning of a connection: an HTTP/1 request's head, or a TLS ClientHello's server name. No I/O.

Both parsers work on what has arrived so far and tell apart "not enough yet" (`Incomplete`) from "will never do" (`BadHead`).
"""

from dataclasses import dataclass

from hauberk.errors import PeerError

__all__ = ["HEAD_LIMIT_BYTES", "BadHead", "Incomplete", "RequestHead", "is_tls", "parse_request_head", "parse_server_name"]

HEAD_LIMIT_BYTES = 64 * 1024
"""A request's line and headers; Envoy's own limit is 60 KiB."""
_HANDSHAKE = 22
_CLIENT_HELLO = 1
_SERVER_NAME = 0


class BadHead(PeerError):
    """The connection does not begin with anything that can be routed."""


class Incomplete(Exception):
    """More bytes are needed to tell."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """What routing needs of an HTTP/1 request."""

    method: str
    path: str
    host: str


def is_tls(data: bytes) -> bool:
    """Whether the first byte is that of a TLS handshake record (no HTTP method begins so)."""
    return data[:1] == bytes([_HANDSHAKE])


def parse_request_head(data: bytes) -> RequestHead:
    """Method, path and host of the request at the beginning of `data`.

    Raises: Incomplete - the head has not ended; BadHead - not HTTP/1, no single Host, or longer than HEAD_LIMIT_BYTES.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        if len(data) > HEAD_LIMIT_BYTES:
            raise BadHead(f"the request's head is longer than {HEAD_LIMIT_BYTES} bytes")
        raise Incomplete
    lines = data[:end].decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    target, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/1.") or not method or not target:
        raise BadHead("this port takes HTTP/1.1, or TLS for a passthrough Route")
    hosts = [value.strip() for name, _, value in (line.partition(":") for line in lines[1:]) if name.lower() == "host"]
    authority, path = _split_target(target)
    if authority:
        return RequestHead(method, path, authority)
    if len(hosts) != 1:
        raise BadHead(f"the request has {len(hosts)} Host headers; it needs one")  # RFC 9112 3.2
    return RequestHead(method, path, hosts[0])


def _split_target(target: str) -> tuple[str, str]:
    """Absolute form (`http://host/path`) carries its own authority, which wins over Host (RFC 9112 3.2.2)."""
    for scheme in ("http://", "https://"):
        if target.lower().startswith(scheme):
            authority, slash, path = target[len(scheme) :].partition("/")
            return authority, slash + path or "/"
    return "", target


def parse_server_name(data: bytes) -> str:
    """The server name (SNI) of the ClientHello at the beginning of `data`; empty where it names none.

    Raises: Incomplete - the record has not ended; BadHead - not a ClientHello.
    """
    if len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
        raise Incomplete
    hello = _Reader(data[5 : 5 + int.from_bytes(data[3:5], "big")])
    if data[0] != _HANDSHAKE or hello.number(1) != _CLIENT_HELLO:
        raise BadHead("the connection begins with a TLS record that is no ClientHello")
    body = _Reader(hello.block(3))
    body.take(2 + 32)  # version, random
    for length_bytes in (1, 2, 1):  # session id, cipher suites, compression methods
        body.block(length_bytes)
    extensions = _Reader(body.block(2)) if body.left else _Reader(b"")
    while extensions.left:
        kind, content = extensions.number(2), _Reader(extensions.block(2))
        if kind == _SERVER_NAME:
            names = _Reader(content.block(2))
            names.take(1)  # host_name, the only kind there is (RFC 6066 3)
            return names.block(2).decode("ascii", errors="replace").lower()
    return ""


class _Reader:
    """Bytes read from the front; too few raise BadHead."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, length: int) -> bytes:
        if length > self.left:
            raise BadHead("the ClientHello is cut short")
        self._at += length
        return self._data[self._at - length : self._at]

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def block(self, length_bytes: int) -> bytes:
        """What a length of so many bytes announces."""
        return self.take(self.number(length_bytes))
