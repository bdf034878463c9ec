"""A node without namespaces: pods are ordinary local processes, the API is a small application in memory.

The launcher starts what a container's spec says, without its mounts; everything above it is the real thing.
"""

import asyncio
import json
import os
import pty
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hauberk.client.http import ApiClient
from hauberk.errors import HauberkError
from hauberk.node.addresses import AddressPool
from hauberk.node.linux.sandbox import ContainerSpec
from hauberk.node.pod.events import Report
from hauberk.node.pod.programs import Program, ProxyLaunch, StillWaiting
from hauberk.node.pod.surroundings import Surroundings
from hauberk.node.server.serve import serve_on_unix_socket

Pod = dict[str, Any]
_COLLECTIONS = {"pods", "services", "endpointslices", "routes", "networkpolicies", "namespaces"}


class LocalProcess:
    """A child of the test."""

    def __init__(self, process: asyncio.subprocess.Process, terminal: int | None) -> None:
        self.process = process
        self.terminal = terminal

    async def wait(self) -> int:
        code = await self.process.wait()
        return code if code >= 0 else 128 - code

    def signal(self, number: int) -> None:
        if self.process.returncode is None:
            self.process.send_signal(number)


class LocalLauncher:
    """Starts the programs of containers as they are."""

    def __init__(self) -> None:
        self.specs: list[ContainerSpec] = []

    async def start(self, spec: ContainerSpec, *, stdout: int | None, stderr: int | None) -> LocalProcess:
        self.specs.append(spec)
        return await self._spawn(spec.argv, (None, stdout, stderr), env=dict(spec.env), tty=spec.tty)

    async def execute(
        self,
        running: Any,
        argv: Sequence[str],
        *,
        streams: tuple[int | None, int | None, int | None] = (None, None, None),
        tty: bool = False,
    ) -> LocalProcess:
        return await self._spawn(argv, streams, env=None, tty=tty)

    async def _spawn(self, argv: Sequence[str], streams: tuple[int | None, ...], *, env: dict[str, str] | None, tty: bool) -> LocalProcess:
        terminal, ours = pty.openpty() if tty else (None, None)
        ends = [ours] * 3 if tty else [asyncio.subprocess.DEVNULL if end is None else end for end in streams]
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=ends[0], stdout=ends[1], stderr=ends[2], env=env, start_new_session=True
            )
        except OSError as error:
            raise HauberkError(f"exec: {error.strerror}: {argv[0]}") from error
        finally:
            if ours is not None:
                os.close(ours)
        return LocalProcess(process, terminal)


@dataclass(frozen=True)
class LocalWiring:
    netns: str = "here"


@dataclass
class LocalNetworks:
    """Pods share the test's network; `made` says which there are, with whether they are redirected."""

    made: dict[str, bool] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    soon_after: Callable[[], Any] | None = None
    """Called in the loop's next turn after a network was made."""

    async def create_pod(self, name: str, address: str, *, redirect: bool) -> LocalWiring:
        if self.failures:
            raise HauberkError(self.failures.pop())
        self.made[name] = redirect
        if self.soon_after:
            asyncio.get_running_loop().call_soon(self.soon_after)
        return LocalWiring()

    async def delete_pod(self, name: str) -> None:
        self.made.pop(name, None)


@dataclass
class LocalAgent:
    """Stands for Envoy: a program of the test's, after `waits` told why it cannot start yet."""

    argv: tuple[str, ...] = ("sleep", "60")
    waits: list[str] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    released: list[str] = field(default_factory=list)

    async def prepare(self, pod: Pod, folder: Path, waiting: StillWaiting) -> ProxyLaunch:
        for why in self.waits:
            waiting(why)
            await self.go.wait()
        return ProxyLaunch(self.argv, {"POD": pod["status"]["podIP"]}, ((folder, "/etc/istio/proxy", False),))

    async def release(self, pod_uid: str) -> None:
        self.released.append(pod_uid)


class TinyApi:
    """Objects by path. PATCH is a merge patch; a DELETE without grace takes the object away."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, Any]] = []
        self.away = False
        self._waiting: list[tuple[Callable[[], bool], asyncio.Event]] = []
        self._watchers: dict[str, list[asyncio.Queue[dict[str, Any]]]] = {}

    def watched(self, path: str) -> bool:
        """Whether somebody watches a collection."""
        return bool(self._watchers.get(path))

    @property
    def client(self) -> ApiClient:
        return ApiClient(httpx2.AsyncClient(transport=_Away(self), base_url="http://api"))

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST", "PATCH", "PUT", "DELETE"])])

    @asynccontextmanager
    async def served(self, folder: Path) -> AsyncIterator[ApiClient]:
        """A client that can watch, which needs a real connection."""
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(serve_on_unix_socket(self.app(), folder / "api.sock"))
            await eventually((folder / "api.sock").is_socket)
            transport = httpx2.AsyncHTTPTransport(uds=str(folder / "api.sock"), limits=httpx2.Limits(max_connections=None))
            async with httpx2.AsyncClient(transport=transport, base_url="http://api") as http:
                yield ApiClient(http)
            serving.cancel()

    def tell(self, type_: str, path: str, obj: dict[str, Any]) -> None:
        """A watch event; `path` is the collection's."""
        for watcher in self._watchers.get(path, []):
            watcher.put_nowait({"type": type_, "object": obj})

    def put(self, path: str, obj: dict[str, Any]) -> None:
        self.objects[path] = obj

    def of(self, verb: str, words: str) -> list[Any]:
        """Bodies of the requests with this verb whose path has `words` in it."""
        return [body for method, path, body in self.requests if method == verb and words in path]

    async def until(self, check: Callable[[], Any]) -> None:
        """Wait for a request after which `check` holds."""
        while not check():
            asked = asyncio.Event()
            self._waiting.append((check, asked))
            async with asyncio.timeout(20):
                await asked.wait()

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if request.method == "GET" and path not in self.objects and path.rsplit("/", 1)[-1] in _COLLECTIONS:
            return self._collection(path, watching="watch" in request.query_params)
        body = await request.json() if await request.body() else None
        answer = self._apply(request.method, path, body)
        self.requests.append((request.method, path, body))
        for _, asked in self._waiting:
            asked.set()
        self._waiting.clear()
        return answer

    def _collection(self, path: str, *, watching: bool) -> Response:
        if not watching:
            items = [obj for key, obj in self.objects.items() if key.rsplit("/", 2)[-2] == path.rsplit("/", 1)[-1]]
            return JSONResponse({"metadata": {"resourceVersion": "1"}, "items": items})
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._watchers.setdefault(path, []).append(events)

        async def lines() -> AsyncIterator[bytes]:
            while True:
                yield json.dumps(await events.get()).encode() + b"\n"

        return StreamingResponse(lines())

    def _apply(self, method: str, path: str, body: Any) -> JSONResponse:
        target = path.removesuffix("/status")
        if method == "POST" and path.endswith("/token"):
            return JSONResponse({"status": {"token": f"token-of-{path.split('/')[-2]}"}})
        if method == "POST":
            self.objects[f"{path}/{body['metadata']['name']}"] = body
            return JSONResponse(body)
        if target not in self.objects:
            return JSONResponse({"kind": "Status", "code": 404, "reason": "NotFound", "message": f"{target} not found"}, 404)
        if method == "DELETE":
            return JSONResponse(self.objects.pop(target))
        if method == "PATCH":
            self.objects[target] = merge(self.objects[target], body)
        return JSONResponse(self.objects[target])


class _Away(httpx2.AsyncBaseTransport):
    """The API's application, which can be out of reach."""

    def __init__(self, api: TinyApi) -> None:
        self._api = api
        self._inner = httpx2.ASGITransport(app=api.app())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._api.away:
            raise httpx2.ConnectError("the API is away")
        return await self._inner.handle_async_request(request)


def merge(old: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict) or not isinstance(old, dict):
        return patch
    kept = {key: value for key, value in old.items() if patch.get(key, value) is not None}
    return kept | {key: merge(old.get(key, {}), value) for key, value in patch.items() if value is not None}


async def eventually(check: Callable[[], Any]) -> None:
    """Let everything else run until `check` holds."""
    async with asyncio.timeout(20):
        while not check():  # noqa: ASYNC110 - what is waited for is not ours to set an event
            await asyncio.sleep(0)


@dataclass
class World:
    """A node's surroundings, open to the test."""

    api: TinyApi
    launcher: LocalLauncher
    networks: LocalNetworks
    agent: LocalAgent
    reports: list[tuple[str, Report]]
    around: Surroundings
    images: dict[str, Program]

    def make_pod(self, *containers: Pod, name: str = "web", **spec: Any) -> Pod:
        """A pod, known to the API, bound to the node."""
        metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}"}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": {"nodeName": "local", "containers": list(containers), **spec},
        }
        self.api.put(f"/api/v1/namespaces/shop/pods/{name}", pod)
        return pod

    def status(self, name: str = "web") -> Pod:
        """The status that the API has of a pod."""
        found: Pod = self.api.objects.get(f"/api/v1/namespaces/shop/pods/{name}", {}).get("status", {})
        return found

    async def until_phase(self, phase: str, name: str = "web") -> Pod:
        await self.api.until(lambda: self.status(name).get("phase") == phase)
        return self.status(name)

    async def eventually(self, check: Callable[[], Any]) -> None:
        """Let everything else run until `check` holds."""
        await eventually(check)

    def reasons(self) -> list[str]:
        return [report.reason for _, report in self.reports]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A fresh node, without pods."""
    api, launcher, networks, agent = TinyApi(), LocalLauncher(), LocalNetworks(), LocalAgent()
    reports: list[tuple[str, Report]] = []
    images: dict[str, Program] = {}
    addresses = AddressPool()
    around = Surroundings(
        client=api.client,
        networks=networks,
        launcher=launcher,
        open_socket=lambda _netns: _nonblocking_socket(),
        images=images.get,
        agent=agent,
        services=lambda: (),
        take_address=addresses.take,
        give_back_address=addresses.give_back,
        report=lambda pod, report: reports.append((pod["metadata"]["name"], report)),
        now=lambda: datetime.now(UTC),
        logs=tmp_path / "logs",
        run=tmp_path / "run",
        host_ip="10.244.0.1",
    )
    return World(api, launcher, networks, agent, reports, around, images)


def _nonblocking_socket() -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    return made


@pytest.fixture
def living() -> Callable[[Any], Any]:
    """An async context manager in which a runner runs; at its end the runner is told that its pod is gone, and waited for."""

    @asynccontextmanager
    async def live(runner: Any) -> AsyncIterator[Any]:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            task = group.create_task(runner.run())
            try:
                yield runner
            finally:
                runner.gone()
                await asyncio.wait([task])

    return live
