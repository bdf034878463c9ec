"""The control plane process: API server, controllers, and for each mesh its CA and its discovery.

Run by the supervisor as `python -m hauberk.runtime.control_plane`.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvloop
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hauberk.apiserver.serve import ApiServer, ApiSettings
from hauberk.client.http import ApiClient
from hauberk.client.informer import Change, Informer
from hauberk.controllers.loop import ControllerOptions, run_controllers
from hauberk.errors import HauberkError
from hauberk.k8s.kind import Kind
from hauberk.model.mesh import MeshSettings
from hauberk.names import XDS_SOCKET
from hauberk.runtime.admission import admission_plugins
from hauberk.runtime.authorities import AUTHORITY_KINDS, Authorities
from hauberk.runtime.logs import configure_logging
from hauberk.runtime.process import ProcessArguments, die_with_parent, parse_arguments, stop_on_signals
from hauberk.xds.feed import FEED_KINDS
from hauberk.xds.meshes import MeshServers

__all__ = ["main", "serve_control_plane"]

_log = structlog.get_logger(__name__)


async def serve_control_plane(arguments: ProcessArguments) -> None:
    """Run until SIGTERM, then drain: watches end, discovery's streams close, the database is closed last."""
    stop = stop_on_signals()
    settings = arguments.settings
    joined = _Joined(settings.paths.mesh_run)
    listener = socket.socket(fileno=arguments.listener_fd)
    api_settings = ApiSettings(
        paths=settings.paths,
        name=settings.name,
        plugins=admission_plugins(),
        debug_routes=[Route("/debug/syncz", joined.syncz)],
    )
    async with ApiServer(api_settings, listener) as server:
        arguments.tell(event="ready")
        files = server.credentials
        client = ApiClient.over_unix_socket(
            settings.paths.api_socket, ca=files.ca, certificate=files.control_plane.certificate, key=files.control_plane.key
        )
        options = ControllerOptions(api_ca_pem=files.ca.read_text(), http_port=settings.ports.http)
        try:
            await _run_parts(client, arguments, joined, options, stop)
        finally:
            await client.close()


async def _run_parts(
    client: ApiClient, arguments: ProcessArguments, joined: "_Joined", options: ControllerOptions, stop: asyncio.Event
) -> None:
    authorities = Authorities(client, arguments.settings.paths)
    meshes = MeshServers(open_credentials=authorities.credentials_of, socket_of=joined.socket_of, now=lambda: datetime.now(UTC))
    joined.meshes = meshes
    informers = [Informer(client, kind, on_change=_to_both(kind, authorities, meshes)) for kind in _kinds()]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(informer.run(), name=f"informer {informer.kind.kind}") for informer in informers]
        tasks.append(group.create_task(_serve_meshes(informers, authorities, meshes), name="meshes"))
        group.create_task(run_controllers(client, options, stop), name="controllers")
        await stop.wait()
        for task in tasks:
            task.cancel()


async def _serve_meshes(informers: list[Informer], authorities: Authorities, meshes: MeshServers) -> None:
    for informer in informers:
        await informer.synced.wait()
    async with asyncio.TaskGroup() as group:
        group.create_task(authorities.run(), name="authorities")
        group.create_task(meshes.run(), name="discovery")


def _kinds() -> tuple[Kind, ...]:
    """Each kind once, whoever listens to it."""
    return tuple({kind.plural: kind for kind in (*AUTHORITY_KINDS, *FEED_KINDS)}.values())


def _to_both(kind: Kind, authorities: Authorities, meshes: MeshServers) -> Callable[[Change], None]:
    takers: list[Callable[[Change], None]] = []
    if kind in AUTHORITY_KINDS:
        takers.append(authorities.taking(kind))
    if kind in FEED_KINDS:
        takers.append(meshes.on_change)

    def on_change(change: Change) -> None:
        for take in takers:
            take(change)

    return on_change


class _Joined:
    """What the API's debug routes show of parts that start after it."""

    def __init__(self, folder_of: Callable[[str, str], Path]) -> None:
        self._folder_of = folder_of
        self.meshes: MeshServers | None = None

    def socket_of(self, settings: MeshSettings) -> "Path":
        return self._folder_of(settings.root_namespace, settings.name) / XDS_SOCKET

    async def syncz(self, _request: Request) -> JSONResponse:
        """Which proxy has what, by mesh (istiod's `/debug/syncz`)."""
        return JSONResponse(self.meshes.status() if self.meshes else {})


def main() -> int:
    """Be the control plane; answers the exit status."""
    arguments = parse_arguments(sys.argv[1:])
    die_with_parent(signal.SIGTERM)
    configure_logging("control-plane")
    try:
        uvloop.run(serve_control_plane(arguments))
    except HauberkError as error:
        arguments.tell(event="failed", message=str(error))
        return error.exit_code
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
