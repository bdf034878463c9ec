"""gRPC credentials in real handshakes over a unix socket: names, roots, renewal, client certificates."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.credentials import client_credentials, server_credentials
from hauberk.pki.keys import make_key
from hauberk.pki.serving import ServingCertificate

ISTIOD = SpiffeId.parse("spiffe://cluster.local/ns/istio-system/sa/istiod-basic")
NAME = "istiod-basic.istio-system.svc"
OK, UNAVAILABLE = grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE


def clock() -> datetime:
    return datetime.now(UTC)


def new_ca() -> SigningCa:
    return self_signed_ca(trust_domain=TrustDomain("cluster.local"), key=make_key(), now=clock(), serial=11)


@asynccontextmanager
async def serving(socket: Path, certificate: ServingCertificate, **options: bool) -> AsyncIterator[None]:
    async def echo(data: bytes, _context: object) -> bytes:
        return data

    server = grpc.aio.server()
    handler = grpc.method_handlers_generic_handler("test.Echo", {"Echo": grpc.unary_unary_rpc_method_handler(echo)})
    server.add_generic_rpc_handlers((handler,))
    server.add_secure_port(f"unix:{socket}", server_credentials(certificate, clock, **options))
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)


async def call(socket: Path, credentials: grpc.ChannelCredentials, name: str = NAME) -> grpc.StatusCode:
    options = [("grpc.ssl_target_name_override", name)]
    async with grpc.aio.secure_channel(f"unix:{socket}", credentials, options=options) as channel:
        try:
            await channel.unary_unary("/test.Echo/Echo", bytes, bytes)(b"hello", timeout=10)
        except grpc.aio.AioRpcError as error:
            return error.code()
    return OK


@pytest.mark.parametrize(
    ("name", "expected"), [(NAME, OK), ("istiod.istio-system.svc", OK), ("istiod-other.istio-system.svc", UNAVAILABLE)]
)
def test_a_client_looks_for_the_name(tmp_path: Path, name: str, expected: grpc.StatusCode) -> None:
    async def run() -> grpc.StatusCode:
        ca = new_ca()
        certificate = ServingCertificate(ca, ISTIOD, (NAME, "istiod.istio-system.svc"))
        async with serving(tmp_path / "s", certificate):
            return await call(tmp_path / "s", client_credentials(ca.bundle), name)

    assert asyncio.run(run()) == expected


def test_a_server_of_another_ca_is_refused_and_a_new_ca_counts_from_the_next_handshake(tmp_path: Path) -> None:
    async def run() -> list[grpc.StatusCode]:
        old, new = new_ca(), new_ca()
        certificate = ServingCertificate(old, ISTIOD, (NAME,))
        async with serving(tmp_path / "s", certificate):
            before = [await call(tmp_path / "s", client_credentials(ca.bundle)) for ca in (old, new)]
            certificate.replace_ca(new)
            return before + [await call(tmp_path / "s", client_credentials(ca.bundle)) for ca in (old, new)]

    assert asyncio.run(run()) == [OK, UNAVAILABLE, UNAVAILABLE, OK]


def test_a_required_client_certificate_must_be_of_the_ca(tmp_path: Path) -> None:
    def credentials(issuer: SigningCa, ca: SigningCa) -> grpc.ChannelCredentials:
        svid = issuer.issue_server(make_key(), ISTIOD, (), now=clock(), serial=5)
        return grpc.ssl_channel_credentials(ca.bundle.to_pem(), svid.key_to_pem(), svid.chain_to_pem())

    async def run() -> list[grpc.StatusCode]:
        ca, stranger = new_ca(), new_ca()
        async with serving(tmp_path / "s", ServingCertificate(ca, ISTIOD, (NAME,)), require_client_certificate=True):
            own, foreign, none = credentials(ca, ca), credentials(stranger, ca), client_credentials(ca.bundle)
            return [await call(tmp_path / "s", each) for each in (own, foreign, none)]

    assert asyncio.run(run()) == [OK, UNAVAILABLE, UNAVAILABLE]


def test_a_handshake_changes_the_configuration_only_where_something_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    fetchers = []
    monkeypatch.setattr(grpc, "dynamic_ssl_server_credentials", lambda _first, fetch, _require: fetchers.append(fetch))
    certificate = ServingCertificate(new_ca(), ISTIOD, (NAME,))
    server_credentials(certificate, clock)
    (fetch,) = fetchers
    assert [fetch(), fetch()] == [None, None]
    certificate.replace_ca(new_ca())
    assert fetch() is not None
    assert fetch() is None


def test_two_hundred_handshakes_at_once_are_all_served(tmp_path: Path) -> None:
    ca = new_ca()

    async def story() -> list[grpc.StatusCode]:
        options = [("grpc.ssl_target_name_override", NAME), ("grpc.use_local_subchannel_pool", 1)]
        credentials = client_credentials(ca.bundle)

        async def one() -> grpc.StatusCode:
            async with grpc.aio.secure_channel(f"unix:{tmp_path}/s", credentials, options=options) as channel:
                await channel.unary_unary("/test.Echo/Echo", bytes, bytes)(b"hello", timeout=60)
            return OK

        async with serving(tmp_path / "s", ServingCertificate(ca, ISTIOD, (NAME,))):
            return await asyncio.gather(*(one() for _ in range(200)))

    assert asyncio.run(story()) == [OK] * 200
