import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hauberk.client.informer import Change, ChangeType
from hauberk.model.mesh import MeshSettings
from hauberk.xds.meshes import MeshServers
from hauberk.xds.server import ServerCredentials
from tests.unit.xds.builders import make_ca, server_credentials
from tests.unit.xds.test_feed import make_plane, make_roll, make_service


def now() -> datetime:
    return datetime.now(UTC)


class Authority:
    """Stands for the CA's side: credentials for every mesh, once `ready`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ready = asyncio.Event()
        self._credentials = server_credentials(make_ca(now()), now())

    async def open(self, settings: MeshSettings) -> Callable[[], ServerCredentials]:
        self.asked.append(settings.name)
        await self.ready.wait()
        return lambda: self._credentials


def added(manifest: dict[str, object]) -> Change:
    return Change(ChangeType.ADDED, manifest)


def play(tmp_path: Path, story: Callable[[MeshServers, Authority], Awaitable[None]]) -> None:
    async def run() -> None:
        authority = Authority()
        servers = MeshServers(open_credentials=authority.open, socket_of=lambda settings: tmp_path / settings.name, now=now)
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            running = group.create_task(servers.run())
            await story(servers, authority)
            running.cancel()

    asyncio.run(run())


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - each turn of the loop is one of the servers' own
        await asyncio.sleep(0)


@pytest.mark.parametrize("early", [True, False])
def test_a_mesh_is_served_from_its_control_planes_creation_to_its_deletion(tmp_path: Path, early: bool) -> None:
    async def story(servers: MeshServers, authority: Authority) -> None:
        if early:
            authority.ready.set()
        servers.on_change(added(make_plane()))
        await until(lambda: authority.asked == ["basic"])
        servers.on_change(added(make_roll("books")))
        servers.on_change(added(make_service("a", "10.96.0.1")))
        authority.ready.set()
        await until((tmp_path / "basic").exists)
        (server,) = servers.servers.values()
        await until(lambda: bool(server.discovery.view.services))
        assert servers.status() == {"istio-system/basic": []}
        assert server.discovery.view.settings.members == {"books"}
        servers.on_change(Change(ChangeType.DELETED, make_plane(), make_plane()))
        await until(lambda: servers.status() == {})

    play(tmp_path, story)


def test_an_object_that_cannot_be_used_is_logged_and_the_rest_goes_on(tmp_path: Path) -> None:
    async def story(servers: MeshServers, authority: Authority) -> None:
        authority.ready.set()
        with capture_logs() as logs:
            servers.on_change(added(make_plane(security={"trust": {"domain": "Not A Domain"}})))
            servers.on_change(added(make_plane("other", "good")))
            await until(lambda: servers.status() == {"other/good": []})
        (skipped,) = [entry for entry in logs if entry["event"] == "object cannot be used"]
        assert skipped["object"] == "ServiceMeshControlPlane istio-system/basic"

    play(tmp_path, story)
