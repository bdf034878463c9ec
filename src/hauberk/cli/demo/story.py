"""What the demo's steps share: who types, the API to look things up in, and how to wait for a fact."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import orjson

from hauberk.cli.demo.lab import outside_client
from hauberk.cli.demo.narrator import Narrator, StepFailed
from hauberk.client.http import ApiClient
from hauberk.client.kubeconfig import Access
from hauberk.k8s import core, security
from hauberk.k8s.kind import Kind, Manifest, name_of
from hauberk.names import PROXY_CONTAINER
from hauberk.proof.telemetry import Scrape

__all__ = ["Story"]

PATIENCE_SECONDS = 60.0


class Story:
    """What the steps know of the mesh: the narrator who types, and the Route's address once it is there.

    What is shown is typed; what is only looked at in between comes by requests to the API, which take no start of a program.
    """

    def __init__(self, narrator: Narrator, kubeconfig: Path) -> None:
        self.narrator = narrator
        self.url = ""
        self._kubeconfig = kubeconfig
        self._client: ApiClient | None = None

    @property
    def api(self) -> ApiClient:
        """The mesh's API, as the user of the kubeconfig."""
        if self._client is None:  # made within the event loop
            self._client = Access.read(self._kubeconfig).client()
        return self._client

    async def close(self) -> None:
        """Let go of the API."""
        if self._client is not None:
            await self._client.close()

    async def items(self, kind: Kind, namespace: str) -> list[Manifest]:
        """The objects of a kind in a namespace."""
        return list((await self.api.list(kind, namespace)).items)

    async def raw(self, path: str) -> str:
        """What the API answers at a path, as text."""
        return (await self.api.http.get(path)).text

    async def raw_json(self, path: str) -> Any:
        """What the API answers at a path."""
        return orjson.loads(await self.raw(path))

    async def apply(self, manifest: str, *, shown: bool = True) -> None:
        """Apply a manifest from standard input."""
        answer = await (self.narrator.type if shown else self.narrator.run)("apply", "-f", "-", stdin=manifest)
        if answer.code != 0:
            raise StepFailed(f"apply: {answer.err.strip()}")

    async def until(self, what: str, holds: Callable[[], Awaitable[str]], *, seconds: float = PATIENCE_SECONDS) -> float:
        """Ask again until `holds` answers an empty string; what it answers else is what was seen. Answers the seconds it took."""
        begun = monotonic()
        while seen := await holds():
            if monotonic() - begun > seconds:
                raise StepFailed(f"{what}: not within {seconds:.0f} s. Seen: {seen[:2000]}")
            await asyncio.sleep(0.05)
        return monotonic() - begun

    async def policies(self) -> dict[str, str]:
        """The PeerAuthentications of istio-system and their modes, as the API has them."""
        found = await self.items(security.PEER_AUTHENTICATION, "istio-system")
        return {name_of(item): item["spec"].get("mtls", {}).get("mode", "") for item in found}

    async def pod_of(self, namespace: str, app: str) -> str:
        """The name of a pod with label `app`."""
        listing = await self.api.list(core.POD, namespace, params={"labelSelector": f"app={app}"})
        if not listing.items:
            raise StepFailed(f"No pod of app {app} in namespace {namespace}.")
        return name_of(listing.items[0])

    async def scrape(self, *namespaces: str) -> list[Scrape]:
        """What each sidecar of `namespaces` counted, through the API's pod proxy."""
        scrapes = []
        for namespace in namespaces:
            for pod in await self.items(core.POD, namespace):
                if any(container["name"] == PROXY_CONTAINER for container in pod["spec"]["containers"]):
                    path = f"/api/v1/namespaces/{namespace}/pods/{name_of(pod)}:15090/proxy/stats/prometheus"
                    owner = f"spiffe://cluster.local/ns/{namespace}/sa/{pod['spec']['serviceAccountName']}"
                    scrapes.append(Scrape(owner, await self.raw(path)))
        return scrapes

    async def ask_from_outside(self, name: str) -> str:
        """Run the sidecar-less client in namespace `outside` and answer what it printed."""
        await self.apply(outside_client(name))

        async def ended() -> str:
            phase = (await self.api.get(core.POD, name, "outside")).get("status", {}).get("phase", "")
            return "" if phase in {"Succeeded", "Failed"} else f"phase {phase}"

        await self.until(f"pod {name} ends", ended)
        return (await self.narrator.type("logs", name, "-n", "outside")).out
