"""The node's HTTP API on node.sock (edge): logs, exec, a way to pods' ports. The API server is its one client."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from hauberk.k8s.kind import Manifest
from hauberk.node.logs import LogQuery, read_log, render_lines
from hauberk.node.pod.runner import PodRunner
from hauberk.node.pod.starter import log_path
from hauberk.node.pod.surroundings import ProcessHandle, Surroundings
from hauberk.node.server.exec_session import ExecRequest, parse_exec_request, run_exec
from hauberk.node.server.remotecommand import V4, V5, choose_protocol

__all__ = ["build_app"]

_TRUE = {"1", "true"}
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
}
"""RFC 9110 7.6.1; the Host that arrives is the API's, not the pod's."""
Find = Callable[[str, str], PodRunner | None]


class _Refused(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message


def build_app(find: Find, around: Surroundings) -> Starlette:
    """The application; `find` answers the runner of a pod by namespace and name."""
    api = _NodeApi(find, around)
    return Starlette(
        routes=[
            Route("/healthz", api.healthz),
            Route("/containerLogs/{namespace}/{pod}/{container}", api.logs),
            WebSocketRoute("/exec/{namespace}/{pod}/{container}", api.execute),
            Route("/proxy/{namespace}/{pod}/{port:int}/{path:path}", api.proxy, methods=_METHODS),
            Route("/proxy/{namespace}/{pod}/{port:int}", api.proxy, methods=_METHODS),
        ],
        exception_handlers={_Refused: _answer_refused},
    )


class _NodeApi:
    def __init__(self, find: Find, around: Surroundings) -> None:
        self._find = find
        self._around = around

    async def healthz(self, _request: Request) -> Response:
        return PlainTextResponse("ok")

    async def logs(self, request: Request) -> Response:
        runner = _runner(self._find, request.path_params)
        name = _container(runner, request.path_params["container"])
        query = _log_query(request, self._around.now())
        if _is_true(request.query_params, "previous"):
            return PlainTextResponse(_previous_log(runner, name, query, self._around.logs))
        process = runner.running.get(name)
        limit = _number(request, "limitBytes")
        if process is not None and _is_true(request.query_params, "follow"):
            return StreamingResponse(_limited(process.log.follow(query), limit), media_type="text/plain")
        _refuse_unstarted(runner, name)
        path = log_path(self._around.logs, runner.pod, name, runner.state[name].restarts)
        return PlainTextResponse(render_lines(read_log(path), query)[:limit])

    async def proxy(self, request: Request) -> Response:
        runner = _runner(self._find, request.path_params)
        if not runner.state.ip:
            raise _Refused(503, f"pod {request.path_params['pod']} has no address yet")
        path = request.path_params.get("path", "")
        return await _proxy(request, f"http://{runner.state.ip}:{request.path_params['port']}/{path}")

    async def execute(self, socket: WebSocket) -> None:
        try:
            process, request, protocol = self._judge_exec(socket)
        except _Refused as refused:
            await socket.send_denial_response(PlainTextResponse(refused.message, refused.code))
            return
        await socket.accept(protocol)
        await run_exec(socket, request, launcher=self._around.launcher, container=process)

    def _judge_exec(self, socket: WebSocket) -> tuple[ProcessHandle, ExecRequest, str]:
        runner = _runner(self._find, socket.path_params)
        name = _container(runner, socket.path_params["container"])
        process = runner.running.get(name)
        if process is None:
            raise _Refused(400, f"container {name} is not running")
        request = parse_exec_request(socket.query_params)
        if not request.argv:
            raise _Refused(400, "you must specify at least one command for the container")
        protocol = choose_protocol(socket.scope.get("subprotocols") or [])
        if protocol is None:
            raise _Refused(400, f"none of the protocols offered is spoken here: {V5}, {V4}")
        return process.handle, request, protocol


async def _answer_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, _Refused)  # noqa: S101 - narrows the type; registered for it alone
    return PlainTextResponse(error.message, error.code)


def _is_true(query: QueryParams, name: str) -> bool:
    return query.get(name, "").lower() in _TRUE


def _runner(find: Find, path: Manifest) -> PodRunner:
    runner = find(path["namespace"], path["pod"])
    if runner is None:
        raise _Refused(404, f'pod "{path["pod"]}" of namespace {path["namespace"]} is not on this node')
    return runner


def _container(runner: PodRunner, name: str) -> str:
    names = [plan.name for plan in runner.state.plans]
    if name not in names:
        raise _Refused(400, f'container "{name}" is not in pod {runner.state.name}; it has {", ".join(names)}')
    return name


def _log_query(request: Request, now: datetime) -> LogQuery:
    query = request.query_params
    seconds = _number(request, "sinceSeconds")
    since = None if seconds is None else now - timedelta(seconds=seconds)
    if "sinceTime" in query:
        try:
            since = datetime.fromisoformat(query["sinceTime"])
        except ValueError as error:
            raise _Refused(400, f"sinceTime takes an RFC 3339 time: {error}") from error
    return LogQuery(tail=_number(request, "tailLines"), since=since, timestamps=_is_true(query, "timestamps"))


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise _Refused(400, f'{name} takes a whole number, not "{text}"')
    return int(text)


async def _limited(chunks: AsyncIterator[bytes], limit: int | None) -> AsyncIterator[bytes]:
    """The chunks up to `limit` bytes; None is no limit."""
    async for chunk in chunks:
        yield chunk[:limit]
        if limit is not None:
            limit -= len(chunk)
            if limit <= 0:
                return


def _previous_log(runner: PodRunner, name: str, query: LogQuery, logs: Path) -> bytes:
    path = log_path(logs, runner.pod, name, runner.state[name].restarts - 1)
    if not path.exists():
        raise _Refused(400, f'previous terminated container "{name}" in pod "{runner.state.name}" not found')
    return render_lines(read_log(path), query)


def _refuse_unstarted(runner: PodRunner, name: str) -> None:
    container = runner.state[name]
    if not container.container_id:
        why = runner.state.refusal or container.message
        reason = container.reason or "ContainerCreating"
        detail = f": {why}" if why else ""
        raise _Refused(400, f'container "{name}" in pod "{runner.state.name}" is waiting to start: {reason}{detail}')


async def _proxy(request: Request, url: str) -> Response:
    headers = [(name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP]
    client = httpx2.AsyncClient(trust_env=False, timeout=httpx2.Timeout(30, read=None))
    try:
        outgoing = client.build_request(request.method, url, params=request.url.query, headers=headers, content=request.stream())
        answer = await client.send(outgoing, stream=True)
    except httpx2.HTTPError as error:
        await client.aclose()
        raise _Refused(502, f"{url} gave no answer: {error or type(error).__name__}") from error

    async def body() -> AsyncIterator[bytes]:
        try:
            async for data in answer.aiter_raw():
                yield data
        finally:
            await answer.aclose()
            await client.aclose()

    response = StreamingResponse(body(), answer.status_code)
    response.raw_headers = [(name.lower(), value) for name, value in answer.headers.raw if name.decode().lower() not in _HOP_BY_HOP]
    return response
