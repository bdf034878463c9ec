"""Which namespace belongs to which mesh, by what the objects ask for (not by what was already brought about). Pure.

It is asked while a pod is admitted, so that a pod that is made right after its namespace was added to a roll gets its sidecar.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from hauberk.controllers.objects import at, is_terminating, labels_of
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of
from hauberk.k8s.label_selectors import selects
from hauberk.names import DEFAULT_TRUST_DOMAIN

__all__ = [
    "DEFAULT",
    "FINALIZER",
    "Mesh",
    "Reader",
    "control_plane_of",
    "is_cluster_wide",
    "mesh_of",
    "required_namespaces",
    "rolls_naming",
    "trust_domain_of",
]

FINALIZER = "maistra.io/istio-operator"
"""On control planes, rolls and members: what they brought about is undone before they go."""
DEFAULT = "default"
"""The only name that a ServiceMeshMemberRoll or a ServiceMeshMember may have."""
_SYSTEM_NAMES = ("kube", "openshift")
_SYSTEM_PREFIXES = ("kube-", "openshift-", "ibm-")


class Mesh(NamedTuple):
    """A mesh is its ServiceMeshControlPlane; written `namespace/name`."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Reader(Protocol):
    """Looks objects up; `Cluster` is one, the API server's own store another."""

    def get(self, kind: Kind, namespace: str, name: str, /) -> Manifest | None:
        """One object, or None."""

    def list(self, kind: Kind, namespace: str | None = None, /) -> Iterable[Manifest]:
        """All objects of a kind, in one namespace or in all."""


def control_plane_of(reader: Reader, namespace: str) -> Manifest | None:
    """The ServiceMeshControlPlane that rules in a namespace: of several the oldest, then the first by name (getEarliestSMCPInNamespace)."""
    found = reader.list(maistra.SERVICE_MESH_CONTROL_PLANE, namespace)
    return min(found, key=lambda smcp: (smcp["metadata"].get("creationTimestamp", ""), name_of(smcp)), default=None)


def trust_domain_of(smcp: Manifest) -> str:
    """`spec.security.trust.domain`, by default cluster.local."""
    return str(at(smcp, "spec.security.trust.domain") or DEFAULT_TRUST_DOMAIN)


def is_cluster_wide(smcp: Manifest) -> bool:
    """Whether a control plane asks to see all namespaces (before v2.4: as a technology preview)."""
    mode, preview = at(smcp, "spec.mode"), at(smcp, "spec.techPreview.controlPlaneMode")
    return bool(mode == "ClusterWide" or preview == "ClusterScoped")


def required_namespaces(roll: Manifest, reader: Reader) -> list[str]:
    """The namespaces that a roll asks for, sorted, whether they exist or not; never the control plane's own.

    `*` and selectors leave out system namespaces; one that is listed by name is meant, whatever it is called.
    """
    spec, own = roll.get("spec") or {}, namespace_of(roll)
    listed = spec.get("members") or []
    wanted = {name for name in listed if name != "*"}
    selectors = [{}] if "*" in listed else spec.get("memberSelectors") or []
    if selectors:
        wanted |= {
            name_of(namespace)
            for namespace in reader.list(core.NAMESPACE)
            if not _is_system(name_of(namespace)) and any(selects(selector, labels_of(namespace)) for selector in selectors)
        }
    return sorted(wanted - {own})


def _is_system(namespace: str) -> bool:
    return namespace in _SYSTEM_NAMES or namespace.startswith(_SYSTEM_PREFIXES)


def rolls_naming(reader: Reader, namespace: str) -> list[Manifest]:
    """The rolls that ask for a namespace."""
    rolls = reader.list(maistra.SERVICE_MESH_MEMBER_ROLL)
    return [roll for roll in rolls if name_of(roll) == DEFAULT and namespace in required_namespaces(roll, reader)]


def mesh_of(reader: Reader, namespace: str) -> Mesh | None:
    """The mesh that a namespace belongs to: by its own ServiceMeshMember, else by the roll that names it; None without a control plane."""
    # Its own word first: where two rolls name a namespace, the member says which was first.
    member = reader.get(maistra.SERVICE_MESH_MEMBER, namespace, DEFAULT)
    if member is not None and not is_terminating(member):
        reference = (member.get("spec") or {}).get("controlPlaneRef") or {}
        mesh = Mesh(str(reference.get("namespace", "")), str(reference.get("name", "")))
        # A member of a mesh that is gone belongs to none, whatever a roll says: it has to be taken back first.
        return mesh if reader.get(maistra.SERVICE_MESH_CONTROL_PLANE, *mesh) else None
    for roll in rolls_naming(reader, namespace):
        control_plane = control_plane_of(reader, namespace_of(roll))
        if control_plane is not None and not is_terminating(roll):
            return Mesh(namespace_of(control_plane), name_of(control_plane))
    return None
