"""The CA servers of all meshes, and what their discovery shows: opened, replaced and closed as the API's objects say.

What signs is what Secret `hauberk-ca-in-use` holds, which the CA's controller writes (`controllers.mesh.ca`): here is no decision.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from hauberk.client.http import ApiClient
from hauberk.client.informer import Change, ChangeType
from hauberk.controllers.cluster import Cluster
from hauberk.controllers.mesh.ca import observed_ca
from hauberk.controllers.mesh.ca_settings import CaSettings
from hauberk.controllers.mesh.membership import Mesh, mesh_of
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of, uid_of
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.model.mesh import MeshSettings
from hauberk.names import ANNOTATION_MESH, CA_AUDIENCE, CA_MTLS_SOCKET, CA_SOCKET
from hauberk.pki.ca import Lifetimes, SigningCa
from hauberk.pki.certificates import fingerprint
from hauberk.pki.rate import DEFAULT_RATE
from hauberk.pki.rotation import is_same
from hauberk.pki.server import CERTIFICATE_PROOF, Caller, CaServer, CaServerSettings
from hauberk.pki.serving import ServingCertificate
from hauberk.settings import InstancePaths
from hauberk.xds.server import ServerCredentials

__all__ = ["AUTHORITY_KINDS", "Authorities"]

_log = structlog.get_logger(__name__)

AUTHORITY_KINDS: Final[tuple[Kind, ...]] = (
    core.NAMESPACE,
    core.POD,
    core.SECRET,
    maistra.SERVICE_MESH_CONTROL_PLANE,
    maistra.SERVICE_MESH_MEMBER_ROLL,
    maistra.SERVICE_MESH_MEMBER,
)
"""What to run informers for, in all namespaces."""

_TOKEN_REVIEWS: Final = "/apis/authentication.k8s.io/v1/tokenreviews"  # noqa: S105 - a path
_SERVICE_ACCOUNT_PREFIX: Final = "system:serviceaccount:"
_POD_NAME: Final = "authentication.kubernetes.io/pod-name"
_POD_UID: Final = "authentication.kubernetes.io/pod-uid"


@dataclass(slots=True)
class _Authority:
    """One mesh's CA at work."""

    server: CaServer
    discovery: ServingCertificate


class Authorities:
    """`on_change` takes what informers of `AUTHORITY_KINDS` report; enter `run()` once they are all synced."""

    def __init__(self, client: ApiClient, paths: InstancePaths, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._client = client
        self._paths = paths
        self._clock = clock
        self._cluster = Cluster()
        self._changed = asyncio.Event()
        self._authorities: dict[Mesh, _Authority] = {}
        self._opened = asyncio.Condition()

    def taking(self, kind: Kind) -> Callable[[Change], None]:
        """What to call with the changes of one kind."""

        def on_change(change: Change) -> None:
            if change.type is ChangeType.DELETED:
                self._cluster.remove(kind, change.object)
            else:
                self._cluster.apply(kind, change.object)
            if kind in (core.SECRET, maistra.SERVICE_MESH_CONTROL_PLANE):
                self._changed.set()

        return on_change

    async def run(self) -> None:
        """Keep the CA servers as the objects say, until cancelled."""
        try:
            while True:
                self._changed.clear()
                await self._reconcile()
                await self._changed.wait()
        finally:
            for authority in self._authorities.values():
                await authority.server.stop()

    async def credentials_of(self, settings: MeshSettings) -> Callable[[], ServerCredentials]:
        """Wait until the mesh has its CA; answers what gives discovery's credentials of the moment."""
        mesh = Mesh(settings.root_namespace, settings.name)
        async with self._opened:
            await self._opened.wait_for(lambda: mesh in self._authorities)
        authority = self._authorities[mesh]
        return lambda: ServerCredentials(authority.discovery.at(self._clock()), authority.discovery.ca.bundle)

    async def _reconcile(self) -> None:
        planes = {Mesh(namespace_of(plane), name_of(plane)): plane for plane in self._cluster.list(maistra.SERVICE_MESH_CONTROL_PLANE)}
        for mesh in set(self._authorities) - set(planes):
            await self._authorities.pop(mesh).server.stop()
        for mesh, plane in planes.items():
            choice = observed_ca(plane, self._cluster, now=self._clock())
            if choice.in_use is not None:
                await self._keep(mesh, choice.in_use, CaSettings.of(plane).lifetimes)
            if choice.errors:
                _log.error("no usable CA", mesh=str(mesh), findings=[str(finding) for finding in choice.errors])

    async def _keep(self, mesh: Mesh, ca: SigningCa, lifetimes: Lifetimes) -> None:
        authority = self._authorities.get(mesh)
        if authority is None:
            await self._open(mesh, ca, lifetimes)
            return
        authority.server.lifetimes = lifetimes
        if not is_same(authority.server.ca, ca):
            authority.server.replace_ca(ca)
            authority.discovery.replace_ca(ca)
            _log.info("ca replaced", mesh=str(mesh), signer=fingerprint(ca.path[0]), roots=ca.bundle.fingerprints())

    async def _open(self, mesh: Mesh, ca: SigningCa, lifetimes: Lifetimes) -> None:
        folder = self._paths.mesh_run(*mesh)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        identity = istiod_identity(mesh, ca.trust_domain)
        names = (f"istiod-{mesh.name}.{mesh.namespace}.svc", f"istiod.{mesh.namespace}.svc")
        settings = CaServerSettings(
            socket=folder / CA_SOCKET,
            spiffe_id=identity,
            dns_names=names,
            authenticate=self.authenticate,
            authorize=lambda caller: self.objection_to(mesh, caller),
            mtls_socket=folder / CA_MTLS_SOCKET,
            lifetimes=lifetimes,
            rate=DEFAULT_RATE,
            clock=self._clock,
        )
        server = CaServer(settings, ca)
        await server.start()
        async with self._opened:
            self._authorities[mesh] = _Authority(server, ServingCertificate(ca, identity, names))
            self._opened.notify_all()

    async def authenticate(self, token: str) -> Caller | None:
        """Ask the API who `token` is (TokenReview); only a ServiceAccount's token for the CA's audience will do."""
        review = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": [CA_AUDIENCE]},
        }
        status: Manifest = (await self._client.request("POST", _TOKEN_REVIEWS, body=review)).get("status", {})
        user = status.get("user", {})
        name = str(user.get("username", ""))
        if (
            not status.get("authenticated")
            or CA_AUDIENCE not in status.get("audiences", [])
            or not name.startswith(_SERVICE_ACCOUNT_PREFIX)
        ):
            return None
        namespace, _, service_account = name.removeprefix(_SERVICE_ACCOUNT_PREFIX).partition(":")
        extra = user.get("extra", {})
        return Caller(namespace, service_account, pod=_first(extra, _POD_NAME), pod_uid=_first(extra, _POD_UID))

    def objection_to(self, mesh: Mesh, caller: Caller) -> str | None:
        """Why `caller` gets no certificate of `mesh`: its namespace is not the mesh's, or its pod was not given to it."""
        if caller.namespace != mesh.namespace and mesh_of(self._cluster, caller.namespace) != mesh:
            return f"Namespace {caller.namespace} is not a member of mesh {mesh}. Add it to ServiceMeshMemberRoll {mesh.namespace}/default."
        if caller.proof == CERTIFICATE_PROOF:
            return self._objection_to_holder(mesh, caller)
        pod = self._cluster.get(core.POD, caller.namespace, caller.pod) if caller.pod else None
        if pod is None or (caller.pod_uid and uid_of(pod) != caller.pod_uid):
            return "The token is bound to no pod that is there."
        if pod["metadata"].get("annotations", {}).get(ANNOTATION_MESH) != str(mesh):
            return f"Pod {caller.namespace}/{caller.pod} has no sidecar of mesh {mesh}."
        return None

    def _objection_to_holder(self, mesh: Mesh, caller: Caller) -> str | None:
        """A certificate names an account and no pod: some pod of the mesh must still run as that account."""
        for pod in self._cluster.list(core.POD, caller.namespace):
            account = pod["spec"].get("serviceAccountName") or "default"
            if account == caller.service_account and pod["metadata"].get("annotations", {}).get(ANNOTATION_MESH) == str(mesh):
                return None
        return f"No pod of mesh {mesh} runs as {caller.namespace}/{caller.service_account} any more."


def istiod_identity(mesh: Mesh, trust_domain: TrustDomain) -> SpiffeId:
    """Who the control plane of `mesh` is, towards its proxies."""
    return SpiffeId.for_workload(trust_domain, mesh.namespace, f"istiod-{mesh.name}")


def _first(extra: Manifest, key: str) -> str:
    values = extra.get(key) or [""]
    return str(values[0])
