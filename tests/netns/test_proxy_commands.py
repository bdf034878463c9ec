"""proxy-status, proxy-config and build on a whole mesh: what they say is what the Envoys have."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.netns.instance import BOOKINFO, Instance, cause_of_no_namespaces, instance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("mesh"),
    pytest.mark.skipif(bool(cause_of_no_namespaces()), reason=cause_of_no_namespaces()),
]
REVIEWS = "outbound|9080||reviews.bookinfo.svc.cluster.local"
POD = "deploy/reviews-v1"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with instance(tmp_path_factory.mktemp("mesh"), f"p{os.getpid()}") as made:
        made.mesh()
        made.members("bookinfo")
        made.bookinfo()
        yield made


def test_every_sidecar_and_gateway_is_synced(up: Instance) -> None:
    def synced() -> bool:
        rows = [line.split() for line in up.run("proxy-status").out.splitlines()[1:]]
        return len(rows) == 8 and all("STALE" not in row and "ERROR" not in row for row in rows)

    up.within(30, "eight Envoys are synced", synced)
    entries = json.loads(up.run("proxy-status", "-o", "json").out)
    assert {entry["mesh"] for entry in entries} == {"istio-system/basic"}


def test_one_envoy_may_be_asked_for_and_one_that_is_not_there_is_told(up: Instance) -> None:
    name = up.run("proxy-status").out.splitlines()[1].split()[0]
    assert len(up.run("proxy-status", name).out.splitlines()) == 2
    assert up.run("proxy-status", "nope", check=False).err == (
        "error: No Envoy of nope is connected. `hauberk proxy-status` shows those that are.\n"
    )


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("clusters", "reviews.bookinfo.svc.cluster.local"),
        ("listeners", "Route: 9080"),
        ("routes", "reviews.bookinfo.svc.cluster.local:9080"),
        ("endpoints", REVIEWS),
        ("secrets", "Cert Chain   ACTIVE   true"),
    ],
)
def test_the_envoy_of_a_pod_says_what_it_has(up: Instance, kind: str, line: str) -> None:
    assert line in up.run("proxy-config", kind, POD, "-n", "bookinfo").out


def test_secrets_are_shown_without_their_key(up: Instance) -> None:
    told = up.run("proxy-config", "secrets", POD, "-n", "bookinfo", "-o", "json").out
    assert [secret["name"] for secret in json.loads(told)] == ["ROOTCA", "default"]
    assert "private_key" not in told


def test_build_gives_from_files_what_the_running_envoy_has(up: Instance, tmp_path: Path) -> None:
    documents = [one for one in yaml.safe_load_all((BOOKINFO / "bookinfo.yaml").read_text()) if one]
    for one in documents:
        one["metadata"]["namespace"] = "bookinfo"
    plane, roll = up.json("get", "smcp", "basic", "-n", "istio-system"), up.json("get", "smmr", "default", "-n", "istio-system")
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all([*documents, plane, roll]))
    built = json.loads(up.run("build", "-f", str(tmp_path), "--proxy", "bookinfo/reviews-v1", "-o", "json").out)

    def live(kind: str) -> dict[str, object]:
        told = json.loads(up.run("proxy-config", kind, POD, "-n", "bookinfo", "-o", "json").out)
        return {one["name"]: one for one in told if "name" in one}

    clusters, listeners = live("clusters"), live("listeners")
    assert {one["name"]: one for one in built["clusters"]}[REVIEWS] == clusters[REVIEWS]
    inbound = {one["name"]: one for one in built["listeners"]}["virtualInbound"]
    assert inbound == listeners["virtualInbound"]


GATEWAY = """apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop, namespace: bookinfo}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [shop.example], tls: {mode: SIMPLE, credentialName: shop}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: bookinfo}
spec: {hosts: [shop.example], gateways: [shop], http: [{route: [{destination: {host: productpage}}]}]}
"""
ASK = """
import socket, ssl, sys
context = ssl.create_default_context(cadata=sys.argv[2])
with context.wrap_socket(socket.create_connection((sys.argv[1], 443), 10), server_hostname="shop.example") as client:
    client.sendall(b"GET /productpage HTTP/1.1\\r\\nhost: shop.example\\r\\nconnection: close\\r\\n\\r\\n")
    print(client.version(), client.recv(100).split(b" ")[1].decode())
"""


def test_a_gateway_serves_tls_from_a_secret_to_a_client_in_the_mesh(up: Instance, tmp_path: Path) -> None:
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "5")
    named = ("-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example", "-keyout", str(key), "-out", str(certificate))
    subprocess.run([shutil.which("openssl") or "openssl", *new, *named], check=True, capture_output=True)
    data = {name: base64.b64encode(file.read_bytes()).decode() for name, file in (("tls.crt", certificate), ("tls.key", key))}
    metadata = {"name": "shop", "namespace": "istio-system"}
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data}
    up.run("apply", "-f", "-", stdin=json.dumps(secret))
    up.run("apply", "-f", "-", stdin=GATEWAY)
    address = up.json("get", "svc", "istio-ingressgateway", "-n", "istio-system")["spec"]["clusterIP"]
    asking = ("exec", "deploy/productpage-v1", "-n", "bookinfo", "-c", "productpage", "--", "python3", "-c", ASK, address)

    def served() -> bool:
        return up.run(*asking, certificate.read_text(), check=False).out == "TLSv1.3 200\n"

    up.within(30, "the gateway serves TLS", served)
    shown = up.run("proxy-config", "secrets", "deploy/istio-ingressgateway", "-n", "istio-system", "-o", "json").out
    assert [one["name"] for one in json.loads(shown)] == ["ROOTCA", "default", "kubernetes://shop"]
    assert "private_key" not in shown
