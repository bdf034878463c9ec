"""The CA's server over a real socket: who gets which certificate, who gets none and why, and what is left in the log."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from structlog.testing import capture_logs

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import Lifetimes, SigningCa, self_signed_ca
from hauberk.pki.certificates import certificates_to_pem, parse_certificates, spiffe_id_of
from hauberk.pki.credentials import client_credentials
from hauberk.pki.csr import make_csr, parse_csr
from hauberk.pki.keys import key_to_pem, make_key
from hauberk.pki.messages import CREATE_CERTIFICATE, CertificateRequest, parse_response, serialize_request
from hauberk.pki.rate import Rate
from hauberk.pki.server import Caller, CaServer, CaServerSettings, _holder_of
from hauberk.pki.verify import verify_chain

TRUST_DOMAIN = TrustDomain("cluster.local")
DETAILS = SpiffeId.for_workload(TRUST_DOMAIN, "bookinfo", "bookinfo-details")
NAME = "istiod-basic.istio-system.svc"
NOW = datetime.now(UTC).replace(microsecond=0)
TOKENS = {
    "details-token": Caller("bookinfo", "bookinfo-details", "details-v1-abc", "uid-1"),
    "odd-token": Caller("bookinfo", "no spaces allowed"),
    "outside-token": Caller("outside", "default", "ask", "uid-2"),
}


def new_ca() -> SigningCa:
    return self_signed_ca(trust_domain=TRUST_DOMAIN, key=make_key(), now=NOW, serial=11)


async def authenticate(token: str) -> Caller | None:
    if token == "api-is-away":
        raise ConnectionError("no API")
    return TOKENS.get(token)


def authorize(caller: Caller) -> str | None:
    return None if caller.namespace == "bookinfo" else f"namespace {caller.namespace} is not a member of mesh istio-system/basic"


@dataclass
class Running:
    """A server and the calls of a test."""

    folder: Path
    ca: SigningCa = field(default_factory=new_ca)
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    rate: Rate | None = None

    def __post_init__(self) -> None:
        settings = CaServerSettings(
            socket=self.folder / "ca.sock",
            spiffe_id=SpiffeId.for_workload(TRUST_DOMAIN, "istio-system", "istiod-basic"),
            dns_names=(NAME,),
            authenticate=authenticate,
            authorize=authorize,
            lifetimes=self.lifetimes,
            mtls_socket=self.folder / "ca-mtls.sock",
            rate=self.rate,
            clock=lambda: NOW,
        )
        self.server = CaServer(settings, self.ca)

    async def ask(self, data: bytes, *metadata: tuple[str, str]) -> tuple[str, ...]:
        options = [("grpc.ssl_target_name_override", NAME)]
        credentials = client_credentials(self.server.ca.bundle)
        async with grpc.aio.secure_channel(f"unix:{self.folder}/ca.sock", credentials, options=options) as channel:
            return parse_response(await channel.unary_unary(CREATE_CERTIFICATE, bytes, bytes)(data, metadata=metadata, timeout=10))

    def run(self, test: Callable[["Running"], Awaitable[object]]) -> list[dict[str, object]]:
        """Run `test` against the server; what was logged meanwhile."""

        async def whole() -> None:
            await self.server.start()
            try:
                await test(self)
            finally:
                await self.server.stop()

        with capture_logs() as logs:
            asyncio.run(whole())
        return [dict(entry) for entry in logs if entry["event"] != "ca serves"]


def request_for(spiffe_id: SpiffeId = DETAILS, lifetime: timedelta = timedelta(hours=24)) -> bytes:
    return serialize_request(CertificateRequest(make_csr(make_key(), spiffe_id), lifetime))


def bearer(token: str) -> tuple[str, str]:
    return ("authorization", f"Bearer {token}")


def test_a_caller_gets_a_certificate_for_the_identity_of_its_token_and_an_audit_line(tmp_path: Path) -> None:
    found: list[tuple[str, ...]] = []

    async def story(running: Running) -> None:
        found.append(await running.ask(request_for(), bearer("details-token")))

    running = Running(tmp_path)
    logs = running.run(story)
    leaf_pem, roots_pem = found[0]
    (leaf,) = parse_certificates(leaf_pem.encode())
    assert spiffe_id_of(leaf) == DETAILS
    assert roots_pem == running.ca.bundle.to_pem().decode()
    assert verify_chain([leaf], running.ca.bundle.roots, now=NOW)
    assert leaf.not_valid_after_utc == NOW + timedelta(hours=24)
    assert logs == [
        {
            "event": "certificate issued",
            "log_level": "info",
            "spiffe_id": str(DETAILS),
            "pod": "details-v1-abc",
            "pod_uid": "uid-1",
            "serial": f"{leaf.serial_number:x}",
            "until": (NOW + timedelta(hours=24)).isoformat(),
            "proof": "token",
        }
    ]


@pytest.mark.parametrize(
    ("metadata", "data", "code", "said"),
    [
        ([], request_for(), grpc.StatusCode.UNAUTHENTICATED, "request authenticate failure"),
        ([("authorization", "Basic eDp5")], request_for(), grpc.StatusCode.UNAUTHENTICATED, "request authenticate failure"),
        ([bearer("forged")], request_for(), grpc.StatusCode.UNAUTHENTICATED, "request authenticate failure"),
        ([bearer("api-is-away")], request_for(), grpc.StatusCode.UNAVAILABLE, "Tokens cannot be checked now"),
        ([bearer("outside-token")], request_for(), grpc.StatusCode.PERMISSION_DENIED, "outside is not a member of mesh"),
        ([bearer("odd-token")], request_for(), grpc.StatusCode.FAILED_PRECONDITION, 'segment "no spaces allowed" may hold only'),
        ([bearer("details-token")], b"\xff\xff", grpc.StatusCode.INVALID_ARGUMENT, "are no istio.v1.auth.IstioCertificateRequest"),
        ([bearer("details-token")], b"", grpc.StatusCode.INVALID_ARGUMENT, "no PKCS#10 request"),
        (
            [bearer("details-token")],
            request_for(SpiffeId.for_workload(TRUST_DOMAIN, "bookinfo", "default")),
            grpc.StatusCode.INVALID_ARGUMENT,
            f"its sender is {DETAILS}",
        ),
    ],
)
def test_who_proves_nothing_or_asks_for_another_gets_nothing_and_the_reason(
    tmp_path: Path, metadata: list[tuple[str, str]], data: bytes, code: grpc.StatusCode, said: str
) -> None:
    errors: list[grpc.aio.AioRpcError] = []

    async def story(running: Running) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await running.ask(data, *metadata)
        errors.append(refused.value)

    logs = Running(tmp_path).run(story)
    assert errors[0].code() == code
    assert said in (errors[0].details() or "")
    assert [entry["event"] for entry in logs if entry["event"] != "token not checked"] == ["certificate refused"]
    assert all(token not in str(logs) for token in (*TOKENS, "forged", "api-is-away"))


def test_a_lifetime_above_the_maximum_is_clipped_and_logged(tmp_path: Path) -> None:
    ends: list[datetime] = []

    async def story(running: Running) -> None:
        leaf_pem, _ = await running.ask(request_for(), bearer("details-token"))
        ends.append(parse_certificates(leaf_pem.encode())[0].not_valid_after_utc)

    logs = Running(tmp_path, lifetimes=Lifetimes(maximum=timedelta(hours=1))).run(story)
    assert ends == [NOW + timedelta(hours=1)]
    assert [(entry["event"], entry.get("asked"), entry.get("given")) for entry in logs] == [
        ("lifetime clipped", "1 day, 0:00:00", "1:00:00"),
        ("certificate issued", None, None),
    ]


def test_a_replaced_ca_signs_and_serves_from_then_on(tmp_path: Path) -> None:
    new = new_ca()
    found: list[tuple[str, ...]] = []

    async def story(running: Running) -> None:
        await running.ask(request_for(), bearer("details-token"))
        running.server.replace_ca(new)
        found.append(await running.ask(request_for(), bearer("details-token")))

    Running(tmp_path).run(story)
    assert verify_chain(parse_certificates(found[0][0].encode()), new.bundle.roots, now=NOW)


def test_no_key_enters_the_log(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        await running.ask(request_for(), bearer("details-token"))

    running = Running(tmp_path)
    logs = running.run(story)
    assert key_to_pem(running.ca.issuer.key).decode() not in str(logs)
    assert "PRIVATE" not in str(logs)


def test_a_socket_that_a_killed_server_left_is_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "ca.sock"))

    async def story(running: Running) -> None:
        await running.ask(request_for(), bearer("details-token"))

    Running(tmp_path).run(story)


def test_stopping_what_was_never_started_is_harmless(tmp_path: Path) -> None:
    asyncio.run(Running(tmp_path).server.stop())


def test_a_caller_may_prove_itself_by_its_certificate_and_gets_that_identity(tmp_path: Path) -> None:
    found: list[tuple[str, ...]] = []

    async def story(running: Running) -> None:
        key = make_key()
        chain = running.ca.issue(parse_csr(make_csr(key, DETAILS)), DETAILS, ttl=timedelta(hours=1), now=NOW, serial=5)
        pair = {"private_key": key_to_pem(key), "certificate_chain": certificates_to_pem(chain)}
        credentials = grpc.ssl_channel_credentials(running.ca.bundle.to_pem(), **pair)
        options = [("grpc.ssl_target_name_override", NAME)]
        async with grpc.aio.secure_channel(f"unix:{tmp_path}/ca-mtls.sock", credentials, options=options) as channel:
            call = channel.unary_unary(CREATE_CERTIFICATE, bytes, bytes)
            found.append(parse_response(await call(request_for(), timeout=10)))
            with pytest.raises(grpc.aio.AioRpcError, match="its sender is"):
                await call(request_for(SpiffeId.for_workload(TRUST_DOMAIN, "bookinfo", "default")), timeout=10)

    running = Running(tmp_path)
    logs = running.run(story)
    (leaf,) = parse_certificates(found[0][0].encode())
    assert spiffe_id_of(leaf) == DETAILS
    assert (logs[0]["event"], logs[0]["proof"]) == ("certificate issued", "certificate")


def test_without_a_certificate_the_second_socket_answers_nothing(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        options = [("grpc.ssl_target_name_override", NAME)]
        credentials = client_credentials(running.ca.bundle)
        async with grpc.aio.secure_channel(f"unix:{tmp_path}/ca-mtls.sock", credentials, options=options) as channel:
            call = channel.unary_unary(CREATE_CERTIFICATE, bytes, bytes)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(request_for(), metadata=(bearer("details-token"),), timeout=5)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE

    Running(tmp_path).run(story)


@pytest.mark.parametrize(
    "name", ["spiffe://cluster.local", "spiffe://other/ns/a/sa/b", "spiffe://cluster.local/a%20b", "https://x/ns/a/sa/b"]
)
def test_a_certificate_that_names_no_workload_of_this_mesh_proves_nothing(name: str) -> None:
    assert _holder_of({"x509_subject_alternative_name": [name.encode()]}, TRUST_DOMAIN) is None


def test_an_identity_that_asks_too_often_is_told_so(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        await running.ask(request_for(), bearer("details-token"))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await running.ask(request_for(), bearer("details-token"))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "at most 1 at once" in str(caught.value.details())

    Running(tmp_path, rate=Rate(burst=1, per_second=0)).run(story)
