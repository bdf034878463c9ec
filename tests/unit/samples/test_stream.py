"""HTTP/1.1 off a socket: heads, bodies of three kinds, and what is refused."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.samples.stream import HttpError, Stream, header_of


@contextmanager
def stream_of(data: bytes) -> Iterator[Stream]:
    """A stream on which `data` arrives, and then the end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        yield Stream(ours)


def test_a_head_is_its_first_line_and_headers_in_their_case_and_order() -> None:
    with stream_of(b"GET / HTTP/1.1\r\nHost: a\r\nX-B:  two words \r\nx-b: again\r\n\r\nrest") as stream:
        assert stream.read_head() == ("GET / HTTP/1.1", (("Host", "a"), ("X-B", "two words"), ("x-b", "again")))
        assert stream.buffered == b"rest"


def test_messages_follow_each_other_and_the_end_between_them_is_no_error() -> None:
    with stream_of(b"POST /1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\n\r\n") as stream:
        head = stream.read_head()
        assert head is not None
        assert stream.read_body(head[1]) == b"abc"
        assert stream.read_head() == ("GET /2 HTTP/1.1", ())
        assert stream.read_body(()) == b""
        assert stream.read_head() is None


def test_chunks_are_joined_and_extensions_and_trailers_passed_over() -> None:
    with stream_of(b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\nnext") as stream:
        assert stream.read_body((("Transfer-Encoding", "chunked"),)) == b"abcde"
        assert stream.buffered == b"next"


def test_a_response_without_length_goes_to_the_end() -> None:
    with stream_of(b"all of it") as stream:
        assert stream.read_body((), to_end=True) == b"all of it"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", "this is not HTTP/1.1"),
        (b"GET / HTTP/1.1\r\nHost", "ended within the headers"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "is not NAME: VALUE"),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", "is not NAME: VALUE"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 70000, "longer than 65536 bytes"),
    ],
)
def test_what_is_no_head_is_refused(data: bytes, said: str) -> None:
    with stream_of(data) as stream, pytest.raises(HttpError, match=said):
        stream.read_head()


@pytest.mark.parametrize(
    ("headers", "data", "said"),
    [
        ((("Content-Length", "5"),), b"abc", "ended within the body"),
        ((("Content-Length", "-5"),), b"", "is no number"),
        ((("Content-Length", "1_0"),), b"", "is no number"),
        ((("Content-Length", "99999999"),), b"", "longer than 1048576 bytes"),
        ((("Transfer-Encoding", "chunked"),), b"zz\r\n", "is no number"),
        ((("Transfer-Encoding", "chunked"),), b"5\r\nab", "ended within the body"),
        ((("Transfer-Encoding", "chunked"),), b"5", "ended within a line"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(headers, data: bytes, said: str) -> None:
    with stream_of(data) as stream, pytest.raises(HttpError, match=said):
        stream.read_body(headers)


@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + tail))
def test_any_bytes_are_read_or_refused_by_name(data: bytes) -> None:
    with stream_of(data) as stream, suppress(HttpError):
        head = stream.read_head()
        if head is not None:
            stream.read_body(head[1])


def test_headers_are_found_whatever_their_case() -> None:
    headers = (("X-A", "1"), ("x-a", "2"))
    assert (header_of(headers, "x-a"), header_of(headers, "X-b")) == ("1", None)
