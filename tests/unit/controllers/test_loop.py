"""All controllers against a real API server on a unix socket, without a node: what they do of themselves, and how they fail."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from hauberk.apiserver.serve import ApiServer, ApiSettings
from hauberk.client.http import ApiClient
from hauberk.controllers.loop import ControllerOptions, run_controllers
from hauberk.controllers.objects import condition_is, condition_of
from hauberk.k8s import apps, core, discovery, maistra, security
from hauberk.k8s.kind import Kind, Manifest, name_of
from hauberk.settings import InstancePaths
from tests.unit.controllers.builders import make_template

SMCP = maistra.SERVICE_MESH_CONTROL_PLANE


def manifest(kind: Kind, name: str, namespace: str = "", **fields: object) -> Manifest:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **fields}


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[ApiClient]:
    listener = socket.create_server(("127.0.0.1", 0))
    paths = InstancePaths(state=folder / "state", run=folder / "run")
    async with ApiServer(ApiSettings(paths=paths), listener) as server:
        mine = server.credentials.control_plane
        client = ApiClient.over_unix_socket(paths.api_socket, ca=server.credentials.ca, certificate=mine.certificate, key=mine.key)
        yield client
        await client.close()


async def until(client: ApiClient, kind: Kind, holds: Callable[[Manifest], bool]) -> Manifest:
    """The first state of an object of `kind` that holds, as the watch tells it."""
    listing = await client.list(kind)
    for item in listing.items:
        if holds(item):
            return item
    watch = client.watch(kind, resource_version=listing.resource_version)
    async with asyncio.timeout(20), aclosing(watch) as events:
        async for event in events:
            if holds(event.object):
                return event.object
    raise AssertionError("the watch ended")


async def story(client: ApiClient) -> None:
    await client.create(core.NAMESPACE, manifest(core.NAMESPACE, "istio-system"))
    await until(client, core.SERVICE_ACCOUNT, lambda obj: obj["metadata"]["namespace"] == "istio-system")
    await client.create(SMCP, manifest(SMCP, "basic", "istio-system", spec={"version": "v2.1"}))
    waiting = await until(client, SMCP, lambda obj: (condition_of(obj, "Reconciled") or {}).get("reason") == "PausingInstall")
    assert not condition_is(waiting, "Ready"), "without a node no gateway runs"
    mtls = {"spec": {"security": {"dataPlane": {"mtls": True}}}}
    await client.patch(SMCP, "basic", mtls, namespace="istio-system")
    await until(client, security.PEER_AUTHENTICATION, lambda obj: obj["spec"]["mtls"]["mode"] == "STRICT")
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": make_template()}
    await client.create(apps.DEPLOYMENT, manifest(apps.DEPLOYMENT, "web", "default", spec=spec))
    await until(client, apps.REPLICA_SET, lambda obj: obj.get("status", {}).get("replicas") == 2)
    service = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    await client.create(core.SERVICE, manifest(core.SERVICE, "web", "default", spec=service))
    await until(client, discovery.ENDPOINT_SLICE, lambda obj: name_of(obj).startswith("web-"))
    await until(client, core.EVENT, lambda obj: obj["reason"] == "FailedScheduling")


async def run_story(folder: Path) -> None:
    stop = asyncio.Event()
    async with served(folder) as client, asyncio.TaskGroup() as group:
        group.create_task(run_controllers(client, ControllerOptions(api_ca_pem="PEM", http_port=8080, version="1"), stop))
        await story(client)
        stop.set()


def test_the_controllers_do_their_work_by_the_api_alone_and_stop_when_told(tmp_path: Path) -> None:
    asyncio.run(run_story(tmp_path))
