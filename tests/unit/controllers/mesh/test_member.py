from typing import Any

import pytest

from hauberk.controllers.actions import Action, Attempt, Create, Delete, Patch, PatchStatus
from hauberk.controllers.cluster import Key
from hauberk.controllers.mesh.member import CONTROLLER, plan
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Kind, Manifest
from tests.unit.controllers.builders import STAMP, cluster_of, make_namespace, make_smcp, make_smm, make_smmr, run

KEY = Key("a", "default")
SMCP, SMMR, SMM = maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL, maistra.SERVICE_MESH_MEMBER
LABEL = {"maistra.io/member-of": "istio-system"}
HELD: dict[str, Any] = {"finalizers": ["maistra.io/istio-operator"]}


def with_mesh(*objects: tuple[Kind, Manifest]) -> list[tuple[Kind, Manifest]]:
    return [(SMCP, make_smcp()), (SMMR, make_smmr(["a"])), *objects]


def labelled(name: str = "a", **labels: str) -> tuple[Kind, Manifest]:
    return core.NAMESPACE, make_namespace(name, labels=labels)


def report(status: str, reason: str, message: str, mesh: str = "istio-system/basic") -> PatchStatus:
    condition = {"status": status, "reason": reason, "message": message, "lastTransitionTime": STAMP}
    conditions = [{"type": "Reconciled"} | condition, {"type": "Ready"} | condition]
    return PatchStatus(SMM, "a", "default", {"conditions": conditions, "observedGeneration": 1, "annotations": {"controlPlaneRef": mesh}})


def refused(action: Action, reason: str) -> Attempt:
    """The action, and what the member says where the API does not let it happen."""
    return Attempt(action, report("False", reason, "{error}"))


def test_a_member_labels_its_namespace_and_then_says_so() -> None:
    assert run(plan, KEY, *with_mesh((SMM, make_smm("a")), labelled())) == [
        Patch(SMM, "a", "default", {"metadata": {"finalizers": ["maistra.io/istio-operator"]}}),
        refused(Patch(core.NAMESPACE, "", "a", {"metadata": {"labels": LABEL}}), "ErrorConfiguringNamespace"),
    ]
    assert run(plan, KEY, *with_mesh((SMM, make_smm("a", **HELD)), labelled(**LABEL))) == [report("True", "", "")]


def test_a_member_that_says_so_already_needs_nothing() -> None:
    done = make_smm("a", **HELD) | {"status": report("True", "", "").status}
    assert run(plan, KEY, *with_mesh((SMM, done), labelled(**LABEL))) == []


def test_without_its_control_plane_a_member_is_undone() -> None:
    assert run(plan, KEY, (SMM, make_smm("a", **HELD)), labelled(**LABEL)) == [
        Patch(core.NAMESPACE, "", "a", {"metadata": {"labels": {"maistra.io/member-of": None}}}),
        report("False", "ErrorControlPlaneMissing", "the referenced ServiceMeshControlPlane object does not exist"),
    ]


@pytest.mark.parametrize(
    ("namespace", "message"),
    [
        (
            labelled(**{"maistra.io/member-of": "blue"}),
            "cannot reconcile namespace a in mesh istio-system, as it is already a member of blue",
        ),
        ((core.NAMESPACE, make_namespace("a", deletionTimestamp=STAMP)), "namespace is terminating"),
    ],
)
def test_a_namespace_that_cannot_join(namespace: tuple[Kind, Manifest], message: str) -> None:
    actions = run(plan, KEY, *with_mesh((SMM, make_smm("a", **HELD)), namespace))
    assert actions == [report("False", "ErrorConfiguringNamespace", message)]


def test_a_member_of_another_name_says_so() -> None:
    (action,) = run(plan, Key("a", "mine"), *with_mesh((SMM, make_smm("a", name="mine")), labelled()))
    assert isinstance(action, PatchStatus)
    assert action.status["conditions"][0]["message"] == 'the ServiceMeshMember name is invalid; must be "default"'


def test_a_deleted_member_takes_its_label_along() -> None:
    going = make_smm("a", deletionTimestamp=STAMP, **HELD)
    assert run(plan, KEY, *with_mesh((SMM, going), labelled(**LABEL))) == [
        report("False", "Terminating", ""),
        refused(Patch(core.NAMESPACE, "", "a", {"metadata": {"labels": {"maistra.io/member-of": None}}}), "ErrorRemovingNamespace"),
        Patch(SMM, "a", "default", {"metadata": {"finalizers": None}}),
    ]
    assert run(plan, KEY, *with_mesh((SMM, make_smm("a", deletionTimestamp=STAMP)), labelled(**LABEL))) == []


def test_another_meshs_label_is_not_ours_to_take() -> None:
    going = make_smm("a", deletionTimestamp=STAMP, **HELD)
    assert run(plan, KEY, *with_mesh((SMM, going), labelled(**{"maistra.io/member-of": "blue"}))) == [
        report("False", "Terminating", ""),
        Patch(SMM, "a", "default", {"metadata": {"finalizers": None}}),
    ]


def test_a_member_without_a_roll_makes_one_and_takes_it_along() -> None:
    made = {"maistra.io/created-by": "servicemeshmember-controller"}
    create = Create(
        SMMR,
        {
            "apiVersion": "maistra.io/v1",
            "kind": "ServiceMeshMemberRoll",
            "metadata": {"name": "default", "namespace": "istio-system", "annotations": made},
            "spec": {"members": []},
        },
    )
    assert refused(create, "CreateMemberRollFailed") in run(plan, KEY, (SMCP, make_smcp()), (SMM, make_smm("a")), labelled())
    going = make_smm("a", deletionTimestamp=STAMP, **HELD)
    roll = (SMMR, make_smmr(annotations=made))
    delete = Delete(SMMR, "istio-system", "default", "smmr-istio-system")
    assert refused(delete, "DeleteMemberRollFailed") in run(plan, KEY, (SMCP, make_smcp()), roll, (SMM, going))
    others = run(plan, KEY, (SMCP, make_smcp()), roll, (SMM, going), (SMM, make_smm("b")))
    assert not any(isinstance(action, Attempt) and isinstance(action.action, Delete) for action in others)


def test_control_planes_and_namespaces_concern_their_members() -> None:
    watches = {watch.kind.kind: watch.keys for watch in CONTROLLER.watches}
    cluster = cluster_of((SMM, make_smm("a")), (SMM, make_smm("b", "other/blue")))
    assert list(watches["ServiceMeshControlPlane"](make_smcp(), cluster)) == [KEY]
    assert list(watches["Namespace"](make_namespace("a"), cluster)) == [KEY]
    assert run(plan, KEY) == []
