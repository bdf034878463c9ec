"""The node's process: everything that it does, started side by side and drained together."""

import asyncio
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from hauberk.client.http import ApiClient
from hauberk.errors import BugError
from hauberk.names import DNS_VIP, NODE_ADDRESS
from hauberk.node.addresses import AddressPool
from hauberk.node.kubelet import Kubelet
from hauberk.node.linux.container import RunningContainer, exec_in_container, start_container
from hauberk.node.linux.namespaces import NODE_RUN
from hauberk.node.linux.network import NodeNetwork, open_socket_in_pod
from hauberk.node.linux.sandbox import ContainerSpec
from hauberk.node.network_policies import PolicyFollower
from hauberk.node.pod.programs import Images, WorkloadAgent
from hauberk.node.pod.surroundings import ProcessHandle, Surroundings
from hauberk.node.reporter import EventReporter
from hauberk.node.server.app import build_app
from hauberk.node.server.serve import serve_on_unix_socket
from hauberk.node.services import ServiceFollower
from hauberk.node.traffic.dns_server import serve_dns
from hauberk.node.traffic.router import Router
from hauberk.node.traffic.splice import splice
from hauberk.settings import InstancePaths

__all__ = ["DRAIN", "LinuxLauncher", "run_node"]

_log = structlog.get_logger(__name__)

DRAIN = timedelta(seconds=10)
"""How long pods have to end when the node stops, whatever their own grace."""


async def run_node(
    *,
    client: ApiClient,
    paths: InstancePaths,
    images: Images,
    agent: WorkloadAgent,
    http_socket: socket.socket,
    stop: asyncio.Event,
) -> None:
    """Be the node until `stop` is set; then end all pods within DRAIN and return.

    Runs inside the node's namespaces. `http_socket` is bound and listening in the host's network namespace, where requests
    for Routes arrive. Raises: what the kernel refuses at the start (EnvironmentProblem, OSError).
    """
    network = NodeNetwork()
    await network.start()
    follower = ServiceFollower(client, network)
    policies = PolicyFollower(client, network)
    reporter = EventReporter(client, _now)
    addresses = AddressPool()
    around = Surroundings(
        client=client,
        networks=policies,
        launcher=LinuxLauncher(),
        open_socket=open_socket_in_pod,
        images=images,
        agent=agent,
        services=lambda: follower.services().values(),
        take_address=addresses.take,
        give_back_address=addresses.give_back,
        report=reporter.report,
        now=_now,
        logs=paths.pod_logs,
        run=Path(NODE_RUN) / "pods",
        host_ip=NODE_ADDRESS,
    )
    kubelet = Kubelet(around)
    router = Router(follower.routes, follower.services, follower.slices)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(follower.run(), name="services"),
                group.create_task(policies.run(), name="policies"),
                group.create_task(serve_dns(lambda: follower.zone, DNS_VIP), name="dns"),
                group.create_task(router.serve(http_socket), name="router"),
                group.create_task(_forward_api(follower, paths.api_socket), name="api"),
                group.create_task(reporter.run(), name="events"),
                group.create_task(serve_on_unix_socket(build_app(kubelet.find, around), paths.node_socket), name="node.sock"),
                # pods get variables for the Services that exist, so those must be known first
                group.create_task(_after(follower, kubelet), name="kubelet"),
            ]
            await stop.wait()
            await kubelet.stop(DRAIN)
            for task in tasks:
                task.cancel()
    finally:
        await network.close()


async def _after(follower: ServiceFollower, kubelet: Kubelet) -> None:
    await follower.synced()
    await kubelet.run()


async def _forward_api(follower: ServiceFollower, api_socket: Path) -> None:
    """`kubernetes.default.svc:443` for pods: the API server, which listens in the host's network namespace and on a unix socket."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_unix_connection(str(api_socket))
        except OSError as error:
            _log.info("API not reached", reason=str(error))
            writer.close()
            return
        await splice((reader, writer), upstream)

    await follower.synced()
    service = follower.services().get(("default", "kubernetes"))
    if service is None:  # an API without that Service has not told pods where it is
        return
    server = await asyncio.start_server(handle, service["spec"]["clusterIP"], 443)
    async with server:
        await server.serve_forever()


class LinuxLauncher:
    """Containers as processes in namespaces of their own."""

    async def start(self, spec: ContainerSpec, *, stdout: int | None, stderr: int | None) -> ProcessHandle:
        """As `Launcher.start`."""
        return await start_container(spec, stdout=stdout, stderr=stderr)

    async def execute(
        self,
        running: ProcessHandle,
        argv: Sequence[str],
        *,
        streams: tuple[int | None, int | None, int | None] = (None, None, None),
        tty: bool = False,
    ) -> ProcessHandle:
        """As `Launcher.execute`; a container of another launcher is a BugError."""
        if not isinstance(running, RunningContainer):
            raise BugError("a container of another launcher was handed to this one")
        stdin, stdout, stderr = streams
        return await exec_in_container(running, argv, stdin=stdin, stdout=stdout, stderr=stderr, tty=tty)


def _now() -> datetime:
    return datetime.now(UTC)
