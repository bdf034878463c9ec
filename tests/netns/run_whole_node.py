"""Runs the whole node against a real API server, both in fresh namespaces, and plays the story of test_node.py on them.

python run_whole_node.py FOLDER      exit status 0 passed, 3 the machine forbids namespaces, else failed
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from hauberk.errors import EnvironmentProblem
from hauberk.node.linux.namespaces import run_in_node_namespaces

Check = Callable[[], Awaitable[Any]]
DEADLINE_SECONDS = 20


class NoAgent:
    """No pod of the story has an Envoy."""

    async def prepare(self, pod: Any, folder: Path, waiting: Any) -> Any:
        raise AssertionError("no pod here has a sidecar")

    async def release(self, pod_uid: str) -> None:
        return None


def make_pod(name: str, *command: str, container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": "localhost/none", "command": list(command), **(container or {})}]
    metadata = {"name": name, "namespace": "default", "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": "local", "containers": containers, **spec}}


async def eventually(check: Check) -> Any:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not (found := await check()):
            await asyncio.sleep(0.02)
    return found


@contextlib.asynccontextmanager
async def whole_node(folder: Path) -> AsyncIterator[tuple[Any, int]]:
    """A client of the API as its administrator, and the port of the router."""
    from hauberk.apiserver.serve import ApiServer, ApiSettings
    from hauberk.client.http import ApiClient
    from hauberk.node.run import run_node
    from hauberk.settings import InstancePaths

    paths = InstancePaths(state=folder, run=folder / "run")
    stop = asyncio.Event()
    http = socket.create_server(("127.0.0.1", 0))
    settings = ApiSettings(paths=paths, name="test")
    async with ApiServer(settings, socket.create_server(("127.0.0.1", 0))) as server, asyncio.TaskGroup() as group:

        def client_of(pair: Any) -> ApiClient:
            return ApiClient.over_unix_socket(paths.api_socket, ca=server.credentials.ca, certificate=pair.certificate, key=pair.key)

        node = client_of(server.credentials.node)
        running = group.create_task(
            run_node(client=node, paths=paths, images=lambda _image: None, agent=NoAgent(), http_socket=http, stop=stop)
        )
        yield client_of(server.credentials.control_plane), http.getsockname()[1]
        stop.set()
        await running


async def story(folder: Path) -> None:
    import httpx2

    from hauberk.k8s import core, discovery, route

    async with whole_node(folder) as (client, port):
        await client.create(core.SERVICE_ACCOUNT, {"metadata": {"name": "default", "namespace": "default"}})
        ports = [{"name": "http", "port": 80, "targetPort": 8000}]
        await client.create(core.SERVICE, {"metadata": {"name": "web", "namespace": "default"}, "spec": {"ports": ports}})
        probe = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1}
        await client.create(core.POD, make_pod("web", "python3", "-m", "http.server", "8000", container={"readinessProbe": probe}))

        # what a pod's volumes want may come a moment after the pod
        root = {"metadata": {"name": "kube-root-ca.crt", "namespace": "default"}, "data": {"ca.crt": "x"}}
        await client.create(core.CONFIG_MAP, root)

        async def status(name: str) -> dict[str, Any]:
            pod = await client.get(core.POD, name, "default")
            return pod.get("status") or {}

        async def is_ready() -> bool:
            conditions = (await status("web")).get("conditions") or []
            return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

        await eventually(is_ready)
        labels = {"kubernetes.io/service-name": "web"}
        await client.create(
            discovery.ENDPOINT_SLICE,
            {
                "metadata": {"name": "web-1", "namespace": "default", "labels": labels},
                "addressType": "IPv4",
                "ports": [{"name": "http", "port": 8000, "protocol": "TCP"}],
                "endpoints": [{"addresses": [(await status("web"))["podIP"]]}],
            },
        )
        spec = {"host": "web.apps.localhost", "to": {"kind": "Service", "name": "web"}, "port": {"targetPort": "http"}}
        about = {"apiVersion": route.ROUTE.api_version, "kind": "Route", "metadata": {"name": "web", "namespace": "default"}}
        await client.create(route.ROUTE, about | {"spec": spec})

        script = "import urllib.request as u; print(u.urlopen('http://web/etc/hostname', timeout=5).read().decode().strip())"
        await client.create(core.POD, make_pod("ask", "python3", "-c", script, restartPolicy="OnFailure"))
        await eventually(lambda: _is(status("ask"), "Succeeded"))
        logs = core.POD.path("default", "ask", "log")
        assert (await client.http.get(logs, params={"tailLines": "1"})).text == "web\n"

        async with httpx2.AsyncClient(trust_env=False) as outside:

            async def page() -> str:
                return (await outside.get(f"http://127.0.0.1:{port}/etc/hostname", headers={"host": spec["host"]})).text

            async def is_served() -> bool:
                return await page() == "web\n"

            await eventually(is_served)

        await client.request("DELETE", core.POD.path("default", "web"), body={})

        async def is_gone() -> bool:
            return not [pod for pod in (await client.list(core.POD, "default")).items if pod["metadata"]["name"] == "web"]

        await eventually(is_gone)


async def _is(status: Awaitable[dict[str, Any]], phase: str) -> bool:
    return (await status).get("phase") == phase


def main() -> int:
    import uvloop

    uvloop.run(story(Path(sys.argv[1])))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(run_in_node_namespaces(main))
    except EnvironmentProblem as problem:
        print(problem)
        sys.exit(3)
