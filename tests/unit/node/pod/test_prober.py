"""Probes tried against real servers on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hauberk.node.pod.prober import ProbeTarget, run_probes, try_probe
from hauberk.node.pod.probes import EnvoyReady, Exec, Handler, HttpGet, ProbeKind, ProbePlan, TcpSocket


def open_socket() -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    return made


async def execute(argv: Sequence[str]) -> int:
    return len(argv) - 1


def make_target(admin: Path | None = None) -> ProbeTarget:
    return ProbeTarget(open_socket, "127.0.0.1", admin, execute)


def plan(handler: Handler, **more: Any) -> ProbePlan:
    return ProbePlan(ProbeKind.READINESS, handler, **more)


@asynccontextmanager
async def answering(answer: bytes, unix: Path | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers each request head with `answer`; its port, and the heads that came."""
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await (asyncio.start_unix_server(handle, unix) if unix else asyncio.start_server(handle, "127.0.0.1", 0))
    async with asyncio.timeout(10), server:
        yield 0 if unix else server.sockets[0].getsockname()[1], heads


def response(status: str, body: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (response("200 OK"), ""),
        (response("302 Found"), ""),
        (response("399 x"), ""),
        (response("400 Bad"), "HTTP probe failed with statuscode: 400"),
        (response("503 x"), "HTTP probe failed with statuscode: 503"),
        (b"hello\r\n\r\n", "the answer is not HTTP"),
        (b"", "0 bytes read on a total of undefined expected bytes"),
    ],
)
def test_an_http_probe_goes_by_the_status_code(answer: bytes, failure: str) -> None:
    async def story() -> str:
        async with answering(answer) as (port, _heads):
            return await try_probe(plan(HttpGet(port)), make_target())

    assert asyncio.run(story()) == failure


def test_an_http_probe_sends_its_path_and_headers() -> None:
    async def story() -> tuple[int, bytes]:
        async with answering(response("200 OK")) as (port, heads):
            await try_probe(plan(HttpGet(port, "/live?x=1", headers=(("host", "web"), ("X-A", "b")))), make_target())
            return port, heads[0]

    _, head = asyncio.run(story())
    assert head == (
        b"GET /live?x=1 HTTP/1.1\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\nhost: web\r\nX-A: b\r\nConnection: close\r\n\r\n"
    )


def test_a_tcp_probe_only_connects() -> None:
    async def story() -> list[str]:
        async with answering(b"") as (port, _heads):
            return [await try_probe(plan(TcpSocket(port)), make_target()), await try_probe(plan(TcpSocket(1)), make_target())]

    opened, refused = asyncio.run(story())
    assert opened == ""
    assert "refused" in refused or "Connect call failed" in refused


@pytest.mark.parametrize(("argv", "failure"), [(("true",), ""), (("a", "b"), "command exited with 1")])
def test_an_exec_probe_goes_by_the_exit_code(argv: tuple[str, ...], failure: str) -> None:
    assert asyncio.run(try_probe(plan(Exec(argv)), make_target())) == failure


def test_a_probe_that_takes_too_long_has_failed() -> None:
    async def sleepy(_argv: Sequence[str]) -> int:
        await asyncio.sleep(60)
        return 0

    target = ProbeTarget(open_socket, "127.0.0.1", None, sleepy)
    assert asyncio.run(try_probe(plan(Exec(("x",)), timeout=timedelta(milliseconds=10)), target)) == "no answer within 0.01 s"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (response("200 OK", "LIVE\n"), ""),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nLIVE\n\r\n0\r\n\r\n", ""),
        (response("503 x", "PRE_INITIALIZING\n"), "Envoy is not ready: PRE_INITIALIZING"),
        (response("200 OK"), "Envoy is not ready: 200"),
    ],
)
def test_envoy_is_ready_when_it_says_live(tmp_path: Path, answer: bytes, failure: str) -> None:
    async def story() -> str:
        async with answering(answer, tmp_path / "admin.sock"):
            return await try_probe(plan(EnvoyReady()), make_target(tmp_path / "admin.sock"))

    assert asyncio.run(story()) == failure


def test_an_envoy_without_admin_socket_is_not_ready(tmp_path: Path) -> None:
    failures = [asyncio.run(try_probe(plan(EnvoyReady()), make_target(path))) for path in (None, tmp_path / "none.sock")]
    assert failures == ["Envoy has no admin socket", "No such file or directory"]


def test_other_probes_begin_when_the_startup_probe_has_passed() -> None:
    async def story() -> list[tuple[str, bool | None]]:
        tries: list[str] = []
        told: list[tuple[str, bool | None]] = []
        done = asyncio.Event()

        async def counted(argv: Sequence[str]) -> int:
            tries.append(argv[0])
            return 1 if tries.count("startup") < 2 else 0

        def listener(probe: ProbePlan, verdict: bool | None, _failure: str) -> None:
            told.append((probe.kind.value, verdict))
            if len({kind for kind, verdict in told if verdict}) == 3:
                done.set()

        plans = [ProbePlan(kind, Exec((kind.value,)), period=timedelta(0)) for kind in ProbeKind]
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            running = group.create_task(run_probes(plans, ProbeTarget(open_socket, "", None, counted), listener))
            await done.wait()
            running.cancel()
        return told

    assert asyncio.run(story()) == [("startup", None), ("startup", True), ("readiness", True), ("liveness", True)]
