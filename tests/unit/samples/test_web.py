"""The small server: keep-alive, errors, and an access line for each request."""

import socket
from pathlib import Path

import pytest

from hauberk.samples.client import Call, fetch
from hauberk.samples.web import Request, Response, port_from


def echo(request: Request) -> Response:
    if request.path == "/fail":
        raise RuntimeError("a bug")
    return Response(f"{request.method} {request.path} {sorted(request.query.items())} ".encode() + request.body, 200, "text/plain")


def exchange(port: int, data: bytes) -> bytes:
    """Everything that is answered to `data` until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_requests_follow_each_other_on_one_connection_until_one_says_close(serve) -> None:
    answer = exchange(
        serve(echo),
        b"GET /a?x=1&y=%20 HTTP/1.1\r\nHost: h\r\n\r\n"
        b"POST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
        b"GET /c HTTP/1.1\r\nConnection: close\r\n\r\n"
        b"GET /never HTTP/1.1\r\n\r\n",
    )
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert b"GET /a [('x', '1'), ('y', ' ')] " in answer
    assert b"POST /b [] hi" in answer
    assert answer.endswith(b"Connection: close\r\n\r\nGET /c [] ")


def test_http_1_0_closes_unless_it_asks_otherwise(serve) -> None:
    port = serve(echo)
    assert b"Connection: close" in exchange(port, b"GET / HTTP/1.0\r\n\r\n")
    asked = exchange(port, b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.0\r\n\r\n")
    assert asked.count(b"200 OK") == 2


def test_a_head_request_gets_the_length_without_the_body(serve) -> None:
    answer = exchange(serve(echo), b"HEAD /x HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 11\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(serve) -> None:
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    assert exchange(serve(echo), head + b"hi").startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize("data", [b"nonsense\r\n\r\n", b"GET / HTTP/2\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"])
def test_what_is_no_request_gets_400_and_the_reason(serve, data: bytes) -> None:
    assert exchange(serve(echo), data).startswith(b"HTTP/1.1 400 Bad Request")


def test_a_bug_of_a_handler_is_a_500_and_the_connection_lives_on(serve) -> None:
    answer = exchange(serve(echo), b"GET /fail HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"500 Internal Server Error" in answer
    assert b"200 OK" in answer


def test_each_request_leaves_an_access_line(serve, capfd) -> None:
    port = serve(echo)
    assert fetch(Call(f"http://127.0.0.1:{port}/x")).status == 200
    exchange(port, b"\x16\x03\x01\x00\x05hello")
    wanted, lines = ('"GET /x HTTP/1.1" 200 10 ', "sent a TLS ClientHello to this plaintext port"), ""
    while not all(line in lines for line in wanted):  # written after the answer is sent; the test's own timeout bounds it
        lines += capfd.readouterr().out


@pytest.mark.parametrize(("arguments", "environ", "port"), [(["9080"], {"PORT": "1"}, 9080), ([], {"PORT": "81"}, 81), ([], {}, 8080)])
def test_the_port_comes_from_the_command_line_the_environment_or_the_default(
    monkeypatch, arguments: list[str], environ: dict[str, str], port: int
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert port_from(arguments, 8080) == port


def test_the_samples_import_nothing_heavy() -> None:
    """They start in a fraction of what one of these takes; ssl is for TLS only."""
    heavy = ("asyncio", "http.", "dataclasses", "grpc", "cryptography", "structlog", "httpx2", "email")
    folder = Path(__file__).parents[3] / "src" / "hauberk" / "samples"
    for module in folder.rglob("*.py"):
        imports = [line for line in module.read_text().splitlines() if line.startswith(("import ", "from "))]
        assert not [line for line in imports if line.split()[1].startswith(heavy)], module
