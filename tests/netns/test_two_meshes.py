"""Two meshes side by side: each sees itself and its members, and a workload of one is nobody in the other."""

import asyncio
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from hauberk.agent.ca_client import CaCallFailed, MeshAddress, request_certificate
from hauberk.cli.demo.authority import make_own_ca
from hauberk.client.kubeconfig import Access
from hauberk.envoy.messages import DeltaDiscoveryRequest
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.names import CA_AUDIENCE, TYPE_CLUSTER, XDS_SOCKET
from hauberk.pki.csr import make_csr
from hauberk.pki.keys import key_to_pem, make_key
from hauberk.pki.messages import CertificateRequest
from hauberk.pki.svid import X509Bundle
from hauberk.settings import instance_paths
from hauberk.xds.wire import DELTA_METHOD, SERVICE
from tests.netns.instance import Instance, cause_of_no_namespaces, instance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("mesh"),
    pytest.mark.skipif(bool(cause_of_no_namespaces()), reason=cause_of_no_namespaces()),
]

DOMAIN = TrustDomain("cluster.local")
ASK = ("curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}")


@dataclass(frozen=True)
class Mesh:
    """A mesh of the test: its control plane and its one member."""

    home: str
    name: str
    member: str

    @property
    def manifest(self) -> str:
        security: dict[str, Any] = {"dataPlane": {"mtls": True}}
        if self.name == "certs":
            security["certificateAuthority"] = {"type": "Istiod", "istiod": {"type": "PrivateKey"}}
        where = {"name": self.name, "namespace": self.home}
        roll = {"apiVersion": "maistra.io/v1", "kind": "ServiceMeshMemberRoll", "metadata": {"name": "default", "namespace": self.home}}
        plane = {"apiVersion": "maistra.io/v2", "kind": "ServiceMeshControlPlane", "metadata": where}
        objects = [plane | {"spec": {"version": "v2.1", "security": security}}, roll | {"spec": {"members": [self.member]}}]
        return yaml.safe_dump_all([*objects, *workloads(self.member)])


def workloads(namespace: str) -> list[dict[str, Any]]:
    """`server` (an echo) with its Service, and `client`, both with a sidecar and an account of their own."""
    objects: list[dict[str, Any]] = []
    for name, image in (("server", "hauberk/echo"), ("client", "hauberk/sleep")):
        metadata = {"name": name, "namespace": namespace}
        pod = metadata | {"labels": {"app": name}, "annotations": {"sidecar.istio.io/inject": "true"}}
        spec = {"serviceAccountName": name, "terminationGracePeriodSeconds": 1, "containers": [{"name": name, "image": image}]}
        objects.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
        objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": pod, "spec": spec})
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "server", "namespace": namespace}}
    return [*objects, service | {"spec": {"selector": {"app": "server"}, "ports": ports}}]


FIRST, SECOND = Mesh("istio-system", "basic", "one"), Mesh("istio-system-certs", "certs", "two")
BOTH = [pytest.param(FIRST, SECOND, id="the first to the second"), pytest.param(SECOND, FIRST, id="the second to the first")]


@pytest.fixture(scope="module")
def meshes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A self-signed mesh and one with a plugged-in CA, both STRICT, with the same trust domain."""
    with instance(tmp_path_factory.mktemp("two"), f"t{os.getpid()}") as up:
        for mesh in (FIRST, SECOND):
            up.run("create", "namespace", mesh.home)
            up.run("create", "namespace", mesh.member)
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cacerts", "namespace": SECOND.home}}
        up.apply(yaml.safe_dump(secret | {"stringData": make_own_ca(datetime.now(UTC)).files()}))
        for mesh in (FIRST, SECOND):
            up.apply(mesh.manifest)
        for mesh in (FIRST, SECOND):
            ready = up.run("wait", "-n", mesh.member, "pod", "--all", "--for=condition=Ready", "--timeout=120s", check=False)
            assert ready.code == 0, f"{ready.err}\n{up.run('get', 'events', '-n', mesh.member).out}\n{up.logs()}"
            up.run("wait", f"smcp/{mesh.name}", "-n", mesh.home, "--for=condition=Ready", "--timeout=120s")
            up.within(60, f"{mesh.name} works", lambda mesh=mesh: asked(up, mesh, mesh) == "200")
        yield up


def asked(up: Instance, source: Mesh, target: Mesh) -> str:
    """The HTTP status that the client of one mesh gets from the server of another, or of its own."""
    return up.run("exec", "client", "-n", source.member, "-c", "client", "--", *ASK, f"http://server.{target.member}/", check=False).out


def stats(up: Instance, mesh: Mesh, pod: str) -> str:
    return up.run("get", "--raw", f"/api/v1/namespaces/{mesh.member}/pods/{pod}:15090/proxy/stats/prometheus").out


def counted(up: Instance, mesh: Mesh, counter: str) -> int:
    """The sum of a counter of the server's Envoy."""
    return sum(int(line.rsplit(" ", 1)[1]) for line in stats(up, mesh, "server").splitlines() if line.startswith(counter + "{"))


# -- What each sees ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("mesh", "other"), BOTH)
def test_each_mesh_sees_itself_and_its_members_only(meshes: Instance, mesh: Mesh, other: Mesh) -> None:
    connected = meshes.json_raw("/debug/syncz")[f"{mesh.home}/{mesh.name}"]
    namespaces = {entry["proxy"].split("~")[3].partition(".")[0] for entry in connected}
    assert namespaces == {mesh.home, mesh.member}
    clusters = asyncio.run(discovered(meshes, owner=mesh, server=mesh))
    assert f"server.{mesh.member}.svc".encode() in clusters
    assert [name for name in (other.member, other.home) if f".{name}.svc".encode() in clusters] == []


def test_each_has_a_root_of_its_own_and_the_same_trust_domain(meshes: Instance) -> None:
    assert root_of(meshes, FIRST) != root_of(meshes, SECOND)


def root_of(up: Instance, mesh: Mesh) -> str:
    return str(up.json("get", "configmap", "istio-ca-root-cert", "-n", mesh.member)["data"]["root-cert.pem"])


# -- Calls ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("source", "target"), BOTH)
def test_a_workload_of_one_does_not_reach_a_strict_workload_of_the_other(meshes: Instance, source: Mesh, target: Mesh) -> None:
    refused = counted(meshes, target, "envoy_hauberk_refused_connections_total")
    assert asked(meshes, source, target) == "503"
    assert counted(meshes, target, "envoy_hauberk_refused_connections_total") > refused, "Envoy counted what it refused"
    assert asked(meshes, target, target) == "200"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed; it is the client that shows the certificate")
@pytest.mark.parametrize(("source", "target"), BOTH)
def test_the_genuine_certificate_of_one_mesh_is_a_strangers_in_the_other(meshes: Instance, source: Mesh, target: Mesh) -> None:
    failed = counted(meshes, target, "envoy_listener_ssl_fail_verify_error")
    folder = "/var/run/secrets/workload-spiffe-credentials/current"
    own = ("-cert", f"{folder}/cert-chain.pem", "-key", f"{folder}/key.pem", "-alpn", "istio", "-ign_eof")
    address = f"server.{target.member}:80"
    seen = meshes.run(
        "exec", "client", "-n", source.member, "-c", "istio-proxy", "--", "openssl", "s_client", "-connect", address, *own, check=False
    )
    assert re.search("alert (unknown ca|bad certificate|certificate unknown)", seen.out + seen.err), seen.out + seen.err
    assert counted(meshes, target, "envoy_listener_ssl_fail_verify_error") == failed + 1


# -- Identities -------------------------------------------------------------------------------------------------------
def address_of(up: Instance, mesh: Mesh) -> MeshAddress:
    paths = instance_paths(up.name, up.environment, uid=os.getuid())
    return MeshAddress(mesh.home, mesh.name, DOMAIN, paths.mesh_run(mesh.home, mesh.name))


async def token_of(up: Instance, mesh: Mesh) -> str:
    """What the client's agent proves itself with: a token for the CA, bound to its pod."""
    client = Access.read(Path(up.environment["KUBECONFIG"])).client()
    try:
        pod = await client.request("GET", f"/api/v1/namespaces/{mesh.member}/pods/client")
        bound = {"apiVersion": "v1", "kind": "Pod", "name": "client", "uid": pod["metadata"]["uid"]}
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [CA_AUDIENCE], "boundObjectRef": bound},
        }
        path = f"/api/v1/namespaces/{mesh.member}/serviceaccounts/client/token"
        return str((await client.request("POST", path, body=request))["status"]["token"])
    finally:
        await client.close()


async def certificate(up: Instance, *, owner: Mesh, issuer: Mesh) -> tuple[bytes, bytes]:
    """Chain and key, PEM, for the client of `owner`, asked of the CA of `issuer`."""
    key = make_key()
    identity = SpiffeId.for_workload(DOMAIN, owner.member, "client")
    request = CertificateRequest(make_csr(key, identity), timedelta(hours=1))
    bundle = X509Bundle.parse(DOMAIN, root_of(up, issuer).encode())
    chain = await request_certificate(address_of(up, issuer), request, token=await token_of(up, owner), bundle=bundle)
    return "".join(chain[:-1]).encode(), key_to_pem(key)


@pytest.mark.parametrize(("owner", "issuer"), BOTH)
def test_a_token_of_one_meshs_pod_is_refused_by_the_ca_of_the_other(meshes: Instance, owner: Mesh, issuer: Mesh) -> None:
    chain, _key = asyncio.run(certificate(meshes, owner=owner, issuer=owner))
    assert chain.startswith(b"-----BEGIN CERTIFICATE-----"), "at home it is good"
    with pytest.raises(
        CaCallFailed, match=rf"permission_denied: Namespace {owner.member} is not a member of mesh {issuer.home}/{issuer.name}"
    ):
        asyncio.run(certificate(meshes, owner=owner, issuer=issuer))


async def discovered(up: Instance, *, owner: Mesh, server: Mesh) -> bytes:
    """The first answer of `server`'s discovery to the client of `owner`, with a certificate of its own mesh."""
    chain, key = await certificate(up, owner=owner, issuer=owner)
    roots = root_of(up, server).encode()
    address = address_of(up, server)
    pod = up.json("get", "pod", "client", "-n", owner.member)
    node = f"sidecar~{pod['status']['podIP']}~client.{owner.member}~{owner.member}.svc.cluster.local"
    asking = DeltaDiscoveryRequest(type_url=TYPE_CLUSTER, resource_names_subscribe=["*"])
    asking.node.id = node
    options = [("grpc.ssl_target_name_override", address.server_name), ("grpc.enable_http_proxy", 0)]
    credentials = grpc.ssl_channel_credentials(roots, key, chain)
    async with grpc.aio.secure_channel(f"unix:{address.sockets / XDS_SOCKET}", credentials, options=options) as channel:
        call = channel.stream_stream(f"/{SERVICE}/{DELTA_METHOD}", bytes, bytes)(timeout=10)
        await call.write(asking.SerializeToString())
        answer: bytes = await call.read()
        call.cancel()
        return answer


@pytest.mark.parametrize(("owner", "server"), BOTH)
def test_a_certificate_of_one_mesh_is_refused_by_the_discovery_of_the_other(meshes: Instance, owner: Mesh, server: Mesh) -> None:
    assert f"server.{owner.member}.svc".encode() in asyncio.run(discovered(meshes, owner=owner, server=owner)), "at home it is good"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        asyncio.run(discovered(meshes, owner=owner, server=server))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE, "the handshake fails, nothing is answered"
