import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from structlog.testing import capture_logs

from hauberk import names
from hauberk.envoy.messages import DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse, RouteConfiguration
from hauberk.model.security import MtlsMode
from hauberk.pki.ca import SigningCa
from hauberk.pki.svid import X509Svid
from hauberk.view.changes import Put
from hauberk.xds.discovery import Discovery
from hauberk.xds.server import DiscoveryServer, ServerCredentials
from hauberk.xds.wire import DELTA_METHOD, SERVICE, SOTW_METHOD
from tests.unit.xds.builders import (
    SETTINGS,
    identity,
    issue,
    make_ca,
    make_policy,
    make_service,
    make_workload,
    node_id,
    server_credentials,
    small_mesh,
)

HOST = "istiod-basic.istio-system.svc"
LDS, CDS = names.TYPE_LISTENER, names.TYPE_CLUSTER


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Place:
    """A running server, its CA, and what it shows at handshakes."""

    server: DiscoveryServer
    socket: Path
    ca: SigningCa
    credentials: ServerCredentials

    def channel(self, svid: X509Svid | None, ca: SigningCa | None = None) -> grpc.aio.Channel:
        """A client's channel with this certificate; `ca` is whom it trusts."""
        roots = (ca or self.ca).bundle.to_pem()
        pair = (svid.key_to_pem(), svid.chain_to_pem()) if svid else (None, None)
        options = [("grpc.ssl_target_name_override", HOST), ("grpc.use_local_subchannel_pool", 1)]
        return grpc.aio.secure_channel(f"unix:{self.socket}", grpc.ssl_channel_credentials(roots, *pair), options)


@asynccontextmanager
async def serving(tmp_path: Path) -> AsyncIterator[Place]:
    ca = make_ca(now())
    place = Place(None, tmp_path / "xds.sock", ca, server_credentials(ca, now()))  # type: ignore[arg-type]
    place.server = DiscoveryServer(Discovery(SETTINGS), place.socket, credentials=lambda: place.credentials, now=now)
    place.server.offer(small_mesh())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(place.server.run())
        await asyncio.wait_for(place.server.ready.wait(), 10)
        try:
            yield place
        finally:
            running.cancel()


class Envoy:
    """A client of one delta stream."""

    def __init__(self, channel: grpc.aio.Channel, method: str = DELTA_METHOD) -> None:
        self._call = channel.stream_stream(f"/{SERVICE}/{method}")()

    async def ask(self, type_url: str, node: str = "", **fields: object) -> None:
        request = DeltaDiscoveryRequest(type_url=type_url, **fields)
        request.node.id = node
        await self._call.write(request.SerializeToString())

    async def read(self) -> DeltaDiscoveryResponse:
        data = await asyncio.wait_for(self._call.read(), 10)
        if not isinstance(data, bytes):
            raise AssertionError(f"the stream ended: {await self._call.code()} {await self._call.details()}")
        return DeltaDiscoveryResponse.FromString(data)

    async def end(self) -> tuple[grpc.StatusCode, str]:
        """How the server closes the stream."""
        with suppress(grpc.aio.AioRpcError):
            assert not isinstance(await asyncio.wait_for(self._call.read(), 10), bytes)
        return await self._call.code(), await self._call.details()


def play(tmp_path: Path, story: Callable[[Place], Awaitable[None]]) -> None:
    async def run() -> None:
        async with serving(tmp_path) as place:
            await story(place)

    asyncio.run(run())


DETAILS = node_id("details", "10.244.0.5")


def test_a_proxy_gets_its_resources_over_mutual_tls_and_follows_a_change(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with place.channel(issue(place.ca, identity("details"), now())) as channel:
            envoy = Envoy(channel)
            await envoy.ask(LDS, DETAILS)
            first = await envoy.read()
            assert "virtualInbound" in {resource.name for resource in first.resources}
            assert first.system_version_info == "1"
            await envoy.ask(LDS, response_nonce=first.nonce)
            with capture_logs() as logs:
                place.server.offer([Put(make_policy(MtlsMode.STRICT))])
                second = await envoy.read()
                await envoy.ask(LDS, response_nonce=second.nonce)
                await envoy.ask(CDS)  # its answer comes after the ack was seen
                await envoy.read()
            assert [resource.name for resource in second.resources] == ["virtualInbound"]
            (converged,) = [entry for entry in logs if entry["event"] == "converged"]
            assert (converged["proxies"], converged["version"]) == (1, "2")
            (status,) = place.server.discovery.status()
            assert (status["proxy"], status["identity"]) == (DETAILS, identity("details"))

    play(tmp_path, story)


def test_a_proxy_that_calls_itself_another_is_refused_with_the_reason(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with place.channel(issue(place.ca, identity("reviews"), now())) as channel:
            envoy = Envoy(channel)
            await envoy.ask(LDS, DETAILS)
            code, details = await envoy.end()
            assert code is grpc.StatusCode.PERMISSION_DENIED
            assert details == f'Pod books/details is {identity("details")}, but the certificate is for "{identity("reviews")}".'

    play(tmp_path, story)


@pytest.mark.parametrize("whose", ["nobody", "a stranger"])
def test_a_client_without_a_certificate_of_the_mesh_does_not_get_in(tmp_path: Path, whose: str) -> None:
    async def story(place: Place) -> None:
        svid = None if whose == "nobody" else issue(make_ca(now()), identity("details"), now())
        async with place.channel(svid) as channel:
            envoy = Envoy(channel)
            with suppress(grpc.aio.AioRpcError):
                await envoy.ask(LDS, DETAILS)
            code, _ = await envoy.end()
            assert code is grpc.StatusCode.UNAVAILABLE

    play(tmp_path, story)


def test_a_proxy_whose_pod_becomes_known_a_moment_later_is_let_in_then(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with place.channel(issue(place.ca, identity("late"), now())) as channel:
            envoy = Envoy(channel)
            await envoy.ask(LDS, node_id("late", "10.244.0.9"))
            place.server.offer([Put(make_workload("late", "10.244.0.9"))])
            assert (await envoy.read()).type_url == LDS

    play(tmp_path, story)


def test_certificate_and_roots_can_be_replaced_while_serving(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        other = make_ca(now())
        place.credentials = server_credentials(other, now())
        async with place.channel(issue(other, identity("details"), now()), other) as channel:
            envoy = Envoy(channel)
            await envoy.ask(LDS, DETAILS)
            assert (await envoy.read()).type_url == LDS

    play(tmp_path, story)


def test_a_nack_is_logged_with_the_proxys_words(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with place.channel(issue(place.ca, identity("details"), now())) as channel:
            envoy = Envoy(channel)
            await envoy.ask(LDS, DETAILS)
            first = await envoy.read()
            with capture_logs() as logs:
                await envoy.ask(LDS, response_nonce=first.nonce, error_detail={"code": 13, "message": "no such filter"})
                await envoy.ask(CDS)
                await envoy.read()
            assert [entry["reason"] for entry in logs if entry["event"] == "proxy refused resources"] == ["no such filter"]

    play(tmp_path, story)


def test_bytes_that_are_no_request_end_the_stream_with_the_reason(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with place.channel(issue(place.ca, identity("details"), now())) as channel:
            envoy = Envoy(channel)
            await envoy.ask(LDS, DETAILS)
            await envoy.read()
            await envoy._call.write(b"\xff\xff\xff")
            code, details = await envoy.end()
            assert (code, details[:43]) == (grpc.StatusCode.INVALID_ARGUMENT, "3 bytes that are no DeltaDiscoveryRequest: "[:43])

    play(tmp_path, story)


def test_state_of_the_world_is_served_too_with_whole_route_configurations(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with place.channel(issue(place.ca, identity("details"), now())) as channel:
            call = channel.stream_stream(f"/{SERVICE}/{SOTW_METHOD}")()

            async def ask(type_url: str, *wanted: str, nonce: str = "") -> None:
                request = DiscoveryRequest(type_url=type_url, resource_names=wanted, response_nonce=nonce)
                request.node.id = DETAILS
                await call.write(request.SerializeToString())

            async def read() -> DiscoveryResponse:
                return DiscoveryResponse.FromString(await asyncio.wait_for(call.read(), 10))

            def hosts(response: DiscoveryResponse) -> list[str]:
                (packed,) = response.resources
                return [host.name for host in RouteConfiguration.FromString(packed.value).virtual_hosts]

            await ask(names.TYPE_ROUTE, "9080")
            first = await read()
            known = [f"{name}.books.svc.cluster.local:9080" for name in ("details", "reviews")]
            assert hosts(first) == [*known, "allow_any"]
            await ask(names.TYPE_ROUTE, "9080", nonce=first.nonce)
            place.server.offer([Put(make_service("ratings", "10.96.0.8"))])
            second = await read()
            assert hosts(second) == [known[0], "ratings.books.svc.cluster.local:9080", known[1], "allow_any"]

    play(tmp_path, story)


def test_a_proxy_that_leaves_is_forgotten(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with place.channel(issue(place.ca, identity("details"), now())) as channel:
            envoy = Envoy(channel)
            await envoy.ask(LDS, DETAILS)
            await envoy.read()
        async with asyncio.timeout(10):
            while place.server.discovery.status():  # noqa: ASYNC110 - each turn of the loop is the server's own
                await asyncio.sleep(0)

    play(tmp_path, story)
