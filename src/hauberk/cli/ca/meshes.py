"""The meshes of an API with their CAs: what the ServiceMeshControlPlane asks for, and what the Secrets and ConfigMaps hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hauberk.cli.session import Session
from hauberk.client.http import ApiStatusError
from hauberk.controllers.mesh.ca import CaChoice, choose_ca
from hauberk.controllers.mesh.membership import Mesh, control_plane_of, trust_domain_of
from hauberk.errors import NotFoundError
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of
from hauberk.names import CA_SECRET, CACERTS_SECRET, ROOT_CONFIG_MAP

__all__ = ["MeshCa", "find_meshes", "read_mesh"]


@dataclass(frozen=True, slots=True)
class MeshCa:
    """One mesh: the CA that it asks for, and the ConfigMap with the roots that its workloads trust, None before it is written."""

    mesh: Mesh
    trust_domain: str
    choice: CaChoice
    roots: Manifest | None


@dataclass(frozen=True, slots=True)
class _Listed:
    """Control planes that were listed, to be asked which of them rules."""

    planes: Sequence[Manifest]

    def get(self, _kind: Kind, _namespace: str, _name: str, /) -> Manifest | None:
        return None

    def list(self, _kind: Kind, namespace: str | None = None, /) -> Iterable[Manifest]:
        return [plane for plane in self.planes if namespace in (None, namespace_of(plane))]


async def find_meshes(session: Session, mesh: str) -> list[Manifest]:
    """The ServiceMeshControlPlanes that rule in their namespaces, sorted; `mesh` is NAME, NAMESPACE/NAME, or empty for all.

    Only the session's namespace is looked at where it was given. Raises: NotFoundError where none is left.
    """
    namespace, slash, name = mesh.rpartition("/")
    where = namespace if slash else session.namespace if session.namespace_given else None
    planes = (await session.client.list(maistra.SERVICE_MESH_CONTROL_PLANE, where)).items
    listed = _Listed(planes)
    ruling = [plane for plane in planes if plane is control_plane_of(listed, namespace_of(plane)) and name in ("", name_of(plane))]
    if not ruling:
        called = f" called {name}" if name else ""
        place = f"in namespace {where}" if where else "in this API"
        raise NotFoundError(f"There is no mesh{called} {place}. See them: hauberk get smcp -A")
    return sorted(ruling, key=lambda plane: (namespace_of(plane), name_of(plane)))


async def read_mesh(session: Session, smcp: Manifest, *, now: datetime) -> MeshCa:
    """The CA of `smcp` from the Secrets in its namespace."""
    namespace = namespace_of(smcp)
    cacerts, own = [await _get(session, core.SECRET, namespace, name) for name in (CACERTS_SECRET, CA_SECRET)]
    roots = await _get(session, core.CONFIG_MAP, namespace, ROOT_CONFIG_MAP)
    choice = choose_ca(smcp, cacerts, own, now=now)
    return MeshCa(Mesh(namespace, name_of(smcp)), trust_domain_of(smcp), choice, roots)


async def _get(session: Session, kind: Kind, namespace: str, name: str) -> Manifest | None:
    try:
        return await session.client.get(kind, name, namespace)
    except ApiStatusError as error:
        if error.code == 404:
            return None
        raise
