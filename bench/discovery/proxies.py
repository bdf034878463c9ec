"""Simulated proxies: each its own connection and delta ADS stream, asking in the order that Envoy 1.40 was seen to ask in.

clusters (all) -> endpoints of the clusters that have some, then the clusters' ack -> listeners (all), then the endpoints' ack
-> route configurations that listeners name -> virtual hosts (all)
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import grpc

from bench.discovery.certificates import HOST
from hauberk import names
from hauberk.envoy.messages import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from hauberk.xds.wire import DELTA_METHOD, SERVICE

OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.http2.lookahead_bytes", 1 << 20),
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.ssl_target_name_override", HOST),
]
LAST = names.TYPE_VIRTUAL_HOST


@dataclass
class Received:
    """What came since the last `clear`, over all proxies."""

    messages: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    last: float = 0.0
    reached: set[int] = field(default_factory=set)

    def clear(self) -> None:
        self.messages.clear()
        self.bytes.clear()
        self.reached.clear()


@dataclass(frozen=True)
class Head:
    """What a response is about; its resources' names."""

    type_url: str
    nonce: str
    names: tuple[str, ...]


class Reader:
    """Reads responses, each distinct one once, so that the clients stay cheap beside the server: the head's bytes tell its nonce."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bytes, bytes], Head] = {}

    def read(self, data: bytes) -> Head:
        key = (len(data), data[:160], data[-64:])
        known = self._known.get(key)
        if known is None:
            message = DeltaDiscoveryResponse.FromString(data)
            found = Head(message.type_url, message.nonce, tuple(resource.name for resource in message.resources))
            known = self._known[key] = found
        return known


class Proxies:
    """All simulated proxies of one run against one server."""

    def __init__(self, nodes: list[tuple[str, str]], target: str, certificates: Path | None, group: asyncio.TaskGroup) -> None:
        self.nodes = nodes
        self.received = Received()
        self.captured: dict[str, list[bytes]] = {}
        """The responses that the first proxy of each namespace got since `capture`, in order."""
        self.full = 0
        self.all_full = asyncio.Event()
        self._target = target
        self._group = group
        self._certificates = certificates
        self._reader = Reader()
        self._tasks: list[asyncio.Task[None]] = []
        self._samples: dict[str, int] = {}
        self._credentials: dict[str, grpc.ChannelCredentials] = {}

    def kind_of(self, data: bytes) -> str:
        """The type that a response is about, short."""
        return self._reader.read(data).type_url.rpartition(".")[2]

    def connect(self) -> None:
        self.full = 0
        self.all_full.clear()
        self._samples = {}
        for index, (namespace, _) in enumerate(self.nodes):
            self._samples.setdefault(namespace, index)
        self._tasks = [self._group.create_task(self._live(index)) for index in range(len(self.nodes))]

    async def disconnect(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _channel(self, namespace: str) -> grpc.aio.Channel:
        if self._certificates is None:
            return grpc.aio.insecure_channel(self._target, OPTIONS)
        if namespace not in self._credentials:
            key, chain = ((self._certificates / f"{namespace}.{kind}").read_bytes() for kind in ("key", "crt"))
            root = (self._certificates / "root.pem").read_bytes()
            self._credentials[namespace] = grpc.ssl_channel_credentials(root, key, chain)
        return grpc.aio.secure_channel(self._target, self._credentials[namespace], OPTIONS)

    async def _live(self, index: int) -> None:
        namespace, node = self.nodes[index]
        async with self._channel(namespace) as channel:
            call = channel.stream_stream(f"/{SERVICE}/{DELTA_METHOD}")()
            await call.write(request(names.TYPE_CLUSTER, node=node))
            proxy = _Proxy(call)
            while isinstance(data := await call.read(), bytes):
                head = self._reader.read(data)
                if self._samples[namespace] == index:
                    self.captured.setdefault(namespace, []).append(data)
                await proxy.answer(head)
                self._count(index, head, len(data))
                if head.type_url == LAST and not proxy.full:
                    proxy.full = True
                    self.full += 1
                    if self.full == len(self.nodes):
                        self.all_full.set()

    def _count(self, index: int, head: Head, size: int) -> None:
        received = self.received
        kind = head.type_url.rpartition(".")[2]
        received.messages[kind] += 1
        received.bytes[kind] += size
        received.reached.add(index)
        received.last = time.monotonic()


class _Proxy:
    def __init__(self, call: "grpc.aio.StreamStreamCall[bytes, bytes]") -> None:
        self.full = False
        self._call = call
        self._asked: set[str] = set()
        self._known: frozenset[str] = frozenset()

    async def answer(self, head: Head) -> None:
        """Ask for what follows, then ack."""
        if head.type_url == names.TYPE_CLUSTER:
            wanted = [name for name in head.names if name.startswith("outbound|") and name not in self._known]
            if wanted:
                self._known = self._known.union(wanted) if self._known else _shared(wanted)
                await self._call.write(request(names.TYPE_ENDPOINT, subscribe=wanted))
        elif head.type_url == names.TYPE_ENDPOINT:
            await self._first(names.TYPE_LISTENER, [])
        elif head.type_url == names.TYPE_LISTENER:
            await self._first(names.TYPE_ROUTE, [name.partition("_")[2] for name in head.names if name.startswith("0.0.0.0_")])
        elif head.type_url == names.TYPE_ROUTE:
            await self._first(names.TYPE_VIRTUAL_HOST, [])
        await self._call.write(request(head.type_url, nonce=head.nonce))

    async def _first(self, type_url: str, subscribe: list[str]) -> None:
        if type_url not in self._asked:
            self._asked.add(type_url)
            await self._call.write(request(type_url, subscribe=subscribe))


_SETS: dict[tuple[str, ...], frozenset[str]] = {}


def _shared(some: list[str]) -> frozenset[str]:
    key = tuple(some)
    if key not in _SETS:
        _SETS[key] = frozenset(key)
    return _SETS[key]


@lru_cache(maxsize=256)
def _asking(type_url: str, subscribe: tuple[str, ...]) -> bytes:
    return DeltaDiscoveryRequest(type_url=type_url, resource_names_subscribe=subscribe).SerializeToString()


def request(type_url: str, *, node: str = "", subscribe: list[str] | None = None, nonce: str = "") -> bytes:
    if subscribe and not node:
        return _asking(type_url, tuple(subscribe))
    message = DeltaDiscoveryRequest(type_url=type_url, response_nonce=nonce, resource_names_subscribe=subscribe or [])
    if node:
        message.node.id = node
    return message.SerializeToString()
