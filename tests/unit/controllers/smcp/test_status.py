from typing import Any

import pytest

from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.controllers.smcp.status import Problem, Progress, deleting_conditions, plan_conditions, readiness_of, status_of, without_mesh
from hauberk.k8s import apps
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import NOW, STAMP, cluster_of, make_deployment, make_smcp

READY = {"istio-discovery": True, "mesh-config": True}
QUIET: Manifest = {
    "tracing": {"type": "None"},
    "addons": {"prometheus": {"enabled": False}, "grafana": {"enabled": False}, "kiali": {"enabled": False}},
}


def plane(status: Manifest | None = None, generation: int = 1, **spec: Any) -> ControlPlane:
    smcp = make_smcp(generation=generation, spec=QUIET | spec)
    return ControlPlane.of(smcp | ({"status": status} if status else {}), "0.1.0")


def told(control_plane: ControlPlane, progress: Progress) -> list[tuple[str, str, str, str]]:
    conditions = plan_conditions(control_plane, progress, now=NOW)
    return [(one["type"], one["status"], one["reason"], one["message"]) for one in conditions]


WRITING = Progress(True, None, READY)
WRITTEN = Progress(False, None, READY)


def installed() -> Manifest:
    return status_of(plane(), WRITTEN, now=NOW)


def test_an_installation_under_way() -> None:
    assert told(plane(), WRITING) == [
        ("Installed", "False", "ResourceCreated", "Installing mesh generation 1"),
        ("Reconciled", "False", "ResourceCreated", "Installing mesh generation 1"),
        ("Ready", "False", "ResourceCreated", "Installing mesh generation 1"),
    ]


def test_an_installation_that_succeeded() -> None:
    assert told(plane(), WRITTEN) == [
        ("Installed", "True", "InstallSuccessful", "Successfully installed version 0.1.0-1"),
        ("Reconciled", "True", "InstallSuccessful", "Successfully installed version 0.1.0-1"),
        ("Ready", "True", "ComponentsReady", "All component deployments are Available"),
    ]


def test_an_update_under_way_and_done() -> None:
    updated = plane(installed(), generation=2)
    assert told(updated, WRITING)[1:] == [
        ("Reconciled", "False", "SpecUpdated", "Updating mesh from generation 1 to generation 2"),
        ("Ready", "False", "SpecUpdated", "Updating mesh from generation 1 to generation 2"),
    ]
    under_way = plane(status_of(updated, WRITING, now=NOW), generation=2)
    assert told(under_way, WRITTEN) == [
        ("Installed", "True", "InstallSuccessful", "Successfully installed version 0.1.0-1"),
        ("Reconciled", "True", "UpdateSuccessful", "Successfully updated from version 0.1.0-1 to version 0.1.0-2"),
        ("Ready", "True", "ComponentsReady", "All component deployments are Available"),
    ]


def test_a_new_version_of_ours_is_an_update_too() -> None:
    newer = ControlPlane.of(make_smcp(spec=QUIET) | {"status": installed()}, "0.2.0")
    assert told(newer, WRITING)[1] == (
        "Reconciled",
        "False",
        "OperatorUpdated",
        "Updating mesh from version 0.1.0-1 to version 0.2.0-1",
    )


def test_drift_that_is_undone_is_no_news() -> None:
    assert told(plane(installed()), WRITING) == told(plane(installed()), WRITTEN)


def test_components_that_are_not_available() -> None:
    progress = Progress(False, None, READY | {"istio-ingress": False, "istio-egress": False})
    assert told(plane(installed()), progress)[2] == (
        "Ready",
        "False",
        "ComponentsNotReady",
        "The following components are not fully available: [istio-egress istio-ingress]",
    )


@pytest.mark.parametrize(("control_plane", "reason"), [(plane(), "PausingInstall"), (plane(installed(), generation=2), "PausingUpdate")])
def test_what_is_written_is_waited_for(control_plane: ControlPlane, reason: str) -> None:
    progress = Progress(False, None, READY | {"istio-ingress": False, "istio-egress": False})
    message = "Paused until the following components become ready: [istio-egress istio-ingress]"
    assert told(control_plane, progress)[1:] == [("Reconciled", "False", reason, message), ("Ready", "False", reason, message)]
    status = status_of(control_plane, progress, now=NOW)
    assert status.get("observedGeneration") == (1 if reason == "PausingUpdate" else None)


def test_a_problem_and_its_end() -> None:
    problem = Progress(False, Problem("ReconcileError", "the CA is bad"), READY)
    broken = status_of(plane(installed()), problem, now=NOW)
    assert told(plane(installed()), problem)[1:] == [
        ("Reconciled", "False", "ReconcileError", "the CA is bad"),
        ("Ready", "False", "ReconcileError", "the CA is bad"),
    ]
    assert told(plane(broken), WRITTEN)[1] == ("Reconciled", "True", "ReconcileSuccessful", "Successfully reconciled version 0.1.0-1")


def test_add_ons_and_fields_without_effect_are_named() -> None:
    spec = {
        "addons": {"kiali": {"enabled": True}, "prometheus": {"enabled": False}, "grafana": {"enabled": False}},
        "general": {"logging": {}},
    }
    remarks = told(plane(**spec), WRITTEN)[3:]
    assert [remark[:3] for remark in remarks] == [
        ("AddonsInstalled", "False", "NotShipped"),
        ("FieldsImplemented", "False", "NotImplemented"),
    ]
    assert remarks[0][3].startswith("Switched on, and not shipped with Hauberk: kiali. ")
    assert remarks[1][3] == "Not implemented yet, without effect: spec.general"


def test_the_whole_status() -> None:
    control_plane = plane(installed())
    status = status_of(control_plane, Progress(False, None, READY | {"istio-ingress": False}), now=NOW)
    assert [entry.pop("lastTransitionTime") for entry in status.pop("conditions")] == [STAMP] * 3
    assert status == {
        "readiness": {"components": {"ready": ["istio-discovery", "mesh-config"], "unready": ["istio-ingress"], "pending": []}},
        "annotations": {"readyComponentCount": "2/3"},
        "appliedSpec": control_plane.spec,
        "chartVersion": "2.1.0",
        "operatorVersion": "0.1.0",
        "observedGeneration": 1,
        "reconciledVersion": "0.1.0-1",
    }


def test_the_observed_generation_moves_when_all_is_written() -> None:
    assert status_of(plane(installed(), generation=2), WRITING, now=NOW)["observedGeneration"] == 1


def test_components_are_ready_when_their_deployments_are_available_at_their_present_generation() -> None:
    available = {"observedGeneration": 1, "conditions": [{"type": "Available", "status": "True"}]}
    ingress = make_deployment("istio-ingressgateway", "istio-system") | {"status": available}
    stale = make_deployment("istio-egressgateway", "istio-system", generation=2) | {"status": available}
    cluster = cluster_of((apps.DEPLOYMENT, ingress), (apps.DEPLOYMENT, stale))
    assert readiness_of(plane(), cluster, has_ca=False) == {
        "istio-discovery": False,
        "mesh-config": True,
        "istio-ingress": True,
        "istio-egress": False,
    }


def test_a_control_plane_that_is_not_reconciled_keeps_what_it_had() -> None:
    smcp = make_smcp() | {"status": {"chartVersion": "2.1.0"}}
    status = without_mesh(smcp, Problem("ErrMultipleSMCPs", "two", "Unknown"), now=NOW)
    assert status["chartVersion"] == "2.1.0"
    assert [(one["type"], one["status"], one["reason"]) for one in status["conditions"]] == [
        ("Reconciled", "Unknown", "ErrMultipleSMCPs"),
        ("Ready", "Unknown", "ErrMultipleSMCPs"),
    ]
    assert deleting_conditions(smcp, now=NOW)["conditions"][0]["reason"] == "Deleting"
