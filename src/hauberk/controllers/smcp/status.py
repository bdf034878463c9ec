"""The status of a ServiceMeshControlPlane: conditions with the documented reasons and messages, readiness, what was applied. Pure.

Source: maistra/istio-operator pkg/apis/maistra/status/status.go, pkg/controller/servicemesh/controlplane/{reconciler,readiness}.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hauberk.controllers.cluster import Cluster
from hauberk.controllers.objects import condition_is, condition_of, set_condition
from hauberk.controllers.smcp.apply_parts import chart_version, mesh_version
from hauberk.controllers.smcp.gateways import gateways_of
from hauberk.controllers.smcp.implemented import fields_without_effect, missing_addons
from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.k8s import apps
from hauberk.k8s.kind import Manifest

__all__ = ["Problem", "Progress", "deleting_conditions", "plan_conditions", "readiness_of", "status_of", "without_mesh"]

_WHERE_ADDONS = (
    "Their policies exist as OpenShift Service Mesh makes them; install the programs yourself "
    "(prometheus.io, grafana.com, kiali.io, jaegertracing.io), or switch them off in spec.addons and spec.tracing."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the mesh is not as its spec asks; `status` of the condition is False, or Unknown where nothing was tried."""

    reason: str
    message: str
    status: str = "False"


@dataclass(frozen=True, slots=True)
class Progress:
    """What this plan found: is something left to write, is something wrong, which components are ready."""

    is_writing: bool
    problem: Problem | None
    readiness: Mapping[str, bool]
    authority: Manifest | None = None
    """A condition about the CA, where there is something to say."""

    @property
    def unready(self) -> list[str]:
        """The components that are not ready, sorted."""
        return sorted(name for name, is_ready in self.readiness.items() if not is_ready)


def readiness_of(plane: ControlPlane, cluster: Cluster, *, has_ca: bool) -> dict[str, bool]:
    """Component to whether it is ready; a component is a chart, ready when all its Deployments are Available."""
    ready = {"istio-discovery": has_ca, "mesh-config": True}
    for gateway in gateways_of(plane):
        deployment = cluster.get(apps.DEPLOYMENT, gateway.namespace, gateway.name)
        available = deployment is not None and condition_is(deployment, "Available") and _is_observed(deployment)
        ready[gateway.component] = ready.get(gateway.component, True) and available
    return ready


def _is_observed(deployment: Manifest) -> bool:
    return bool(deployment["metadata"].get("generation", 1) == deployment.get("status", {}).get("observedGeneration"))


def status_of(plane: ControlPlane, progress: Progress, *, now: datetime) -> dict[str, Any]:
    """The whole status. `observedGeneration` and `reconciledVersion` move when all is written, so that an update can tell from where."""
    known = plane.manifest.get("status") or {}
    conditions = plan_conditions(plane, progress, now=now)
    ready = sorted(name for name, is_ready in progress.readiness.items() if is_ready)
    unready = progress.unready
    status: dict[str, Any] = {
        "conditions": conditions,
        "readiness": {"components": {"ready": ready, "unready": unready, "pending": []}},
        "annotations": (known.get("annotations") or {}) | {"readyComponentCount": f"{len(ready)}/{len(progress.readiness)}"},
        "appliedSpec": plane.spec,
        "chartVersion": chart_version(plane),
        "operatorVersion": plane.proxy_version,
    }
    # Only when all is as wanted: until then, "updating from" must still know from where.
    if not progress.is_writing and condition_is({"status": status}, "Reconciled"):
        status |= {"observedGeneration": plane.manifest["metadata"].get("generation", 1), "reconciledVersion": mesh_version(plane)}
    return known | status


def without_mesh(smcp: Manifest, problem: Problem, *, now: datetime) -> dict[str, Any]:
    """The status of a control plane that is not reconciled at all."""
    known = smcp.get("status") or {}
    conditions: Sequence[Manifest] = known.get("conditions") or []
    for condition in ("Reconciled", "Ready"):
        conditions = set_condition(conditions, _condition(condition, problem.status, problem.reason, problem.message), now=now)
    return known | {"conditions": list(conditions)}


def deleting_conditions(smcp: Manifest, *, now: datetime) -> dict[str, Any]:
    """The status while the mesh is taken down."""
    return without_mesh(smcp, Problem("Deleting", "Deleting service mesh"), now=now)


def plan_conditions(plane: ControlPlane, progress: Progress, *, now: datetime) -> list[Manifest]:
    """Installed, Reconciled, Ready; and AddonsInstalled, FieldsImplemented where there is something to say."""
    smcp = plane.manifest
    reconciled = _reconciled(plane, progress)
    wanted = [_installed(plane, reconciled), reconciled, _ready(reconciled, progress.unready), *_remarks(plane)]
    wanted += [progress.authority] if progress.authority else []
    names = {condition["type"] for condition in wanted}
    # What there is nothing to say about any more (no add-on, no odd field) goes.
    conditions = [known for known in (smcp.get("status") or {}).get("conditions") or [] if known["type"] in names]
    for condition in wanted:
        conditions = set_condition(conditions, condition, now=now)
    return conditions


def _installed(plane: ControlPlane, reconciled: Manifest) -> Manifest:
    known = condition_of(plane.manifest, "Installed")
    if known is not None and known["status"] == "True":
        return {field: known[field] for field in ("type", "status", "reason", "message")}
    if reconciled["status"] == "True":
        return _condition("Installed", "True", "InstallSuccessful", f"Successfully installed version {mesh_version(plane)}")
    return reconciled | {"type": "Installed"}


def _reconciled(plane: ControlPlane, progress: Progress) -> Manifest:
    if progress.problem is not None:
        return _condition("Reconciled", progress.problem.status, progress.problem.reason, progress.problem.message)
    smcp = plane.manifest
    before, after = (smcp.get("status") or {}).get("reconciledVersion"), mesh_version(plane)
    known = condition_of(smcp, "Reconciled")
    # Drift that is being undone is no update: nobody asked for one.
    if before == after and known is not None and known["status"] == "True":
        return {field: known[field] for field in ("type", "status", "reason", "message")}
    if progress.is_writing or (before != after and progress.unready):
        return _in_progress(plane, before, paused_for=[] if progress.is_writing else progress.unready)
    if before is None:
        return _condition("Reconciled", "True", "InstallSuccessful", f"Successfully installed version {after}")
    if before == after:  # something was wrong in between
        return _condition("Reconciled", "True", "ReconcileSuccessful", f"Successfully reconciled version {after}")
    return _condition("Reconciled", "True", "UpdateSuccessful", f"Successfully updated from version {before} to version {after}")


def _in_progress(plane: ControlPlane, before: str | None, *, paused_for: Sequence[str]) -> Manifest:
    if paused_for:
        reason = "PausingInstall" if before is None else "PausingUpdate"
        return _condition("Reconciled", "False", reason, f"Paused until the following components become ready: [{' '.join(paused_for)}]")
    smcp = plane.manifest
    generation, observed = smcp["metadata"].get("generation", 1), (smcp.get("status") or {}).get("observedGeneration")
    if before is None:
        return _condition("Reconciled", "False", "ResourceCreated", f"Installing mesh generation {generation}")
    if observed != generation:
        return _condition("Reconciled", "False", "SpecUpdated", f"Updating mesh from generation {observed} to generation {generation}")
    return _condition("Reconciled", "False", "OperatorUpdated", f"Updating mesh from version {before} to version {mesh_version(plane)}")


def _ready(reconciled: Manifest, unready: Sequence[str]) -> Manifest:
    """A copy of Reconciled until that is True; then what the components say."""
    if reconciled["status"] != "True":
        return reconciled | {"type": "Ready"}
    if unready:
        message = f"The following components are not fully available: [{' '.join(unready)}]"
        return _condition("Ready", "False", "ComponentsNotReady", message)
    return _condition("Ready", "True", "ComponentsReady", "All component deployments are Available")


def _remarks(plane: ControlPlane) -> list[Manifest]:
    remarks = []
    if addons := missing_addons(plane.spec):
        message = f"Switched on, and not shipped with Hauberk: {', '.join(addons)}. {_WHERE_ADDONS}"
        remarks.append(_condition("AddonsInstalled", "False", "NotShipped", message))
    if fields := fields_without_effect(plane.manifest):
        message = f"Not implemented yet, without effect: {', '.join(fields)}"
        remarks.append(_condition("FieldsImplemented", "False", "NotImplemented", message))
    return remarks


def _condition(condition: str, status: str, reason: str, message: str) -> Manifest:
    return {"type": condition, "status": status, "reason": reason, "message": message}
