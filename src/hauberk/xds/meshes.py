"""Opens a discovery server for each mesh and closes it with the mesh."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

import structlog

from hauberk.client.informer import Change, ChangeType
from hauberk.model.mesh import MeshSettings
from hauberk.model.objects import ObjectRef
from hauberk.xds.discovery import Discovery
from hauberk.xds.feed import Closed, Feed, FeedEffect, Moved, Opened, Skipped
from hauberk.xds.server import DiscoveryServer, ServerCredentials

__all__ = ["MeshServers", "OpenCredentials"]

_log = structlog.get_logger(__name__)

OpenCredentials = Callable[[MeshSettings], Awaitable[Callable[[], ServerCredentials]]]
"""Waits until the mesh's CA is there; answers what gives the server's credentials of the moment."""


class MeshServers:
    """The discovery servers of all meshes.

    `on_change` takes what informers of `FEED_KINDS` report. Enter `run()` only once they are all synced: a server that knows
    half of the mesh would take the other half away from running proxies.
    """

    def __init__(
        self, *, open_credentials: OpenCredentials, socket_of: Callable[[MeshSettings], Path], now: Callable[[], datetime]
    ) -> None:
        self._open_credentials = open_credentials
        self._socket_of = socket_of
        self._now = now
        self._feed = Feed()
        self._effects: asyncio.Queue[FeedEffect] = asyncio.Queue()
        self._servers: dict[ObjectRef, DiscoveryServer] = {}
        self._tasks: dict[ObjectRef, asyncio.Task[None]] = {}
        self._early: dict[ObjectRef, list[Moved]] = {}

    def on_change(self, change: Change) -> None:
        """Take an informer's change; quick, and never fails on an object that cannot be used."""
        for effect in self._feed.take(change.object, deleted=change.type is ChangeType.DELETED):
            self._effects.put_nowait(effect)

    async def run(self) -> None:
        """Serve all meshes until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._perform(await self._effects.get(), group)

    @property
    def servers(self) -> Mapping[ObjectRef, DiscoveryServer]:
        """The servers that are open, by their ServiceMeshControlPlane."""
        return self._servers

    def status(self) -> dict[str, list[dict[str, object]]]:
        """Each mesh's proxies, as JSON values, by `namespace/name` of its control plane."""
        return {f"{mesh.namespace}/{mesh.name}": server.discovery.status() for mesh, server in self._servers.items()}

    def _perform(self, effect: FeedEffect, group: asyncio.TaskGroup) -> None:
        match effect:
            case Opened(settings):
                self._tasks[settings.ref] = group.create_task(self._serve(effect), name=f"discovery of {settings.ref}")
            case Moved(mesh, changes):
                if mesh in self._servers:
                    self._servers[mesh].offer(changes)
                else:  # its CA is still being made
                    self._early.setdefault(mesh, []).append(effect)
            case Closed(mesh):
                self._early.pop(mesh, None)
                self._tasks.pop(mesh).cancel()
            case Skipped(ref, reason):
                _log.warning("object cannot be used", object=str(ref), reason=reason)

    async def _serve(self, opened: Opened) -> None:
        mesh = opened.settings.ref
        credentials = await self._open_credentials(opened.settings)
        server = DiscoveryServer(Discovery(opened.settings), self._socket_of(opened.settings), credentials=credentials, now=self._now)
        server.offer(opened.changes)
        for moved in self._early.pop(mesh, []):
            server.offer(moved.changes)
        self._servers[mesh] = server
        try:
            _log.info("discovery opens", mesh=str(mesh))
            await server.run()
        finally:
            if self._servers.get(mesh) is server:  # else one of the same name took its place
                del self._servers[mesh]
