"""An API on a memory log with its own clock, and calls to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson

from hauberk.apiserver.admission import AdmissionPlugin, AdmissionRequest, Operation
from hauberk.apiserver.api import Api, Source
from hauberk.apiserver.authenticate import Authenticator
from hauberk.apiserver.builtin import BUILTIN_PLUGINS
from hauberk.apiserver.catalogue import Catalogue, Served
from hauberk.apiserver.credentials import new_key
from hauberk.apiserver.dispatch import dispatch
from hauberk.apiserver.first import create_first_namespaces
from hauberk.apiserver.objects import stamp
from hauberk.apiserver.request import Call, Listing, Reply, User, parse_target
from hauberk.apiserver.status import ApiError
from hauberk.apiserver.tokens import TokenSigner
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.registry import ALL_KINDS
from hauberk.store.memory import MemoryLog
from hauberk.store.revisions import Entry
from hauberk.store.store import Store

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SIGNER = TokenSigner(new_key())
MASTER = User("admin", ("system:masters", "system:authenticated"))
CATALOGUE = Catalogue(ALL_KINDS)

Story = Callable[[Api], Awaitable[None]]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def running_api(*, plugins: Sequence[AdmissionPlugin] = BUILTIN_PLUGINS, clock: Clock | None = None) -> AsyncIterator[Api]:
    """An API with the first namespaces. Uids are uid-1, uid-2, ...; generated names end in aaaaa."""
    numbers = count(1)
    source = Source(now=clock or Clock(), uid=lambda: f"uid-{next(numbers)}", suffix=lambda: "aaaaa")
    async with Store(MemoryLog(), stamp) as store:
        api = Api(store, CATALOGUE, Authenticator(SIGNER), plugins, source)
        await create_first_namespaces(api)
        yield api


def tell(story: Story, **options: Any) -> None:
    """Run `story` on a fresh API."""

    async def run() -> None:
        async with running_api(**options) as api:
            await story(api)

    asyncio.run(run())


def make_call(
    method: str,
    path: str,
    body: Any = None,
    *,
    content_type: str = "application/json",
    user: User = MASTER,
    query: Mapping[str, str] | None = None,
) -> Call:
    """The call for `method path?query`; `body` is a value, or bytes."""
    path, _, text = path.partition("?")
    parameters = dict(part.partition("=")[::2] for part in text.split("&") if part) | dict(query or {})
    target = parse_target(method, path, parameters)
    served = CATALOGUE.find(target.group, target.version, target.resource)
    assert served is not None, f"{path} is not served"
    content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    return Call(target, served, user, parameters, content_type, content)


async def ask(api: Api, method: str, path: str, body: Any = None, **options: Any) -> Reply:
    """The answer to a call."""
    return await dispatch(api, make_call(method, path, body, **options))


async def get(api: Api, path: str) -> Manifest:
    """The object at `path`."""
    return value_of(await ask(api, "GET", path))


async def refusal(api: Api, method: str, path: str, body: Any = None, **options: Any) -> ApiError:
    """The refusal of a call that is refused."""
    try:
        reply = await ask(api, method, path, body, **options)
    except ApiError as error:
        return error
    raise AssertionError(f"{method} {path} was answered: {reply}")


def value_of(reply: Reply) -> Manifest:
    """The object in a reply."""
    content = reply.content
    assert not isinstance(content, Listing)
    return content.value if isinstance(content, Entry) else content


def names_in(reply: Reply) -> list[str]:
    """The names of the objects in a list."""
    assert isinstance(reply.content, Listing)
    return [entry.key.name for entry in reply.content.entries]


def make_entry(kind: Kind, obj: Manifest, revision: int = 1) -> Entry:
    """A stored object."""
    value = {"kind": kind.kind, "apiVersion": kind.api_version} | obj
    metadata = value["metadata"]
    value = stamp(value, revision)
    return Entry(Served(kind, kind.version).key(metadata.get("namespace"), metadata["name"]), revision, value, orjson.dumps(value))


def make_config_map(name: str = "c", namespace: str = "default", **metadata: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, **metadata}, "data": {"a": "b"}}


def make_pod(name: str = "p", namespace: str = "default", **spec: Any) -> Manifest:
    containers = [{"name": "main", "image": "img:1"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": containers, **spec},
    }


def make_service(name: str = "s", namespace: str = "default", **spec: Any) -> Manifest:
    spec = {"ports": [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def make_peer_authentication(name: str = "pa", namespace: str = "default", mode: str = "STRICT") -> Manifest:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": metadata, "spec": {"mtls": {"mode": mode}}}


class FixedReader:
    """An `admission.Reader` over given objects."""

    def __init__(self, *objects: Manifest) -> None:
        self._objects = objects

    def get(self, kind: Kind, namespace: str | None, name: str) -> Manifest | None:
        return next((obj for obj in self.list(kind, namespace) if obj["metadata"]["name"] == name), None)

    def list(self, kind: Kind, namespace: str | None = None) -> list[Manifest]:
        return [obj for obj in self._objects if obj["kind"] == kind.kind and namespace in (None, obj["metadata"].get("namespace"))]


def make_admission(kind: Kind, obj: Manifest, operation: Operation = Operation.CREATE, *, old: Manifest | None = None) -> AdmissionRequest:
    """A write of `obj` by the administrator."""
    metadata = obj["metadata"]
    return AdmissionRequest(operation, kind, metadata.get("namespace", ""), metadata["name"], obj, old, MASTER)
