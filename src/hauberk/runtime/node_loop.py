"""Inside the node's namespaces: the node and the workload agent, side by side, until told to stop."""

import asyncio
import socket
from pathlib import Path

from hauberk.agent.workload import WorkloadAgent
from hauberk.client.http import ApiClient
from hauberk.client.informer import Change, Informer
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest, namespace_of
from hauberk.names import NODE_NAME, ROOT_CONFIG_MAP
from hauberk.node.pod.programs import Program, ProxyLaunch, StillWaiting
from hauberk.node.run import run_node
from hauberk.runtime.agent_ports import ApiAgentPorts
from hauberk.runtime.process import ProcessArguments, stop_on_signals
from hauberk.samples.images import program_for

__all__ = ["serve_node"]


async def serve_node(arguments: ProcessArguments) -> None:
    """Run until SIGTERM, then drain."""
    stop = stop_on_signals()
    paths = arguments.settings.paths
    client = await _client_once_credentials_are_there(arguments)
    agent = WorkloadAgent(ApiAgentPorts(client, paths).ports())
    roots = Informer(
        client,
        core.CONFIG_MAP,
        params={"fieldSelector": f"metadata.name={ROOT_CONFIG_MAP}"},
        on_change=lambda change: _roots_changed(agent, change),
    )
    http = socket.socket(fileno=arguments.listener_fd)
    http.setblocking(False)
    try:
        async with asyncio.TaskGroup() as group:
            following = group.create_task(roots.run(), name="roots")
            group.create_task(agent.run(stop), name="agent")
            group.create_task(_tell_when_ready(client, arguments), name="ready")
            await run_node(client=client, paths=paths, images=_image, agent=_Agent(agent), http_socket=http, stop=stop)
            following.cancel()
    finally:
        await client.close()


async def _client_once_credentials_are_there(arguments: ProcessArguments) -> ApiClient:
    """The node starts beside the control plane, which makes the credentials at its first start."""
    paths = arguments.settings.paths
    while not paths.kubeconfig.exists():  # noqa: ASYNC110 - another process writes it, last of all
        await asyncio.sleep(0.02)
    ca, certificate, key = (paths.pki / name for name in ("ca.crt", "node.crt", "node.key"))
    return ApiClient.over_unix_socket(paths.api_socket, ca=ca, certificate=certificate, key=key)


async def _tell_when_ready(client: ApiClient, arguments: ProcessArguments) -> None:
    """Tell the supervisor once the API shows this node as Ready."""
    ready = asyncio.Event()

    def on_change(change: Change) -> None:
        conditions = (change.object.get("status") or {}).get("conditions", [])
        if any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions):
            ready.set()

    informer = Informer(client, core.NODE, params={"fieldSelector": f"metadata.name={NODE_NAME}"}, on_change=on_change)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(informer.run())
        await ready.wait()
        following.cancel()
    arguments.tell(event="ready")


def _roots_changed(agent: WorkloadAgent, change: Change) -> None:
    agent.roots_changed(namespace_of(change.object))


def _image(image: str) -> Program | None:
    argv = program_for(image)
    return None if argv is None else Program(tuple(argv))


class _Agent:
    """The workload agent as the node knows it."""

    def __init__(self, agent: WorkloadAgent) -> None:
        self._agent = agent

    async def prepare(self, pod: Manifest, folder: Path, waiting: StillWaiting) -> ProxyLaunch:
        launch = await self._agent.prepare(pod, folder, waiting)
        return ProxyLaunch(launch.argv, launch.env, launch.binds)

    async def release(self, pod_uid: str) -> None:
        await self._agent.release(pod_uid)
