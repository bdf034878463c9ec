"""The HTTP edge: authenticates, authorizes, finds the verb, writes the answer. One shape for all paths."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from hauberk import names
from hauberk.apiserver.api import Api
from hauberk.apiserver.authorize import decide, refuse
from hauberk.apiserver.decode import BODY_LIMIT_BYTES
from hauberk.apiserver.discovery import definition_list, has_group_version
from hauberk.apiserver.dispatch import deprecation, dispatch
from hauberk.apiserver.negotiate import Form, choose
from hauberk.apiserver.pages import site_page
from hauberk.apiserver.present import Presenter
from hauberk.apiserver.request import Call, Reply, Target, User, parse_target
from hauberk.apiserver.status import ApiError, bad_request, internal, method_not_allowed, not_found, too_large, unavailable, unknown_path
from hauberk.apiserver.streams import WatchResponse
from hauberk.apiserver.subresources.containers import exec_path, log_path, port_of_service, proxy_path, split_port
from hauberk.apiserver.subresources.node import NodeLink
from hauberk.apiserver.subresources.reviews import REVIEWS, answer_review
from hauberk.apiserver.verbs.watch import WatchStream, plan_watch
from hauberk.k8s import core, discovery
from hauberk.k8s.kind import Manifest

__all__ = ["PEER_CERTIFICATE", "Edge", "create_app"]

_log = structlog.get_logger(__name__)

PEER_CERTIFICATE = "peer_certificate"
"""Key of the client certificate (DER) in the ASGI scope's state."""
_DISCARD_LIMIT_BYTES = 64 * 1024 * 1024
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_DENIALS_KEPT = 64
_NO_CACHE = "no-cache, private"


@dataclass(slots=True)
class Edge:
    """What the HTTP edge works with beside the API: the link to the node, and whether the server drains."""

    api: Api
    node: NodeLink
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    address: str = "localhost"
    """`host:port` as clients reach the server."""


def create_app(edge: Edge, *, debug_routes: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The API as an ASGI app. `debug_routes` come first and are for masters and the control plane only."""
    api_path = "/api/v1/namespaces/{namespace}/pods/{name}/exec"
    handler = _Handler(edge)
    routes: list[BaseRoute] = [
        *debug_routes,
        WebSocketRoute(api_path, handler.exec),
        Route("/{path:path}", handler.http, methods=list(_METHODS)),
    ]
    return _Guard(Starlette(routes=routes), edge, debug_routes)


class _Guard:
    """ASGI middleware: who asks (401), and whether debug routes are theirs (403). The user is in the scope's state."""

    def __init__(self, app: ASGIApp, edge: Edge, debug_routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._edge = edge
        self._debug = debug_routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            scope.setdefault("state", {})["user"] = self._user(scope)
        except ApiError as error:
            await _refuse(scope, receive, send, error)
            return
        await self._app(scope, receive, send)

    def _user(self, scope: Scope) -> User:
        api = self._edge.api
        connection = HTTPConnection(scope)
        headers = _headers(connection)
        certificate = scope["state"].get(PEER_CERTIFICATE)
        user = api.authenticator.authenticate(certificate, headers, reader=api.reader, now=api.source.now())
        if any(route.matches(scope)[0].value for route in self._debug) and not _may_debug(user):
            raise refuse(user, Target(scope.get("method", "GET").lower(), scope["path"]))
        return user


class _Handler:
    """The endpoints behind the guard."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._api = edge.api
        self._denied: dict[tuple[str, str], ApiError] = {}
        """Why commands were refused over a WebSocket, by user and URL: kubectl asks again by POST, and shows only that answer."""

    async def http(self, request: Request) -> Response:
        """Any request but a WebSocket."""
        try:
            return await self._answer(request)
        except ApiError as error:
            return _status_response(error)
        except HTTPException:
            raise
        except Exception as error:
            _log.exception("request failed", method=request.method, path=request.url.path)
            return _status_response(internal(f"{type(error).__name__}; the server's log has more"))

    async def exec(self, socket: WebSocket) -> None:
        """A command in a container, over a WebSocket."""
        query = socket.query_params
        target = parse_target("GET", socket.url.path, query)
        try:
            self._authorize(socket.state.user, target)
            pod = self._pod(target)
            await self._edge.node.exec(socket, exec_path(pod, list(query.multi_items())))
        except ApiError as error:
            self._remember(_whose(socket), error)
            await socket.send_denial_response(_status_response(error))

    def _remember(self, whose: tuple[str, str], error: ApiError) -> None:
        self._denied[whose] = error
        while len(self._denied) > _DENIALS_KEPT:
            del self._denied[next(iter(self._denied))]

    async def _answer(self, request: Request) -> Response:
        query = dict(request.query_params)
        target = parse_target(request.method, request.url.path, query)
        user: User = request.state.user
        self._authorize(user, target)
        if not target.is_resource:
            return self._page(request, target)
        if target.resource in REVIEWS and target.group == REVIEWS[target.resource][0]:
            return await self._review(request, target, user)
        served = self._api.catalogue.find(target.group, target.version, target.resource)
        if served is None:
            return self._unknown(target)
        call = Call(target, served, user, query, request.headers.get("content-type", ""))
        special = self._special(call)
        if special:
            return await special(request, call)
        media = choose(request.headers.get("accept", ""))
        presenter = Presenter(call, media, self._api.source.now())
        call = Call(target, served, user, query, call.content_type, await _read_body(request))
        reply = await dispatch(self._api, call)
        return _response(presenter, reply, deprecation(served.resource))

    def _authorize(self, user: User, target: Target) -> None:
        if not decide(user, target, self._api.reader):
            raise refuse(user, target)

    def _special(self, call: Call) -> "Callable[[Request, Call], Awaitable[Response]] | None":
        """What is not a plain request and answer: streams, and what goes to the node."""
        target = call.target
        if target.verb == "watch":
            return self._watch
        if call.served.kind is core.POD and target.subresource == "log":
            return self._logs
        if call.served.kind is core.POD and target.subresource == "exec":
            return self._exec_without_websocket
        if call.served.kind in (core.POD, core.SERVICE) and target.subresource == "proxy":
            return self._proxy
        return None

    async def _watch(self, request: Request, call: Call) -> Response:
        media = choose(request.headers.get("accept", ""))
        plan = plan_watch(self._api, call)
        stream = WatchStream(call, plan, Presenter(call, media, self._api.source.now()).event_encoder())
        headers = [(b"content-type", b"application/json"), (b"cache-control", _NO_CACHE.encode())]
        return _Passed(WatchResponse(self._api.store, stream, headers=headers, draining=self._edge.draining))

    async def _logs(self, _request: Request, call: Call) -> Response:
        if call.target.verb != "get":
            raise method_not_allowed()
        path = log_path(self._pod(call.target), call.query)
        return Response(status_code=204) if path is None else await self._edge.node.logs(path)

    async def _exec_without_websocket(self, request: Request, _call: Call) -> Response:
        denied = self._denied.pop(_whose(request), None)
        if denied:
            raise denied
        raise bad_request("exec needs a WebSocket upgrade, which kubectl sends from 1.30 on; SPDY is not served")

    async def _proxy(self, request: Request, call: Call) -> Response:
        name, port = split_port(call.name)
        if call.served.kind is core.SERVICE:
            pod, port = self._backend(call.namespace, name, port)
        else:
            pod = self._pod(Target("get", "", namespace=call.namespace, name=name))
        path = proxy_path(pod, port, call.target.rest)
        query = request.url.query
        headers, body = _headers(request), await _read_body(request)
        return await self._edge.node.proxy(request.method, f"{path}?{query}" if query else path, headers=headers, body=body)

    def _pod(self, target: Target) -> Manifest:
        pod = self._api.reader.get(core.POD, target.namespace, target.name)
        if pod is None:
            raise not_found(core.POD, target.name)
        return pod

    def _backend(self, namespace: str, name: str, port: str) -> tuple[Manifest, str]:
        """A ready pod behind a Service, and the pod's port."""
        service = self._api.reader.get(core.SERVICE, namespace, name)
        if service is None:
            raise not_found(core.SERVICE, name)
        entry = port_of_service(service, port)
        slices = self._api.reader.list(discovery.ENDPOINT_SLICE, namespace)
        for slice_ in slices:
            if slice_["metadata"].get("labels", {}).get("kubernetes.io/service-name") != name:
                continue
            number = next((p["port"] for p in slice_.get("ports") or [] if (p.get("name") or "") == entry.get("name", "")), None)
            for endpoint in slice_.get("endpoints") or []:
                reference = endpoint.get("targetRef") or {}
                pod = self._api.reader.get(core.POD, namespace, reference.get("name", ""))
                if number and pod and endpoint.get("conditions", {}).get("ready", True):
                    return pod, str(number)
        raise unavailable(f'no endpoints available for service "{name}"')

    async def _review(self, request: Request, target: Target, user: User) -> Response:
        if target.verb != "create" or target.name:
            raise method_not_allowed()
        body = await _read_body(request)
        reply = answer_review(self._api, user, target, body=body, content_type=request.headers.get("content-type", ""))
        content = reply.content if isinstance(reply.content, dict) else {}
        return _json(orjson.dumps(content) + b"\n", reply.code)

    def _unknown(self, target: Target) -> Response:
        """A built-in group without the resource is a Status; for other groups the page is not there, as upstream has it."""
        if (target.group, target.resource, target.verb) == ("apiextensions.k8s.io", "customresourcedefinitions", "list"):
            return _json(orjson.dumps(definition_list(self._api.catalogue)) + b"\n", 200)
        kinds = [kind for kind in self._api.catalogue.kinds if kind.group == target.group]
        if (kinds and not any(kind.strategic for kind in kinds)) or not has_group_version(self._api.catalogue, target.group):
            return _page_not_found() if target.group else _status_response(unknown_path())
        raise unknown_path()

    def _page(self, request: Request, target: Target) -> Response:
        if target.verb not in ("get", "head"):
            raise method_not_allowed()
        page = site_page(
            self._api.catalogue,
            target.path,
            accept=request.headers.get("accept", ""),
            query=request.query_params,
            address=self._edge.address,
        )
        if page is None:
            return _status_response(unknown_path()) if target.path.startswith("/api/") else _page_not_found()
        return Response(page.body, headers={"content-type": page.content_type, "cache-control": _NO_CACHE})


class _Passed(Response):
    """A ready ASGI app in the place of a Starlette response."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _response(presenter: Presenter, reply: Reply, warnings: Sequence[str]) -> Response:
    response = Response(presenter.body(reply), reply.code)
    response.headers["content-type"] = Form.YAML.value if presenter.media.form is Form.YAML else Form.JSON.value
    response.headers["cache-control"] = _NO_CACHE
    return _warn(response, (*warnings, *reply.warnings))


def _warn(response: Response, warnings: Sequence[str]) -> Response:
    for warning in warnings:
        response.headers.append("warning", f'299 - "{_quoted(warning)}"')
    return response


def _quoted(text: str) -> str:
    """A warning's text as a quoted string (RFC 9110 5.6.4); control characters would break the header."""
    printable = "".join(char if char.isprintable() and char.isascii() else "?" for char in text)
    return printable.replace("\\", "\\\\").replace('"', '\\"')


def _json(body: bytes, code: int) -> Response:
    return Response(body, code, headers={"content-type": "application/json", "cache-control": _NO_CACHE})


def _status_response(error: ApiError) -> Response:
    return _warn(_json(orjson.dumps(error.status) + b"\n", error.code), error.warnings)


def _page_not_found() -> Response:
    return PlainTextResponse("404 page not found\n", 404)


def _whose(connection: HTTPConnection) -> tuple[str, str]:
    return connection.state.user.name, f"{connection.url.path}?{connection.url.query}"


def _may_debug(user: User) -> bool:
    return names.GROUP_MASTERS in user.groups or user.name == names.USER_CONTROL_PLANE


def _headers(connection: HTTPConnection) -> Mapping[str, str]:
    """Headers by lower-case name; a repeated one joined by commas."""
    joined: dict[str, str] = {}
    for name, value in connection.headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


async def _read_body(request: Request) -> bytes:
    """The body, up to the limit.

    What is over it is read and thrown away (to a point), since many clients only read an answer when they have sent all.
    Raises: ApiError 413.
    """
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= BODY_LIMIT_BYTES:
            chunks.append(chunk)
        elif size > _DISCARD_LIMIT_BYTES:
            break
    if size > BODY_LIMIT_BYTES:
        raise too_large(BODY_LIMIT_BYTES)
    return b"".join(chunks)


async def _refuse(scope: Scope, receive: Receive, send: Send, error: ApiError) -> None:
    response = _status_response(error)
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    await receive()  # websocket.connect
    await WebSocket(scope, receive, send).send_denial_response(response)
