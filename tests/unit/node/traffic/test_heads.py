"""The beginnings of connections."""

import ssl
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.node.traffic.heads import (
    HEAD_LIMIT_BYTES,
    BadHead,
    Incomplete,
    RequestHead,
    is_tls,
    parse_request_head,
    parse_server_name,
)


def client_hello(name: str | None) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize(
    ("request_text", "head"),
    [
        (b"GET /a?b HTTP/1.1\r\nHost: web:80\r\n\r\nbody", RequestHead("GET", "/a?b", "web:80")),
        (b"POST / HTTP/1.0\r\nX: y\r\nHOST:web\r\n\r\n", RequestHead("POST", "/", "web")),
        (b"GET http://Web/x HTTP/1.1\r\nHost: other\r\n\r\n", RequestHead("GET", "/x", "Web")),
        (b"GET http://web HTTP/1.1\r\nHost: web\r\n\r\n", RequestHead("GET", "/", "web")),
    ],
)
def test_a_requests_head_tells_host_and_path(request_text: bytes, head: RequestHead) -> None:
    assert parse_request_head(request_text) == head


@given(st.integers(0, 34))
def test_a_head_that_has_not_ended_is_incomplete(length: int) -> None:
    with pytest.raises(Incomplete):
        parse_request_head(b"GET / HTTP/1.1\r\nHost: web\r\nX: y\r\n\r\n"[:length])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "this port takes HTTP/1.1"),
        (b"hello\r\n\r\n", "this port takes HTTP/1.1"),
        (b"GET / HTTP/1.1\r\n\r\n", "the request has 0 Host headers"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "the request has 2 Host headers"),
        (b"x" * (HEAD_LIMIT_BYTES + 1), "the request's head is longer than"),
    ],
)
def test_what_cannot_be_routed_says_why(data: bytes, message: str) -> None:
    with pytest.raises(BadHead, match=message):
        parse_request_head(data)


@pytest.mark.parametrize(("name", "found"), [("Web.apps.localhost", "web.apps.localhost"), (None, "")])
def test_a_real_client_hello_tells_its_server_name(name: str | None, found: str) -> None:
    hello = client_hello(name)
    assert is_tls(hello)
    assert parse_server_name(hello) == found


def test_a_client_hello_that_has_not_ended_is_incomplete() -> None:
    hello = client_hello("web")
    for length in (0, 4, 5, len(hello) - 1):
        with pytest.raises(Incomplete):
            parse_server_name(hello[:length])


@given(st.binary(max_size=80), st.integers(0, 200))
def test_a_broken_client_hello_never_breaks_the_parser(junk: bytes, cut: int) -> None:
    hello = bytearray(_HELLO)
    hello[9 + cut % (len(hello) - 9) : 9 + cut % (len(hello) - 9) + len(junk)] = junk
    record = hello[:3] + (len(hello) - 5).to_bytes(2, "big") + hello[5:]
    with suppress(BadHead):
        assert isinstance(parse_server_name(bytes(record)), str)


def test_a_record_of_another_kind_is_no_client_hello() -> None:
    with pytest.raises(BadHead):
        parse_server_name(b"\x16\x03\x01\x00\x04\x02\x00\x00\x00")


_HELLO = client_hello("web.apps.localhost")
