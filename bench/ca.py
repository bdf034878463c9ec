"""The CA's server: certificates a second and CPU per certificate over gRPC, against the bare cryptography loop; and a storm.

    .venv/bin/python bench/ca.py [SECONDS] [CONNECTIONS] [IN_FLIGHT] [STORM]

This process is the server: the real one, TLS on a unix socket, audit lines written to a file, tokens looked up in a table (what they
cost otherwise is the API's). A second process is the clients. CPU is that of this process with all its threads. The bare loop
(parse and check the request, build, sign, PEM, with cryptography alone) does the same work here, in turn with the server. Of each
the least and the median round are told: others' load on the machine only ever adds. Another server with the same TLS answers without doing
anything: what gRPC alone costs. A third has the bare loop inside and nothing else (no token, no check of names, no audit line):
the least that a server can cost which builds certificates as the bare loop does.
"""

import asyncio
import multiprocessing
import multiprocessing.connection
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.certificates import parse_certificates, spiffe_id_of
from hauberk.pki.credentials import client_credentials, server_credentials
from hauberk.pki.csr import make_csr, parse_csr
from hauberk.pki.keys import make_key
from hauberk.pki.messages import (
    CREATE_CERTIFICATE,
    SERVICE,
    CertificateRequest,
    parse_request,
    parse_response,
    serialize_request,
    serialize_response,
)
from hauberk.pki.server import Caller, CaServer, CaServerSettings
from hauberk.pki.serving import ServingCertificate
from hauberk.pki.svid import X509Bundle
from hauberk.runtime.logs import configure_logging

TRUST_DOMAIN = TrustDomain("cluster.local")
NAME = "istiod-basic.istio-system.svc"
DAY = timedelta(hours=24)
WORKLOADS = 100
ROUNDS = 8


def identity(index: int) -> SpiffeId:
    return SpiffeId.for_workload(TRUST_DOMAIN, "bookinfo", f"workload-{index}")


async def authenticate(token: str) -> Caller:
    return Caller("bookinfo", token, f"{token}-5d4f8", "3b1c2f6e-uid")


# -- The bare loop ----------------------------------------------------------------------------------------------------
def issue_bare(ca: SigningCa, pem: bytes, uri: str) -> bytes:
    """What any CA in Python must do for one certificate."""
    csr = x509.load_pem_x509_csr(pem)
    assert csr.is_signature_valid
    now = datetime.now(UTC)
    key = csr.public_key()
    issuer = ca.issuer.certificate
    key_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=2))
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, encipher_only=False, decipher_only=False, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    assert isinstance(ca.issuer.key, ec.EllipticCurvePrivateKey)
    return builder.sign(ca.issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def bare_cost(ca: SigningCa, requests: Sequence[bytes], seconds: float) -> float:
    """CPU seconds per certificate."""
    issued, start, before = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        for index, pem in enumerate(requests):
            issue_bare(ca, pem, str(identity(index)))
        issued += len(requests)
    return (time.process_time() - before) / issued


# -- The clients, in a process of their own ---------------------------------------------------------------------------
@dataclass(frozen=True)
class Load:
    """What the clients do: `connections` with `in_flight` calls each for `seconds`, or one call on each of `connections` (a storm)."""

    socket: str
    roots: bytes
    connections: int
    in_flight: int = 1
    seconds: float = 0
    check: bool = True
    """Whether now and then an answer is looked at."""


class Clients:
    """Channels of their own to one CA, and how long each answer took."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.latencies: list[float] = []
        self.failures: list[str] = []
        self.calls = [(serialize_request(CertificateRequest(make_csr(make_key(), identity(i)), DAY)), i) for i in range(WORKLOADS)]
        options = [("grpc.ssl_target_name_override", NAME), ("grpc.use_local_subchannel_pool", 1)]
        credentials = client_credentials(X509Bundle.parse(TRUST_DOMAIN, load.roots))
        self.channels = [grpc.aio.secure_channel(load.socket, credentials, options=options) for _ in range(load.connections)]

    async def ask(self, channel: grpc.aio.Channel, turn: int) -> None:
        """One call; its time is kept, or its failure."""
        data, index = self.calls[turn % WORKLOADS]
        begin = time.perf_counter()
        try:
            answer = await channel.unary_unary(CREATE_CERTIFICATE, bytes, bytes)(
                data, metadata=(("authorization", f"Bearer workload-{index}"),), timeout=60
            )
        except grpc.aio.AioRpcError as error:
            self.failures.append(str(error.code()))
            return
        self.latencies.append(time.perf_counter() - begin)
        if self.load.check and turn % 97 == 0:
            assert spiffe_id_of(parse_certificates(parse_response(answer)[0].encode())[0]) == identity(index)

    async def keep_asking(self, channel: grpc.aio.Channel, first: int) -> None:
        """Call after call until the time is over."""
        turn, end = first, time.perf_counter() + self.load.seconds
        while time.perf_counter() < end:
            await self.ask(channel, turn)
            turn += 7

    async def run(self) -> float:
        """The wall time from the first question to the last answer."""
        start = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number, channel in enumerate(self.channels):
                for flight in range(self.load.in_flight):
                    work = self.keep_asking(channel, number * 31 + flight) if self.load.seconds else self.ask(channel, number)
                    tasks.create_task(work)
        return time.perf_counter() - start


def clients(load: Load, pipe: "multiprocessing.connection.Connection") -> None:
    """Body of the second process: be ready, wait for the word, run, report."""

    async def whole() -> None:
        several = Clients(load)
        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)
        wall = await several.run()
        pipe.send((wall, several.latencies, several.failures))
        for channel in several.channels:
            await channel.close()

    asyncio.run(whole())


# -- Measuring --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Measured:
    """One run: answers, wall and server CPU seconds."""

    latencies: list[float]
    failures: list[str]
    wall: float
    cpu: float

    def milliseconds(self, share: float) -> float:
        """The latency below which `share` of the answers lie."""
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(len(self.latencies) * share))] * 1000


def quantiles(measured: Measured) -> str:
    return ", ".join(f"{name} {measured.milliseconds(share):.0f}" for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1)))


async def measure(load: Load) -> Measured:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=clients, args=(load, theirs), daemon=True)
    process.start()
    await asyncio.to_thread(ours.recv)
    before = time.process_time()
    ours.send("go")
    wall, latencies, failures = await asyncio.to_thread(ours.recv)
    cpu = time.process_time() - before
    await asyncio.to_thread(process.join)
    return Measured(latencies, failures, wall, cpu)


@dataclass(frozen=True)
class Results:
    """CPU seconds per certificate of each bare round, the rounds with the three servers, and the storm."""

    bare: list[float]
    empty: list[Measured]
    least: list[Measured]
    rounds: list[Measured]
    storm: Measured


def make_other_server(ca: SigningCa, socket: str, *, bare: bool) -> grpc.aio.Server:
    """The same port and method, and an answer that is ready beforehand, or made by the bare loop."""
    chain = ca.issue(parse_csr(make_csr(make_key(), identity(0))), identity(0), ttl=DAY, now=datetime.now(UTC), serial=1)
    answer, roots = serialize_response(ca.chain_for_wire(chain)), ca.bundle.to_pem().decode()

    async def create(data: bytes, _context: object) -> bytes:
        if not bare:
            return answer
        leaf = issue_bare(ca, parse_request(data).csr, str(identity(0)))
        return serialize_response((leaf.decode(), roots))

    server = grpc.aio.server()
    handlers = {"CreateCertificate": grpc.unary_unary_rpc_method_handler(create)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    serving = ServingCertificate(ca, identity(0), (NAME,))
    server.add_secure_port(socket, server_credentials(serving, lambda: datetime.now(UTC)))
    return server


async def serve_and_measure(ca: SigningCa, warm_up: Load, steady: Load, storm: Load) -> Results:
    server = CaServer(
        CaServerSettings(
            socket=Path(steady.socket.removeprefix("unix:")),
            spiffe_id=SpiffeId.for_workload(TRUST_DOMAIN, "istio-system", "istiod-basic"),
            dns_names=(NAME,),
            authenticate=authenticate,
            authorize=lambda _caller: None,
        ),
        ca,
    )
    requests = [make_csr(make_key(), identity(index)) for index in range(WORKLOADS)]
    bare: list[float] = []
    empty: list[Measured] = []
    rounds: list[Measured] = []
    least: list[Measured] = []
    idle = make_other_server(ca, f"{steady.socket}.empty", bare=False)
    inside = make_other_server(ca, f"{steady.socket}.least", bare=True)
    for one in (server, idle, inside):
        await one.start()
    try:
        await measure(warm_up)
        for _ in range(ROUNDS):
            bare.append(bare_cost(ca, requests, steady.seconds / 2))
            empty.append(await measure(replace(steady, socket=f"{steady.socket}.empty", check=False)))
            least.append(await measure(replace(steady, socket=f"{steady.socket}.least", check=False)))
            rounds.append(await measure(steady))
        return Results(bare, empty, least, rounds, await measure(storm))
    finally:
        await idle.stop(None)
        await inside.stop(None)
        await server.stop()


def main() -> None:
    words = [*sys.argv[1:], *("12", "8", "8", "1000")[len(sys.argv) - 1 :]]
    seconds, connections, in_flight, storm = float(words[0]), *(int(word) for word in words[1:4])
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))  # a storm has a connection each
    ca = self_signed_ca(trust_domain=TRUST_DOMAIN, key=make_key(), now=datetime.now(UTC), serial=x509.random_serial_number())
    with tempfile.TemporaryDirectory() as folder:
        terminal, sys.stderr = sys.stderr, (Path(folder) / "log").open("w")
        configure_logging("bench")
        socket, roots = f"unix:{folder}/ca.sock", ca.bundle.to_pem()
        steady = Load(socket, roots, connections, in_flight, seconds / ROUNDS)
        results = uvloop.run(  # as the control plane does
            serve_and_measure(ca, Load(socket, roots, connections, 1, 1), steady, Load(socket, roots, storm))
        )
        sys.stderr.close()
        sys.stderr = terminal
    empty, inside, served = ([one.cpu / len(one.latencies) for one in of] for of in (results.empty, results.least, results.rounds))
    print(f"{ROUNDS} rounds of {connections} connections with {in_flight} calls in flight each, ECDSA P-256; microseconds of CPU")
    print(f"{'per certificate':<40}{'least':>8}{'median':>8}{'ratio':>8}{'median':>8}")
    least, middle = min(results.bare), statistics.median(results.bare)
    columns = (
        ("bare cryptography", results.bare),
        ("gRPC and TLS, nothing done", empty),
        ("gRPC and TLS, the bare loop inside", inside),
        ("the CA's server", served),
    )
    for name, costs in columns:
        cost, median = min(costs), statistics.median(costs)
        print(f"{name:<40}{cost * 1e6:>8.0f}{median * 1e6:>8.0f}{cost / least:>8.2f}{median / middle:>8.2f}")
    best = max(results.rounds, key=lambda one: len(one.latencies) / one.wall)
    print(f"certificates/s: {len(best.latencies) / best.wall:.0f} in the best round; answers, ms: {quantiles(best)}")
    burst = results.storm
    print(f"storm of {storm} workloads at once, each with a new connection: {len(burst.latencies)} served in {burst.wall:.2f} s")
    print(f"  answers, ms: {quantiles(burst)}")
    failures = {failure for one in (*results.empty, *results.least, *results.rounds, burst) for failure in one.failures}
    if failures:
        sys.exit(f"failed: {failures}")


if __name__ == "__main__":
    main()
