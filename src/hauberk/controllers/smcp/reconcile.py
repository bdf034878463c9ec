"""ServiceMeshControlPlane: everything that a mesh consists of beside its members, and the status that says how far it got. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hauberk import names
from hauberk.controllers.actions import Action, Delete, Event, Patch, PatchStatus, Together
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, controller_of_kind, itself
from hauberk.controllers.mesh.ca import CaChoice, observed_ca
from hauberk.controllers.mesh.membership import FINALIZER, Mesh, control_plane_of
from hauberk.controllers.objects import condition_of, is_terminating, labels_of, merge_difference
from hauberk.controllers.smcp.apply_parts import Writes, placed_elsewhere, plan_parts
from hauberk.controllers.smcp.authority import ROTATING, authority_condition
from hauberk.controllers.smcp.gateways import gateway_parts
from hauberk.controllers.smcp.mesh_config import mesh_config_parts
from hauberk.controllers.smcp.network_policies import network_policies
from hauberk.controllers.smcp.parts import ControlPlane, Part
from hauberk.controllers.smcp.policies import destination_rules, peer_authentications
from hauberk.controllers.smcp.profiles import ProfileUnknown
from hauberk.controllers.smcp.status import Problem, Progress, deleting_conditions, readiness_of, status_of, without_mesh
from hauberk.controllers.smcp.validity import spec_objection
from hauberk.k8s import apps, cluster_networking, core, maistra, networking, route, security
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of

__all__ = ["controller", "plan"]

_IGNORE_NAMESPACE = "maistra.io/ignore-namespace"
_SMCP = maistra.SERVICE_MESH_CONTROL_PLANE
_OWNED = (
    security.PEER_AUTHENTICATION,
    networking.DESTINATION_RULE,
    core.CONFIG_MAP,
    core.SERVICE_ACCOUNT,
    apps.DEPLOYMENT,
    core.SERVICE,
    route.ROUTE,
    cluster_networking.NETWORK_POLICY,
)
_MULTIPLE = "reconciliation skipped: error: multiple ServiceMeshControlPlane resources exist in the namespace"


def plan(cluster: Cluster, key: Key, now: datetime, *, version: str) -> Sequence[Action]:
    """Bring the mesh `key` to its spec, or take it down.

    Policies are written first, then the status that says that something is under way, then the rest: a change of mTLS
    reaches the proxies without waiting for labels on Deployments. `version` is ours.
    """
    smcp = cluster.get(_SMCP, *key)
    if smcp is None:
        return ()
    if is_terminating(smcp):
        return _take_down(smcp, cluster, now)
    if smcp is not control_plane_of(cluster, key.namespace):
        return _report(smcp, without_mesh(smcp, Problem("ErrMultipleSMCPs", _MULTIPLE, "Unknown"), now=now))
    try:
        plane = ControlPlane.of(smcp, version)
    except ProfileUnknown as error:
        return _report(smcp, without_mesh(smcp, Problem("ReconcileError", f"Error rendering helm charts: error: {error}"), now=now))
    if objection := spec_objection(plane):
        problem = Problem("ValidationError", f"Spec is invalid: error: {objection}")
        return _report(smcp, without_mesh(smcp, problem, now=now))
    choice = observed_ca(smcp, cluster, now=now)
    writes = plan_parts(plane, _parts(plane), cluster)
    has_ca = choice.ca is not None or choice.in_use is not None
    progress = Progress(writes.any, _problem(writes, choice), readiness_of(plane, cluster, has_ca=has_ca), authority_condition(choice))
    report = _report(smcp, status_of(plane, progress, now=now))
    stages = (writes.clients, writes.servers, writes.gone)
    traffic = [Together(tuple(stage)) for stage in stages if stage]
    rest = [Together(tuple(writes.rest))] if writes.rest else []
    return [*_claim(plane, cluster), *traffic, *report, *rest]


def _parts(plane: ControlPlane) -> Iterable[Part]:
    yield from destination_rules(plane)
    yield from peer_authentications(plane)
    yield from mesh_config_parts(plane)
    yield from gateway_parts(plane)
    yield from network_policies(plane)


def _problem(writes: Writes, choice: CaChoice) -> Problem | None:
    # The CA first: without one nothing else that is wrong matters.
    if choice.errors:
        stays = " The CA in use stays in use." if choice.in_use is not None else ""
        return Problem("ReconcileError", " ".join(map(str, choice.errors)) + stays)
    if writes.outside:
        return Problem("ReconcileError", f"Error processing component {writes.outside[0]}")
    if writes.conflicts:
        mend = "made by somebody else, and left as it is. Delete or rename it, and the mesh makes its own."
        return Problem("ReconcileError", f"{', '.join(writes.conflicts)}: {mend}")
    return None


def _claim(plane: ControlPlane, cluster: Cluster) -> list[Action]:
    """The finalizer on the control plane, the mesh's labels on its namespace."""
    smcp, namespace = plane.manifest, plane.mesh.namespace
    actions: list[Action] = []
    finalizers = smcp["metadata"].get("finalizers") or []
    if FINALIZER not in finalizers:
        actions.append(Patch(_SMCP, namespace, name_of(smcp), {"metadata": {"finalizers": [*finalizers, FINALIZER]}}))
    labels = {names.LABEL_MEMBER_OF: namespace} | ({_IGNORE_NAMESPACE: "ignore"} if plane.version < (2, 4) else {})
    home = cluster.get(core.NAMESPACE, "", namespace)
    if home is not None and labels.items() - labels_of(home).items():
        actions.append(Patch(core.NAMESPACE, "", namespace, {"metadata": {"labels": labels}}))
    return actions


def _report(smcp: Manifest, status: Manifest) -> list[Action]:
    """The patch of the status, and an Event for each condition that now says something else."""
    change = merge_difference(smcp.get("status") or {}, status)
    if not change:
        return []
    events = [event for condition in status["conditions"] if (event := _event(smcp, condition)) is not None]
    return [PatchStatus(_SMCP, namespace_of(smcp), name_of(smcp), change), *events]


def _event(smcp: Manifest, condition: Manifest) -> Event | None:
    if condition["type"] == "Installed":  # says what Reconciled says
        return None
    known = condition_of(smcp, condition["type"])
    if known is not None and (known["reason"], known["message"]) == (condition["reason"], condition["message"]):
        return None
    if condition["reason"] == ROTATING:  # the CA's own controller tells each step
        return None
    if condition["type"] == "Ready" and condition["status"] != "True" and condition["reason"] != "ComponentsNotReady":
        return None  # copies Reconciled
    wrong = condition["status"] != "True" and condition["reason"] not in _EXPECTED
    return Event(smcp, condition["reason"], condition["message"], "Warning" if wrong else "Normal")


_EXPECTED = (
    "ResourceCreated",
    "SpecUpdated",
    "OperatorUpdated",
    "PausingInstall",
    "PausingUpdate",
    "ComponentsNotReady",
    "Deleting",
    "NotShipped",
)


# -- Taking down ------------------------------------------------------------------------------------------------------
def _take_down(smcp: Manifest, cluster: Cluster, now: datetime) -> Sequence[Action]:
    finalizers = smcp["metadata"].get("finalizers") or []
    if FINALIZER not in finalizers:
        return ()
    # The finalizer holds the object, so that what is left can be seen to go; what they own, the API's collector takes.
    owned = [*cluster.owned(uid_of(smcp)), *placed_elsewhere(Mesh(namespace_of(smcp), name_of(smcp)), cluster)]
    if owned:
        going = [Delete(kind, namespace_of(obj), name_of(obj), uid_of(obj)) for kind, obj in owned if not is_terminating(obj)]
        return [*_report(smcp, deleting_conditions(smcp, now=now)), *([Together(tuple(going))] if going else [])]
    left = [name for name in finalizers if name != FINALIZER]
    return [*_unlabel(smcp, cluster), Patch(_SMCP, namespace_of(smcp), name_of(smcp), {"metadata": {"finalizers": left or None}})]


def _unlabel(smcp: Manifest, cluster: Cluster) -> list[Action]:
    home = cluster.get(core.NAMESPACE, "", namespace_of(smcp))
    labels = labels_of(home) if home is not None else {}
    if labels.get(names.LABEL_MEMBER_OF) != namespace_of(smcp):
        return []
    gone = {name: None for name in (names.LABEL_MEMBER_OF, _IGNORE_NAMESPACE) if name in labels}
    return [Patch(core.NAMESPACE, "", namespace_of(smcp), {"metadata": {"labels": gone}})]


# -- The controller ---------------------------------------------------------------------------------------------------
def _all_in_namespace(obj: Manifest, cluster: Cluster) -> list[Key]:
    """A control plane waits for its rival to go."""
    return [Key(namespace_of(one), name_of(one)) for one in cluster.list(_SMCP, namespace_of(obj))] + [*itself(obj, cluster)]


def _planes_beside(roll: Manifest, cluster: Cluster) -> list[Key]:
    return _all_in_namespace(roll, cluster)[:-1]


def _of_secret(secret: Manifest, cluster: Cluster) -> list[Key]:
    return _all_in_namespace(secret, cluster)[:-1] if name_of(secret) in names.CA_SECRETS else []


def _owner_of(obj: Manifest, cluster: Cluster) -> Iterable[Key]:
    """The owner, in another namespace (a gateway's) by the labels."""
    labels = labels_of(obj)
    key = Key(labels.get(names.LABEL_OWNER, ""), labels.get(names.LABEL_OWNER_NAME, ""))
    return controller_of_kind(_SMCP)(obj, cluster) or ((key,) if key.name else ())


def _of_owned(obj: Manifest, cluster: Cluster) -> Iterable[Key]:
    """The owner; of somebody else's object in a control plane's namespace, that control plane: it may have stood in the way."""
    return controller_of_kind(_SMCP)(obj, cluster) or _all_in_namespace(obj, cluster)[:-1]


def controller(version: str) -> Controller:
    """The controller; `version` is ours, and the tag of the proxy's image."""
    policies = (security.PEER_AUTHENTICATION, networking.DESTINATION_RULE)
    owned = [Watch(kind, _of_owned if kind in policies else _owner_of) for kind in _OWNED]

    # The roll says in which namespaces gateways may be.
    watches = (
        Watch(_SMCP, _all_in_namespace),
        Watch(maistra.SERVICE_MESH_MEMBER_ROLL, _planes_beside),
        Watch(core.SECRET, _of_secret),
        *owned,
    )

    def run(cluster: Cluster, key: Key, now: datetime) -> Sequence[Action]:
        return plan(cluster, key, now, version=version)

    return Controller("servicemeshcontrolplane-controller", watches, run)
