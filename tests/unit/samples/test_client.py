"""The small client: what it sends, what it reads, and how it says that there was no answer."""

import socket
import threading

import pytest

from hauberk.samples.client import Address, Call, FetchError, fetch
from hauberk.samples.web import Request, Response


def answer_with(data: bytes) -> tuple[int, list[bytes]]:
    """A server that reads one request and sends `data`; its port, and what it read."""
    listening = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def serve() -> None:
        with listening:
            connection, _ = listening.accept()
            with connection:
                seen.append(connection.recv(65536))
                connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    return listening.getsockname()[1], seen


@pytest.mark.parametrize(
    ("url", "address", "authority"),
    [
        ("details:9080/details/0", Address("details", 9080, "/details/0", tls=False), "details:9080"),
        ("http://details", Address("details", 80, "/", tls=False), "details"),
        ("https://h/p?q=1#f", Address("h", 443, "/p?q=1", tls=True), "h"),
        ("https://h:80/", Address("h", 80, "/", tls=True), "h:80"),
    ],
)
def test_a_url_is_read_with_its_defaults(url: str, address: Address, authority: str) -> None:
    assert Address.parse(url) == address
    assert address.authority == authority


@pytest.mark.parametrize("url", ["ftp://h/", "http://", "http:///path"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(FetchError, match="is no http or https URL"):
        fetch(Call(url))


def test_a_request_is_sent_with_the_least_of_headers_and_the_callers_own() -> None:
    port, seen = answer_with(b"HTTP/1.1 204 No Content\r\n\r\n")
    answer = fetch(Call(f"http://127.0.0.1:{port}/p?q", "POST", (("host", "details"), ("X-A", "1")), b"body"))
    assert (answer.status, answer.reason, answer.body, answer.connection) == (204, "No Content", b"", "TCP")
    assert seen == [b"POST /p?q HTTP/1.1\r\nAccept: */*\r\nConnection: close\r\nContent-Length: 4\r\nhost: details\r\nX-A: 1\r\n\r\nbody"]


def test_interim_answers_are_passed_over_and_chunks_joined() -> None:
    port, _ = answer_with(
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    )
    answer = fetch(Call(f"http://127.0.0.1:{port}/"))
    assert (answer.status, answer.body, answer.header("x-a")) == (200, b"hi", "1")


def test_a_head_request_reads_no_body(serve) -> None:
    def handler(_request: Request) -> Response:
        return Response(b"12345")

    answer = fetch(Call(f"http://127.0.0.1:{serve(handler)}/", "HEAD"))
    assert (answer.header("content-length"), answer.body) == ("5", b"")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "closed before an answer came|reset"),
        (b"HTTP/2 200\r\n\r\n", "is not HTTP/1.1 STATUS REASON"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "is not HTTP/1.1 STATUS REASON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "ended within the body"),
    ],
)
def test_half_an_answer_is_no_answer(data: bytes, said: str) -> None:
    port, _ = answer_with(data)
    with pytest.raises(FetchError, match=said):
        fetch(Call(f"http://127.0.0.1:{port}/"))


def test_a_closed_port_is_named(free_port: int) -> None:
    with pytest.raises(FetchError, match=f"127.0.0.1:{free_port}: .*refused"):
        fetch(Call(f"http://127.0.0.1:{free_port}/"))


def test_a_silent_server_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(FetchError, match="timed out"):
        fetch(Call(f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout_seconds=0.05))


def test_headers_with_line_breaks_are_not_sent(serve) -> None:
    port = serve(lambda _request: Response(b""))
    with pytest.raises(FetchError, match="line break"):
        fetch(Call(f"http://127.0.0.1:{port}/", headers=(("end-user", "a\r\nx-admin: yes"),)))


def test_https_without_a_context_is_refused(serve) -> None:
    with pytest.raises(FetchError, match="needs a TLS context"):
        fetch(Call(f"https://127.0.0.1:{serve(lambda _request: Response(b''))}/"))
