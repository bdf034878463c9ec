"""Probes tried (edge): from inside the pod's network namespace, so that they reach the application whatever its mesh allows.

A connection from the pod to its own address passes no redirect (Istio's rule for loopback), so STRICT does not refuse it.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hauberk.errors import HauberkError
from hauberk.node.pod.probes import EnvoyReady, Exec, Handler, HttpGet, ProbeCount, ProbeKind, ProbePlan, TcpSocket, observe

__all__ = ["ProbeListener", "ProbeTarget", "run_probes", "try_probe"]

ANSWER_LIMIT_BYTES = 64 * 1024
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class ProbeTarget:
    """Where a container's probes go."""

    open_socket: Callable[[], socket.socket]
    """A fresh TCP socket of the pod's network namespace, non-blocking."""
    address: str
    admin_socket: Path | None
    """Envoy's, as the node sees it."""
    execute: Callable[[Sequence[str]], Awaitable[int]]
    """Run a command in the container; its exit code."""


ProbeListener = Callable[[ProbePlan, bool | None, str], None]
"""Told of each failure (with its message) and of each new verdict."""


async def run_probes(plans: Iterable[ProbePlan], target: ProbeTarget, listener: ProbeListener) -> None:
    """Try the probes of a container that has just started, until cancelled; the others begin when the startup probe has passed."""
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def repeat(plan: ProbePlan) -> None:
        await asyncio.sleep(max(plan.initial_delay.total_seconds() - (loop.time() - started), 0))
        count = ProbeCount()
        while True:
            failure = await try_probe(plan, target)
            warming = isinstance(plan.handler, EnvoyReady) and count.verdict is None
            count, verdict = observe(plan, count, not failure)
            if verdict is not None or (failure and not warming):
                listener(plan, verdict, failure)
            if verdict and plan.kind is ProbeKind.STARTUP:
                return
            await asyncio.sleep(plan.delay_after(count).total_seconds())

    plans = list(plans)
    for plan in plans:
        if plan.kind is ProbeKind.STARTUP:
            await repeat(plan)
    async with asyncio.TaskGroup() as group:
        for plan in plans:
            if plan.kind is not ProbeKind.STARTUP:
                group.create_task(repeat(plan))


async def try_probe(plan: ProbePlan, target: ProbeTarget) -> str:
    """Try once; empty on success, else what went wrong, in kubelet's words."""
    try:
        async with asyncio.timeout(plan.timeout.total_seconds()):
            return await _try(plan.handler, target)
    except TimeoutError:
        return f"no answer within {plan.timeout.total_seconds():g} s"
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__
    except (ValueError, EOFError, HauberkError) as error:
        return str(error) or type(error).__name__


async def _try(handler: Handler, target: ProbeTarget) -> str:
    match handler:
        case HttpGet():
            return await _try_http(handler, target)
        case TcpSocket(port, host):
            _, writer = await _connect(target, host, port)
            writer.close()
            return ""
        case Exec(command):
            code = await target.execute(command)
            return f"command exited with {code}" if code else ""
        case EnvoyReady():
            return await _try_envoy(target)


async def _try_http(handler: HttpGet, target: ProbeTarget) -> str:
    """A redirect counts as success; it is not followed."""
    reader, writer = await _connect(target, handler.host, handler.port, tls=handler.scheme.upper() == "HTTPS")
    host = handler.host or target.address
    given = {name.lower() for name, _ in handler.headers}
    usual = (("Host", f"{host}:{handler.port}"), ("User-Agent", "kube-probe/1.36"), ("Accept", "*/*"))
    headers = [(name, value) for name, value in usual if name.lower() not in given]
    code, _ = await _ask((reader, writer), handler.path, [*headers, *handler.headers])
    return "" if 200 <= code < 400 else f"HTTP probe failed with statuscode: {code}"


async def _try_envoy(target: ProbeTarget) -> str:
    if target.admin_socket is None:
        return "Envoy has no admin socket"
    connection = await asyncio.open_unix_connection(str(target.admin_socket), limit=ANSWER_LIMIT_BYTES)
    code, body = await _ask(connection, "/ready", [("Host", "envoy")])
    return "" if code == 200 and body.startswith(b"LIVE") else f"Envoy is not ready: {body[:80].decode(errors='replace').strip() or code}"


async def _connect(target: ProbeTarget, host: str, port: int, *, tls: bool = False) -> Connection:
    connecting = target.open_socket()
    try:
        await asyncio.get_running_loop().sock_connect(connecting, (host or target.address, port))
    except BaseException:
        connecting.close()
        raise
    context = None
    if tls:  # kubelet does not verify either: the certificate is the application's own affair
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    name = (host or target.address) if tls else None
    return await asyncio.open_connection(sock=connecting, ssl=context, server_hostname=name, limit=ANSWER_LIMIT_BYTES)


async def _ask(connection: Connection, path: str, headers: Iterable[tuple[str, str]]) -> tuple[int, bytes]:
    """GET over HTTP/1.1 on a connection that is closed then; status code and the beginning of the body."""
    reader, writer = connection
    try:
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        version, _, rest = head.partition(b" ")
        if not version.startswith(b"HTTP/"):
            raise ValueError("the answer is not HTTP")
        return int(rest[:3]), await _body_start(reader, head)
    finally:
        writer.close()


async def _body_start(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """Some of the body: what a chunked one begins with has its chunk's size before it, so the first line is left out."""
    data = await reader.read(1024)
    return data.partition(b"\r\n")[2] if b"transfer-encoding: chunked" in head.lower() else data
