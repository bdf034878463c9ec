"""From the parts that a control plane wants to the writes that are missing: stamp, compare, prune. Pure.

Source of the labels: maistra/istio-operator pkg/controller/common/metadata.go, controlplane/{manifestprocessing,pruner}.go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hauberk import names
from hauberk.controllers.actions import Action, Create, Delete, Patch
from hauberk.controllers.cluster import Cluster
from hauberk.controllers.mesh.membership import DEFAULT, Mesh
from hauberk.controllers.objects import controller_uid, covers, is_terminating, labels_of, merge_difference, owner_reference
from hauberk.controllers.smcp.parts import ControlPlane, Part
from hauberk.k8s import apps, cluster_networking, core, maistra, networking, route, security
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of, uid_of

__all__ = ["Writes", "chart_version", "mesh_version", "placed_elsewhere", "plan_parts"]

_MANAGED_BY = "app.kubernetes.io/managed-by"
_OPERATOR = "maistra-istio-operator"
_GATEWAY_KINDS = (core.SERVICE_ACCOUNT, apps.DEPLOYMENT, core.SERVICE, route.ROUTE)
_POLICIES = (security.PEER_AUTHENTICATION, networking.DESTINATION_RULE)
_EXACT = (*_POLICIES, cluster_networking.NETWORK_POLICY)
"""Kinds of which every field decides something, so that one that somebody added is undone as well."""


@dataclass(frozen=True, slots=True)
class Writes:
    """What is missing, by its place in the order that is safe and quick.

    With mTLS being switched on, clients are told to send it before servers demand it; being switched off, servers stop
    demanding it before the clients' rule goes. What changes no traffic (a label) comes after all that.
    """

    clients: list[Action] = field(default_factory=list)
    """DestinationRules that are new or say something else."""
    servers: list[Action] = field(default_factory=list)
    """PeerAuthentications that are new or say something else."""
    gone: list[Action] = field(default_factory=list)
    """Policies that are no longer wanted."""
    rest: list[Action] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    """Objects of a wanted name that somebody else made, as `Kind namespace/name`; they are left as they are."""

    outside: list[str] = field(default_factory=list)
    """Objects that are wanted in namespaces outside the mesh, in the operator's words; they are not made."""

    @property
    def any(self) -> bool:
        """Whether something is left to write."""
        return bool(self.clients or self.servers or self.gone or self.rest)


def chart_version(plane: ControlPlane) -> str:
    """The version that `kubectl get smcp` shows, such as 2.1.0 for v2.1."""
    major, minor = plane.version
    return f"{major}.{minor}.0"


def mesh_version(plane: ControlPlane) -> str:
    """Operator's version and the spec's generation: what each object was written for."""
    return f"{plane.proxy_version}-{plane.manifest['metadata'].get('generation', 1)}"


def plan_parts(plane: ControlPlane, parts: Iterable[Part], cluster: Cluster) -> Writes:
    """Compare `parts` with what is there, and with what was written for an earlier spec."""
    writes, wanted = Writes(), set()
    for part in parts:
        stamped = _stamp(plane, part)
        name, namespace = name_of(stamped), namespace_of(stamped)
        if not _is_in_mesh(plane, namespace, cluster):
            writes.outside.append(f"{part.component}: namespace of manifest {namespace}/{name} not in mesh")
            continue
        wanted.add((part.kind.plural, namespace, name))
        live = cluster.get(part.kind, namespace, name)
        if live is None:
            _place(writes, part.kind).append(Create(part.kind, stamped))
        elif not _is_ours(plane, live):
            writes.conflicts.append(f"{part.kind.kind} {namespace}/{name}")
        elif not is_terminating(live) and not _is_as_wanted(part.kind, live, stamped):
            # A patch of what differs, not a replacement: others write status and defaults into the same objects.
            patch = merge_difference(live, _written_over(part.kind, live, stamped))
            target = _place(writes, part.kind) if "spec" in patch else writes.rest
            target.append(Patch(part.kind, namespace, name, patch))
    for kind, obj in _surplus(plane, cluster, wanted):
        target = writes.gone if kind in _POLICIES else writes.rest
        target.append(Delete(kind, namespace_of(obj), name_of(obj), uid_of(obj)))
    return writes


def _place(writes: Writes, kind: Kind) -> list[Action]:
    if kind == networking.DESTINATION_RULE:
        return writes.clients
    return writes.servers if kind == security.PEER_AUTHENTICATION else writes.rest


def _stamp(plane: ControlPlane, part: Part) -> Manifest:
    metadata = part.manifest["metadata"]
    version, mesh = mesh_version(plane), plane.mesh
    labels = {
        "maistra-version": chart_version(plane),
        "app.kubernetes.io/name": part.component,
        "app.kubernetes.io/component": part.component,
        "app.kubernetes.io/instance": mesh.namespace,
        "app.kubernetes.io/version": version,
        "app.kubernetes.io/part-of": "istio",
        _MANAGED_BY: _OPERATOR,
        names.LABEL_OWNER: mesh.namespace,
        names.LABEL_OWNER_NAME: mesh.name,
    }
    stamped = metadata | {
        "labels": (metadata.get("labels") or {}) | labels,
        "annotations": (metadata.get("annotations") or {}) | {"maistra.io/mesh-generation": version},
    }
    if namespace_of(part.manifest) == mesh.namespace:  # owners are of the same namespace; elsewhere the labels are all there is
        stamped["ownerReferences"] = [owner_reference(maistra.SERVICE_MESH_CONTROL_PLANE, plane.manifest)]
    return part.manifest | {"metadata": stamped}


def _is_ours(plane: ControlPlane, live: Manifest) -> bool:
    return _is_of(plane.mesh, live)


def _is_of(mesh: Mesh, live: Manifest) -> bool:
    ours = {_MANAGED_BY: _OPERATOR, names.LABEL_OWNER: mesh.namespace, names.LABEL_OWNER_NAME: mesh.name}
    return ours.items() <= labels_of(live).items()


def _is_in_mesh(plane: ControlPlane, namespace: str, cluster: Cluster) -> bool:
    if namespace == plane.mesh.namespace:
        return True
    roll = cluster.get(maistra.SERVICE_MESH_MEMBER_ROLL, plane.mesh.namespace, DEFAULT)
    return namespace in (((roll or {}).get("status") or {}).get("configuredMembers") or ())


def placed_elsewhere(mesh: Mesh, cluster: Cluster) -> list[tuple[Kind, Manifest]]:
    """What the control plane made in other namespaces: gateways, which have no owner reference there."""
    return [
        (kind, obj) for kind in _GATEWAY_KINDS for obj in cluster.list(kind) if namespace_of(obj) != mesh.namespace and _is_of(mesh, obj)
    ]


def _surplus(plane: ControlPlane, cluster: Cluster, wanted: set[tuple[str, str, str]]) -> Sequence[tuple[Kind, Manifest]]:
    uid = uid_of(plane.manifest)
    return [
        (kind, obj)
        for kind, obj in [*cluster.owned(uid), *placed_elsewhere(plane.mesh, cluster)]
        if (kind.plural, namespace_of(obj), name_of(obj)) not in wanted
        and controller_uid(obj) in (uid, "")
        and _is_ours(plane, obj)
        and not is_terminating(obj)
    ]


def _is_as_wanted(kind: Kind, live: Manifest, wanted: Manifest) -> bool:
    return covers(live, wanted) and (kind not in _EXACT or live.get("spec") == wanted.get("spec"))


def _written_over(kind: Kind, live: Manifest, wanted: Manifest) -> Manifest:
    merged: Manifest = _merged(live, wanted)
    return merged | ({"spec": wanted["spec"]} if kind in _EXACT else {})


def _merged(live: Any, wanted: Any) -> Any:
    """`wanted` over `live`, which keeps what the API filled in."""
    if isinstance(live, dict) and isinstance(wanted, dict):
        return live | {key: _merged(live.get(key), value) for key, value in wanted.items()}
    if isinstance(live, list) and isinstance(wanted, list) and len(live) == len(wanted):
        return [_merged(one, other) for one, other in zip(live, wanted, strict=True)]
    return wanted
