"""The server: the app on a TCP socket and a unix socket at once, TLS on both, in the caller's event loop."""

import asyncio
import secrets
import socket
import ssl
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import structlog
import uvicorn
from starlette.routing import BaseRoute
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from hauberk.apiserver.admission import AdmissionPlugin
from hauberk.apiserver.api import Api, Source
from hauberk.apiserver.app import PEER_CERTIFICATE, Edge, create_app
from hauberk.apiserver.authenticate import Authenticator
from hauberk.apiserver.builtin import BUILTIN_PLUGINS
from hauberk.apiserver.catalogue import Catalogue
from hauberk.apiserver.collector import Collector
from hauberk.apiserver.first import create_first_namespaces, create_first_service
from hauberk.apiserver.keystore import CredentialFiles, ensure_credentials, write_kubeconfig
from hauberk.apiserver.objects import stamp
from hauberk.apiserver.request import User
from hauberk.apiserver.subresources.node import NodeLink
from hauberk.apiserver.tokens import TokenSigner
from hauberk.errors import EnvironmentProblem
from hauberk.k8s.registry import ALL_KINDS
from hauberk.settings import InstancePaths
from hauberk.store.sqlite import SqliteLog
from hauberk.store.store import Store

__all__ = ["ApiServer", "ApiSettings", "system_source"]

_log = structlog.get_logger(__name__)

_DRAIN_SECONDS = 5.0
_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Upstream's: no vowels, so that no words come out; no characters that look alike."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What an API server is told. `name` is the instance's, for the kubeconfig."""

    paths: InstancePaths
    name: str = "hauberk"
    plugins: Sequence[AdmissionPlugin] = ()
    """Run after the built-in ones."""
    static_tokens: Mapping[str, User] = field(default_factory=dict, repr=False)
    debug_routes: Sequence[BaseRoute] = ()


class ApiServer:
    """An API server on `tcp`, a bound TCP socket of loopback that becomes the server's, and on `paths.api_socket`.

        async with ApiServer(settings, tcp) as server:   # answers from here on
            ...                                          # server.credentials says who proves what by which file
                                                         # drains here: watches end, running requests finish

    Raises on entering: EnvironmentProblem - the database is in use, a certificate is unreadable.
    """

    def __init__(self, settings: ApiSettings, tcp: socket.socket) -> None:
        self._settings = settings
        self._tcp = tcp
        self._stack = AsyncExitStack()
        self.ready = asyncio.Event()
        """Set when the server answers."""
        self.credentials: CredentialFiles
        self.store: Store

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        self.ready.set()
        return self

    async def __aexit__(self, *exc: Any) -> bool | None:
        return await self._stack.__aexit__(*exc)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set."""
        async with self:
            await stop.wait()

    async def _start(self, stack: AsyncExitStack) -> None:
        paths = self._settings.paths
        source = system_source()
        stack.callback(self._tcp.close)
        for folder in (paths.state, paths.run):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.credentials = ensure_credentials(paths, now=source.now())
        self.store = await stack.enter_async_context(Store(SqliteLog(paths.database), stamp))
        authenticator = Authenticator(TokenSigner(self.credentials.token_key), self._settings.static_tokens)
        plugins = (*BUILTIN_PLUGINS, *self._settings.plugins)
        api = Api(self.store, Catalogue(ALL_KINDS), authenticator, plugins, source)
        await create_first_namespaces(api)
        await create_first_service(api)
        await stack.enter_async_context(Collector(api))
        node = await stack.enter_async_context(NodeLink(paths.node_socket))
        port = self._tcp.getsockname()[1]
        edge = Edge(api, node, address=f"127.0.0.1:{port}")
        app = create_app(edge, debug_routes=self._settings.debug_routes)
        listeners = _Listeners(app, _tls(self.credentials), edge)
        await listeners.listen(self._tcp, paths.api_socket)
        stack.push_async_callback(listeners.drain)
        write_kubeconfig(paths, port=port, name=self._settings.name)
        _log.info("API server is up", port=port, socket=str(paths.api_socket), revision=self.store.revision)


def system_source() -> Source:
    """The real clock and real randomness."""
    return Source(
        now=lambda: datetime.now(UTC),
        uid=lambda: str(uuid.uuid4()),
        suffix=lambda: "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(5)),
    )


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol that hands the client's certificate on, to WebSockets too: both copy `app_state` into the scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls else None
        self.app_state = {**self.app_state, PEER_CERTIFICATE: certificate}


class _Listeners:
    """uvicorn's protocol machinery on two listening sockets, without its process and signal handling."""

    def __init__(self, app: Any, tls: ssl.SSLContext, edge: Edge) -> None:
        self._config = uvicorn.Config(
            app, http=_Protocol, ws="websockets-sansio", lifespan="off", log_config=None, access_log=False, proxy_headers=False
        )
        self._config.load()
        self._state = ServerState()
        self._tls = tls
        self._edge = edge
        self._servers: list[asyncio.Server] = []
        self._socket: Path | None = None

    async def listen(self, tcp: socket.socket, unix: Path) -> None:
        """Accept connections on both."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(self._protocol, sock=tcp, ssl=self._tls, backlog=512))
        try:
            listener = _bind_unix(unix)
        except OSError as error:
            raise EnvironmentProblem(f"{unix}: {error}. Its folder must exist, and be ours.") from error
        self._servers.append(await loop.create_unix_server(self._protocol, sock=listener, ssl=self._tls, backlog=512))
        self._socket = unix

    async def drain(self) -> None:
        """Accept no more, end the watches, let requests finish; cut what is left after a few seconds."""
        for server in self._servers:
            server.close()
        if self._socket:
            self._socket.unlink(missing_ok=True)
        self._edge.draining.set()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            _, late = await asyncio.wait(list(self._state.tasks), timeout=_DRAIN_SECONDS)
            for task in late:
                task.cancel()
        for connection in list(self._state.connections):
            connection.transport.close()

    def _protocol(self) -> asyncio.Protocol:
        return _Protocol(self._config, self._state, {})


def _bind_unix(path: Path) -> socket.socket:
    """A unix socket at `path`, for its owner only.

    One that is there already is of a server that was killed: a running one holds the database, which is opened before.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    return listener


def _tls(credentials: CredentialFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(credentials.server.certificate, credentials.server.key)
    context.load_verify_locations(credentials.ca)
    context.verify_mode = ssl.CERT_OPTIONAL  # tokens come without a certificate; a bad one fails the handshake
    context.set_alpn_protocols(["http/1.1"])
    return context
