"""The gRPC edge of discovery: ADS, delta or state-of-the-world, over mTLS on a unix socket, one server per mesh.

The client's certificate must lead to the mesh's roots; its URI SAN is who the proxy is, whatever its node id says.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import grpc
import structlog

from hauberk.model.identity import SPIFFE_SCHEME
from hauberk.pki.svid import X509Bundle, X509Svid
from hauberk.view.changes import Change
from hauberk.xds.delta import Nacked, Send
from hauberk.xds.discovery import ConnectionKey, Discovery, NotYetKnown, Outcome, ProxyRefused
from hauberk.xds.sotw import StateOfTheWorld
from hauberk.xds.wire import DELTA_METHOD, SERVICE, SOTW_METHOD, Incoming, MalformedRequest, ResponseMemo, decode_request

__all__ = ["DiscoveryServer", "ServerCredentials"]

_log = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 5.0
"""How long a proxy is kept waiting until its pod is in the view, before it is refused."""
_STREAM_WINDOW_BYTES = 1 << 20
"""Equal to Envoy's, which matters for messages over 1 MB (facts/anchors.md section 1)."""
_OPTIONS = (
    ("grpc.max_receive_message_length", 16 << 20),  # a reconnect names every version it has
    ("grpc.http2.lookahead_bytes", _STREAM_WINDOW_BYTES),
    ("grpc.keepalive_time_ms", 30_000),  # a proxy that is stopped or cut off is noticed and forgotten
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),  # Envoy's own pings are no flood
    ("grpc.so_reuseport", 0),
)

_Context = grpc.aio.ServicerContext[bytes, bytes]


@dataclass(frozen=True, slots=True)
class ServerCredentials:
    """What the server shows, and the roots of the clients that it takes."""

    svid: X509Svid
    bundle: X509Bundle


class DiscoveryServer:
    """Serves one mesh's discovery at `socket`, as long as `run()` runs.

    `credentials` is asked at each handshake, so that what it answers may change at any time; it must be quick.
    `now` answers the time (UTC).
    """

    def __init__(
        self, discovery: Discovery, socket: Path, *, credentials: Callable[[], ServerCredentials], now: Callable[[], datetime]
    ) -> None:
        self.discovery = discovery
        self.ready = asyncio.Event()
        self._socket = socket
        self._credentials = credentials
        self._now = now
        self._outboxes: dict[ConnectionKey, _Outbox] = {}
        self._encoded = ResponseMemo()
        self._changes: list[Change] = []
        self._since: datetime | None = None
        self._offered = asyncio.Event()
        self._view_changed = asyncio.Condition()
        self._told: dict[str, str] = {}

    def offer(self, changes: Iterable[Change]) -> None:
        """Take changes of the view; they go out at once, or together with others once the push under way is done."""
        self._changes.extend(changes)
        if self._since is None:
            self._since = self._now()
        self._offered.set()

    async def run(self) -> None:
        """Serve until cancelled. Raises: RuntimeError (grpc) where the socket cannot be bound."""
        self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._push()  # what is known before the first proxy comes
        server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers((self._handlers(),))
        self._bind(server)
        try:
            await server.start()
            self.ready.set()
            while True:
                await self._offered.wait()
                await self._push()
        finally:
            self.ready.clear()
            await server.stop(grace=0)

    def _handlers(self) -> "grpc.GenericRpcHandler[bytes, bytes]":
        """Aggregated discovery, on bytes."""
        behaviors = {DELTA_METHOD: self._stream_delta, SOTW_METHOD: self._stream_sotw}
        return grpc.method_handlers_generic_handler(
            SERVICE, {method: grpc.stream_stream_rpc_method_handler(behavior) for method, behavior in behaviors.items()}
        )

    # -- Pushing ------------------------------------------------------------------------------------------------------
    async def _push(self) -> None:
        """Send everything that was offered until now."""
        changes, since = self._changes, self._since or self._now()
        self._changes, self._since = [], None
        self._offered.clear()
        if not changes:
            return
        self._perform(self.discovery.change(changes, since=since, now=self._now()))
        self._tell_failures()
        async with self._view_changed:
            self._view_changed.notify_all()

    def _tell_failures(self) -> None:
        """Say once what could not be built."""
        for what, error in self.discovery.failures.items():
            if self._told.get(what) != error:
                _log.error("not built, stays as it was; please report this", what=what, error=error)
        self._told = dict(self.discovery.failures)

    def _perform(self, outcome: Outcome) -> None:
        version = self.discovery.version
        for key, effects in outcome.effects.items():
            for effect in effects:
                if isinstance(effect, Send):
                    outbox = self._outboxes[key]
                    outbox.messages.put_nowait(outbox.dialect.encode(effect, version=version))
                elif isinstance(effect, Nacked):
                    _log.warning("proxy refused resources", connection=key, type=effect.type_url, reason=effect.message)
        if outcome.converged:
            milliseconds = round(outcome.converged.took.total_seconds() * 1000, 1)
            mesh = str(self.discovery.view.settings.ref)
            _log.info("converged", mesh=mesh, version=version, milliseconds=milliseconds, proxies=outcome.converged.proxies)

    # -- One proxy's stream -------------------------------------------------------------------------------------------
    async def _stream_delta(self, _requests: AsyncIterator[bytes], context: _Context) -> None:
        await self._stream(_Delta(self._encoded), context)

    async def _stream_sotw(self, _requests: AsyncIterator[bytes], context: _Context) -> None:
        await self._stream(StateOfTheWorld(), context)

    async def _stream(self, dialect: "_Dialect", context: _Context) -> None:
        try:
            first = await _read(context, dialect)
            if first is None:
                return
            identity = self._identify(context, first.node_id)
            key = await self._admit(first.node_id, identity, whole_routes=isinstance(dialect, StateOfTheWorld))
        except MalformedRequest as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except ProxyRefused as error:
            _log.warning("proxy refused", node=first.node_id if first else "", reason=str(error))
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, str(error))
        _log.info("proxy connected", connection=key, node=first.node_id, identity=identity)
        self._outboxes[key] = _Outbox(dialect)
        complaint = None
        try:
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(self._write(key, context))
                try:
                    await self._converse(key, first, context)
                except MalformedRequest as error:
                    complaint = str(error)
                writing.cancel()
        finally:
            del self._outboxes[key]
            self._perform(self.discovery.disconnect(key, now=self._now()))
            _log.info("proxy disconnected", connection=key, node=first.node_id)
        if complaint:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, complaint)

    async def _admit(self, node_id: str, identity: str, *, whole_routes: bool) -> ConnectionKey:
        """Let the proxy in, waiting a moment for its pod to become known. Raises: ProxyRefused."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), self._view_changed:
                while True:
                    try:
                        return self.discovery.connect(node_id, identity, now=self._now(), whole_routes=whole_routes)
                    except NotYetKnown:
                        await self._view_changed.wait()
        except TimeoutError:
            return self.discovery.connect(node_id, identity, now=self._now(), whole_routes=whole_routes)

    async def _converse(self, key: ConnectionKey, first: Incoming, context: _Context) -> None:
        incoming: Incoming | None = first
        while incoming is not None:
            self._perform(self.discovery.receive(key, incoming.request, now=self._now()))
            incoming = await _read(context, self._outboxes[key].dialect)

    async def _write(self, key: ConnectionKey, context: _Context) -> None:
        outbox = self._outboxes[key]
        while True:
            await context.write(await outbox.messages.get())

    # -- Identity ------------------------------------------------------------------------------------------------------
    def _bind(self, server: grpc.aio.Server) -> None:
        server.add_secure_port(f"unix:{self._socket}", self._tls())

    def _identify(self, context: _Context, _node_id: str) -> str:
        """Who the proxy is. Raises: ProxyRefused."""
        return _identity_of(context)

    # -- TLS ----------------------------------------------------------------------------------------------------------
    def _tls(self) -> grpc.ServerCredentials:
        given: dict[str, ServerCredentials] = {}

        def renew() -> grpc.ServerCertificateConfiguration | None:
            current = self._credentials()
            if given.get("last") is current:
                return None  # gRPC goes on with what it has
            given["last"] = current
            return _certificate_configuration(current)

        given["last"] = self._credentials()
        first = _certificate_configuration(given["last"])
        return grpc.dynamic_ssl_server_credentials(first, renew, require_client_authentication=True)  # type: ignore[arg-type] # None is documented


class _Dialect(Protocol):
    def decode(self, data: bytes) -> Incoming: ...

    def encode(self, send: Send, *, version: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Delta:
    memo: ResponseMemo

    def decode(self, data: bytes) -> Incoming:
        return decode_request(data)

    def encode(self, send: Send, *, version: str) -> bytes:
        return self.memo.encode(send, version=version)


@dataclass(frozen=True, slots=True)
class _Outbox:
    """What waits to be written to one proxy, and in which form of the protocol it talks."""

    dialect: _Dialect
    messages: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)


async def _read(context: _Context, dialect: _Dialect) -> Incoming | None:
    """The next request, None at the end. Raises: MalformedRequest."""
    data = await context.read()
    return dialect.decode(data) if isinstance(data, bytes) else None


def _identity_of(context: _Context) -> str:
    """The SPIFFE ID in the client's certificate. Raises: ProxyRefused where there is none, or several."""
    sans = defaultdict(list, context.auth_context())["x509_subject_alternative_name"]
    found = [san.decode() for san in sans if san.startswith(SPIFFE_SCHEME.encode())]
    if len(found) != 1:
        raise ProxyRefused(f"The certificate has {len(found)} SPIFFE IDs in its SAN, and must have one.")
    return found[0]


def _certificate_configuration(credentials: ServerCredentials) -> grpc.ServerCertificateConfiguration:
    pair = (credentials.svid.key_to_pem(), credentials.svid.chain_to_pem())
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=credentials.bundle.to_pem())
