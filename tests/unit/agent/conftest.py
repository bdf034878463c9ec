"""A mesh for the agent: a real CA on a real socket, a clock that tests move, and what the agent asks of the API."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hauberk.agent.ca_client import MeshAddress
from hauberk.agent.workload import AgentPorts, PublishedTrust
from hauberk.k8s.kind import Manifest
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import Lifetimes, SigningCa, self_signed_ca
from hauberk.pki.keys import make_key
from hauberk.pki.rotation import Held
from hauberk.pki.server import Caller, CaServer, CaServerSettings

TRUST_DOMAIN = TrustDomain("cluster.local")
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
"""gRPC verifies the CA's certificate by the real clock: a test may move its own up to there. Certificates live two hours."""


def new_ca(serial: int = 1) -> SigningCa:
    return self_signed_ca(trust_domain=TRUST_DOMAIN, key=make_key(), now=START, serial=serial)


def make_pod(name: str = "details-v1-abc", namespace: str = "bookinfo", account: str = "bookinfo-details") -> Manifest:
    return {"metadata": {"name": name, "namespace": namespace, "uid": f"uid-of-{name}"}, "spec": {"serviceAccountName": account}}


class TestMesh:
    """The world around an agent; attributes are there to be changed by tests."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = START
        self.ca = new_ca()
        self.published: str | None = self.ca.bundle.to_pem().decode()
        self.published_crl = ""
        self.announced = ""
        self.reports: list[Held] = []
        self.caller: Caller | None = Caller("bookinfo", "bookinfo-details", "details-v1-abc", "uid-of-details-v1-abc")
        self.waiting: list[str] = []
        self.on_waiting: Callable[[], None] = lambda: None
        self.on_prepared: Callable[[], None] = lambda: None
        self.tokens = 0
        self.server: CaServer | None = None

    @property
    def address(self) -> MeshAddress:
        return MeshAddress("istio-system", "basic", TRUST_DOMAIN, self.folder)

    @property
    def pod_folder(self) -> Path:
        return self.folder / "pod"

    def file(self, name: str) -> bytes:
        return (self.pod_folder / "credentials" / "current" / name).read_bytes()

    def ports(self) -> AgentPorts:
        async def mesh_of(_pod: Manifest) -> MeshAddress:
            return self.address

        async def token(_pod: Manifest) -> str:
            self.tokens += 1
            return "a-token"

        async def trust(_namespace: str) -> PublishedTrust | None:
            return None if self.published is None else PublishedTrust(self.published, self.published_crl, self.announced)

        async def report(_pod: Manifest, held: Held) -> None:
            self.reports.append(held)

        async def bootstrap(pod: Manifest) -> bytes:
            return f'{{"node": {{"id": "{pod["metadata"]["name"]}"}}}}'.encode()

        return AgentPorts(mesh_of, token, trust, bootstrap, Path("/opt/envoy"), report, clock=lambda: self.now, random=lambda: 0.0)

    def wait_told(self, why: str) -> None:
        self.waiting.append(why)
        self.on_waiting()

    async def start_ca(self) -> None:
        async def authenticate(token: str) -> Caller | None:
            return self.caller if token == "a-token" else None

        settings = CaServerSettings(
            socket=self.folder / "ca.sock",
            spiffe_id=SpiffeId.for_workload(TRUST_DOMAIN, "istio-system", "istiod-basic"),
            dns_names=(self.address.server_name,),
            authenticate=authenticate,
            authorize=lambda _caller: None,
            mtls_socket=self.folder / "ca-mtls.sock",
            lifetimes=Lifetimes(maximum=timedelta(hours=2)),
            clock=lambda: self.now,
        )
        self.server = CaServer(settings, self.ca)
        await self.server.start()

    async def stop_ca(self) -> None:
        if self.server is not None:
            await self.server.stop(0)
            self.server = None

    @asynccontextmanager
    async def running_ca(self) -> AsyncIterator[None]:
        await self.start_ca()
        try:
            yield
        finally:
            await self.stop_ca()

    def replace_ca(self, ca: SigningCa) -> None:
        """Sign with `ca`, and publish its root beside the old one."""
        bundle = ca.bundle.union(self.ca.bundle)
        self.published = bundle.to_pem().decode()
        self.ca = ca
        if self.server is not None:
            self.server.replace_ca(ca)

    def pass_time(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def mesh(tmp_path: Path) -> TestMesh:
    return TestMesh(tmp_path)


@pytest.fixture(scope="session")
def make_ca() -> Callable[[int], SigningCa]:
    return new_ca


@pytest.fixture(scope="session")
def pod() -> Manifest:
    return make_pod()


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], bool]], object]:
    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - files and logs change, nothing tells
                await asyncio.sleep(0.005)

    return wait
