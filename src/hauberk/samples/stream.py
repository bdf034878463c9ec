"""HTTP/1.1 messages off a socket: a head (first line and headers), then a body by length, by chunks, or to the end."""

import socket
from typing import Final

__all__ = ["Headers", "HttpError", "Stream", "header_of"]

Headers = tuple[tuple[str, str], ...]
"""Names (in their own case) and values, in their order, doubles kept."""

_HEAD_LIMIT_BYTES: Final = 64 * 1024
_BODY_LIMIT_BYTES: Final = 1024 * 1024


class HttpError(Exception):
    """Bytes that are no HTTP/1.1 message."""


def header_of(headers: Headers, name: str) -> str | None:
    """The first value of a header whatever its case."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


class Stream:
    """Reads messages from one connection; what came in too early is kept for the next."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.buffered = b""
        """What has arrived and is not consumed."""

    def read_head(self) -> tuple[str, Headers] | None:
        """First line and headers; None where the connection ended between messages. Raises: HttpError, OSError."""
        while b"\r\n\r\n" not in self.buffered:
            if self.buffered and not self.buffered[:1].isalpha():
                raise HttpError("this is not HTTP/1.1")
            if len(self.buffered) > _HEAD_LIMIT_BYTES:
                raise HttpError(f"the headers are longer than {_HEAD_LIMIT_BYTES} bytes")
            if not self._fill():
                if self.buffered:
                    raise HttpError("the connection ended within the headers")
                return None
        head, _, self.buffered = self.buffered.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        return first, tuple(_parse_header(line) for line in lines)

    def read_body(self, headers: Headers, *, to_end: bool = False) -> bytes:
        """The body that `headers` announce; with `to_end` (a response) everything, where they say nothing."""
        if "chunked" in (header_of(headers, "transfer-encoding") or "").lower():
            return self._read_chunks()
        length = header_of(headers, "content-length")
        if length is not None:
            return self._read_exactly(_parse_length(length, 10))
        if to_end:
            while self._fill():
                pass
            body, self.buffered = self.buffered, b""
            return body
        return b""

    def _read_chunks(self) -> bytes:
        body = b""
        while size := _parse_length(self._read_line().partition(b";")[0].decode("latin-1"), 16):
            body += self._read_exactly(size)
            self._read_line()
            if len(body) > _BODY_LIMIT_BYTES:
                raise HttpError(f"the body is longer than {_BODY_LIMIT_BYTES} bytes")
        while self._read_line():  # trailers
            pass
        return body

    def _read_line(self) -> bytes:
        while b"\r\n" not in self.buffered:
            if len(self.buffered) > _HEAD_LIMIT_BYTES or not self._fill():
                raise HttpError("the connection ended within a line")
        line, _, self.buffered = self.buffered.partition(b"\r\n")
        return line

    def _read_exactly(self, length: int) -> bytes:
        while len(self.buffered) < length:
            if not self._fill():
                raise HttpError("the connection ended within the body")
        data, self.buffered = self.buffered[:length], self.buffered[length:]
        return data

    def _fill(self) -> bool:
        data = self._connection.recv(65536)
        self.buffered += data
        return bool(data)


def _parse_header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise HttpError(f"the header {line[:80]!r} is not NAME: VALUE")
    return name, value.strip()


def _parse_length(text: str, base: int) -> int:
    # int() would take signs, underscores and blanks as well, by which two parsers can come to disagree.
    digits = text.strip()
    if not digits or not all(digit in "0123456789abcdefABCDEF"[: 10 if base == 10 else 22] for digit in digits):
        raise HttpError(f"the length {text[:20]!r} is no number")
    length = int(digits, base)
    if length > _BODY_LIMIT_BYTES:
        raise HttpError(f"the body is longer than {_BODY_LIMIT_BYTES} bytes")
    return length
