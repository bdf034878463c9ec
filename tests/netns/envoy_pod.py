"""A real Envoy in a pod's network namespace, with the configuration that the mesh would give it, and an application behind it.

No control plane: manifests are built into one static configuration, as tests/golden does. What is tested is what Envoy makes of it.
"""

import contextlib
import http.server
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from hauberk import names
from hauberk.agent.credentials import Credentials, credential_files
from hauberk.envoy.bootstrap import BootstrapInputs, build_bootstrap
from hauberk.envoy.mesh_resources import build_resources
from hauberk.envoy.messages import Secret
from hauberk.envoy.render import render_resources
from hauberk.k8s.parse_mesh import parse_mesh_settings
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.model.proxy import Proxy, ProxyKind
from hauberk.node.linux.network import PodNetwork
from hauberk.node.linux.syscalls import enter_netns
from hauberk.pki.ca import self_signed_ca
from hauberk.pki.certificates import certificates_to_pem
from hauberk.pki.issue import issue_server_certificate
from hauberk.pki.keys import key_to_pem, make_key
from hauberk.pki.svid import X509Svid
from hauberk.view.apply import apply
from hauberk.view.manifests import parse_change
from hauberk.view.mesh_view import MeshView, empty_view
from tests.golden.static import envoy_binary, static_bootstrap

__all__ = ["Authority", "call", "echo", "make_view", "running_envoy", "scrape", "serve_in"]

DOMAIN = TrustDomain("cluster.local")
DEADLINE_SECONDS = 5.0
_READY = "all dependencies initialized. starting workers"


class Authority:
    """The mesh's CA."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)
        self.ca = self_signed_ca(trust_domain=DOMAIN, key=make_key(), now=self._now, serial=1)

    def issue(self, account: str, namespace: str = "bookinfo") -> X509Svid:
        """A certificate as a workload has it."""
        key, identity = make_key(), SpiffeId.for_workload(DOMAIN, namespace, account)
        leaf = issue_server_certificate(
            key.public_key(), identity, [], issuer=self.ca.issuer, ttl=timedelta(hours=1), now=self._now, serial=2
        )
        return X509Svid((leaf,), key)

    def write(self, folder: Path, svid: X509Svid) -> None:
        """The files that the agent writes, in `folder`."""
        (folder / "v1").mkdir(parents=True)
        for name, content in credential_files(Credentials(svid, self.ca.bundle)).items():
            (folder / "v1" / name).write_bytes(content)
        (folder / "current").symlink_to("v1")

    def client_context(self, folder: Path, account: str = "") -> ssl.SSLContext:
        """A client that shows the certificate of `account`, or none, and takes any server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if account:
            svid, file = self.issue(account), folder / f"{account}.pem"
            file.write_bytes(certificates_to_pem([svid.leaf]) + key_to_pem(svid.key))
            context.load_cert_chain(file)
        return context


def make_view(manifests: Sequence[Mapping[str, Any]]) -> MeshView:
    """The mesh istio-system/basic with the member bookinfo; its ServiceMeshControlPlane may be among the manifests."""
    plane: dict[str, Any] = {"kind": "ServiceMeshControlPlane", "metadata": {"name": "basic", "namespace": "istio-system"}, "spec": {}}
    plane = next((dict(manifest) for manifest in manifests if manifest["kind"] == plane["kind"]), plane)
    settings = parse_mesh_settings(plane, {"spec": {"members": ["bookinfo"]}})
    changes = [change for change in (parse_change(dict(manifest)) for manifest in manifests) if change is not None]
    return apply(empty_view(settings), changes)[0]


@contextlib.contextmanager
def running_envoy(pod: PodNetwork, view: MeshView, name: tuple[str, str], authority: Authority, folder: Path) -> Iterator[Path]:
    """The Envoy of the pod `name` (namespace, name), ready; answers its log."""
    workload = view.workloads[name]
    proxy = Proxy.of(ProxyKind.SIDECAR if workload.has_sidecar else ProxyKind.ROUTER, workload)
    config = static_bootstrap(
        build_bootstrap(BootstrapInputs(proxy, "istio-system", "basic")), render_resources(build_resources(view, proxy))
    )
    del config["dynamic_resources"]
    secrets = build_resources(view, proxy).all(names.TYPE_SECRET).values()
    config["static_resources"]["secrets"] = [_rendered(resource.body) for resource in secrets]
    _take_secrets_from_here(config)
    authority.write(folder / "credentials", authority.issue(workload.service_account, workload.namespace))
    text = json.dumps(config).replace(names.CREDENTIALS_DIR, str(folder / "credentials")).replace(names.PROXY_DIR, str(folder))
    (folder / "envoy.json").write_text(text)
    log, output = folder / "envoy.log", folder / "envoy.out"
    command = [str(envoy_binary()), "-c", str(folder / "envoy.json"), "--concurrency", "1", "--disable-hot-restart"]
    with enter_netns(pod.netns), output.open("w") as stdout:
        process = subprocess.Popen(
            [*command, "-l", "info", "--skip-deprecated-logs"], stderr=subprocess.PIPE, stdout=stdout, text=True, cwd=folder
        )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            with log.open("a") as file:
                file.write(line)
            if _READY in line:
                break
        assert process.poll() is None, log.read_text()
        # Envoy would block on a full pipe.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        _await_ready(pod)
        yield output
    finally:
        process.terminate()
        process.wait(DEADLINE_SECONDS)


def _rendered(body: bytes) -> dict[str, Any]:
    secret = Secret()
    secret.ParseFromString(body)
    return dict(MessageToDict(secret, preserving_proto_field_name=True))


def _take_secrets_from_here(node: Any) -> None:
    """Secrets that would come by ADS are in the static configuration."""
    if isinstance(node, dict) and "ads" in node.get("sds_config", {}):
        del node["sds_config"]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _take_secrets_from_here(child)


def _await_ready(pod: PodNetwork) -> None:
    """Workers start a moment after the line that says so."""
    until = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError), call(pod, pod.address, names.STATUS_PORT) as client:
            client.sendall(b"GET /healthz/ready HTTP/1.1\r\nhost: x\r\n\r\n")
            if client.recv(100).startswith(b"HTTP/1.1 200"):
                return
    raise AssertionError("Envoy is not ready")


def call(pod: PodNetwork, address: str, port: int, *, deadline: float = DEADLINE_SECONDS) -> socket.socket:
    """A connection from inside `pod`."""
    with enter_netns(pod.netns):
        client = socket.socket(socket.AF_INET)
    client.settimeout(deadline)
    client.connect((address, port))
    return client


def serve_in(pod: PodNetwork, port: int, serve: Callable[[socket.socket], None]) -> None:
    """Accept on a port of the pod, each connection in a thread of its own, until the process ends."""
    with enter_netns(pod.netns):
        listener = socket.create_server((pod.address, port))

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_quietly, args=(serve, connection), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _quietly(serve: Callable[[socket.socket], None], connection: socket.socket) -> None:
    # A test is about what the client sees; an application may be cut off at any moment.
    with contextlib.suppress(OSError), connection:
        serve(connection)


def echo(connection: socket.socket) -> None:
    """An HTTP application that answers with the headers it got as JSON, and in `x-server` with its own address."""
    _Echo(connection, connection.getpeername(), None)  # it never asks for its server


class _Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()} | {":path": self.path}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-server", self.connection.getsockname()[0])
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_args: object) -> None:
        return


def scrape(pod: PodNetwork, counter: str) -> list[tuple[dict[str, str], int]]:
    """Labels and value of every sample of one of our counters."""
    with call(pod, pod.address, names.PROMETHEUS_PORT) as client:
        client.sendall(b"GET /stats/prometheus HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    lines = re.findall(rf"^envoy_hauberk_{counter}{{(.*)}} (\d+)$", text, re.MULTILINE)
    return [(dict(re.findall(r'(\w+)="([^"]*)"', labels)), int(value)) for labels, value in lines]
