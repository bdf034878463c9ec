from typing import Any

from hauberk.controllers.actions import Action, Create, Delete, Patch, PatchStatus
from hauberk.controllers.cluster import Key
from hauberk.controllers.mesh.member_roll import CONTROLLER, CREATED_BY, plan, references
from hauberk.controllers.mesh.membership import Mesh
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Kind, Manifest
from tests.unit.controllers.builders import STAMP, cluster_of, make_namespace, make_smcp, make_smm, make_smmr, run

KEY = Key("istio-system", "default")
SMCP, SMMR, SMM = maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL, maistra.SERVICE_MESH_MEMBER
MADE = {"annotations": {CREATED_BY: "servicemeshmemberroll-controller"}}
RECONCILED = {"type": "Reconciled", "status": "True", "reason": "", "message": "", "lastTransitionTime": STAMP}
HELD: dict[str, Any] = {"finalizers": ["maistra.io/istio-operator"]}


def configured(namespace: str, mesh: str = "istio-system/basic", **fields: Any) -> Manifest:
    return make_smm(namespace, mesh, **(MADE | fields)) | {"status": {"conditions": [RECONCILED]}}


def with_mesh(*objects: tuple[Kind, Manifest], namespaces: tuple[str, ...] = ("a", "b")) -> list[tuple[Kind, Manifest]]:
    return [(SMCP, make_smcp()), *((core.NAMESPACE, make_namespace(name)) for name in namespaces), *objects]


def status_in(action: Action) -> Manifest:
    assert isinstance(action, PatchStatus)
    return action.status


def status_after(*objects: tuple[Kind, Manifest]) -> Manifest:
    return status_in(run(plan, KEY, *objects)[-1])


def ready(status: Manifest) -> tuple[str, str, str]:
    (condition,) = status["conditions"]
    return condition["status"], condition["reason"], condition["message"]


def test_a_member_is_made_in_each_namespace_that_is_there() -> None:
    hold, create, _ = run(plan, KEY, *with_mesh((SMMR, make_smmr(["a", "later"]))))
    assert hold == Patch(SMMR, "istio-system", "default", {"metadata": {"finalizers": ["maistra.io/istio-operator"]}})
    assert create == Create(
        SMM,
        {
            "apiVersion": "maistra.io/v1",
            "kind": "ServiceMeshMember",
            "metadata": {"name": "default", "namespace": "a"} | MADE,
            "spec": {"controlPlaneRef": {"name": "basic", "namespace": "istio-system"}},
        },
    )


def test_the_tally_of_members() -> None:
    status = status_after(*with_mesh((SMMR, make_smmr(["a", "b", "later"], **HELD)), (SMM, configured("a")), (SMM, make_smm("b", **MADE))))
    missing = {"type": "Reconciled", "status": "False", "reason": "NamespaceNotExists", "message": "Namespace later does not exist"}
    assert status == {
        "members": ["a", "b", "later"],
        "configuredMembers": ["a"],
        "pendingMembers": ["b", "later"],
        "terminatingMembers": [],
        "memberStatuses": [
            {"namespace": "a", "conditions": [RECONCILED]},
            {"namespace": "b", "conditions": []},
            {"namespace": "later", "conditions": [missing | {"lastTransitionTime": STAMP}]},
        ],
        "annotations": {"configuredMemberCount": "1/3"},
        "conditions": [
            {
                "type": "Ready",
                "status": "False",
                "reason": "ReconcileError",
                "message": "The following namespaces are not yet configured: [b later]",
                "lastTransitionTime": STAMP,
            }
        ],
        "observedGeneration": 1,
        "meshGeneration": 0,
        "meshReconciledVersion": "",
    }


def test_all_configured() -> None:
    status = status_after(*with_mesh((SMMR, make_smmr(["a"], **HELD)), (SMM, configured("a"))))
    assert ready(status) == ("True", "Configured", "All namespaces have been configured successfully")
    assert status["annotations"] == {"configuredMemberCount": "1/1"}


def test_a_namespace_that_is_no_longer_asked_for_leaves() -> None:
    actions = run(plan, KEY, *with_mesh((SMMR, make_smmr(**HELD)), (SMM, configured("a"))))
    assert actions[0] == Delete(SMM, "a", "default", "smm-a")


def test_a_users_own_member_stays_and_is_counted() -> None:
    users = make_smm("b") | {"status": {"conditions": [RECONCILED]}}
    (report,) = run(plan, KEY, *with_mesh((SMMR, make_smmr(**HELD)), (SMM, users)))
    assert status_in(report)["configuredMembers"] == ["b"]


def test_a_member_that_is_going_is_listed_as_such() -> None:
    going = configured("a", deletionTimestamp=STAMP)
    status = status_after(*with_mesh((SMMR, make_smmr(**HELD)), (SMM, going)))
    assert (status["members"], status["terminatingMembers"]) == ([], ["a"])


def test_a_namespace_of_another_mesh_stays_pending() -> None:
    status = status_after(*with_mesh((SMMR, make_smmr(["a"], **HELD)), (SMM, configured("a", "other/blue"))))
    assert status["pendingMembers"] == ["a"]
    (condition,) = status["memberStatuses"][0]["conditions"]
    assert (condition["reason"], condition["message"]) == (
        "ReferencesDifferentControlPlane",
        "ServiceMeshMember a/default exists, but references ServiceMeshControlPlane other/blue",
    )


def test_without_a_control_plane_members_are_taken_back() -> None:
    roll = make_smmr(["a"], **HELD)
    actions = run(plan, KEY, (SMMR, roll), (SMM, configured("a")), (core.NAMESPACE, make_namespace("a")))
    assert actions[0] == Delete(SMM, "a", "default", "smm-a")
    assert ready(status_in(actions[1])) == ("False", "ErrSMCPMissing", "No ServiceMeshControlPlane exists in the namespace")


def test_with_two_control_planes_nothing_is_done() -> None:
    status = status_after(*with_mesh((SMMR, make_smmr(["a"], **HELD)), (SMCP, make_smcp("second"))))
    assert ready(status) == ("False", "ErrMultipleSMCPs", "Multiple ServiceMeshControlPlane resources exist in the namespace")


def test_a_roll_of_another_name_says_so() -> None:
    (report,) = run(plan, Key("istio-system", "mine"), *with_mesh((SMMR, make_smmr(["a"], name="mine"))))
    message = 'the ServiceMeshMemberRoll name is invalid; must be "default"'
    assert ready(status_in(report)) == ("False", "ErrInvalidName", message)


def test_a_deleted_roll_lets_its_members_go_first() -> None:
    going = make_smmr(["a"], deletionTimestamp=STAMP, **HELD)
    assert run(plan, KEY, *with_mesh((SMMR, going), (SMM, configured("a")))) == [Delete(SMM, "a", "default", "smm-a")]
    assert run(plan, KEY, *with_mesh((SMMR, going), (SMM, configured("a", deletionTimestamp=STAMP)))) == []
    assert run(plan, KEY, *with_mesh((SMMR, going))) == [Patch(SMMR, "istio-system", "default", {"metadata": {"finalizers": None}})]


def test_a_status_that_is_right_is_not_written() -> None:
    objects = with_mesh((SMMR, make_smmr(["a"], **HELD)), (SMM, configured("a")))
    status = status_after(*objects)
    assert run(plan, KEY, *with_mesh((SMMR, make_smmr(["a"], **HELD) | {"status": status}), (SMM, configured("a")))) == []


def test_namespaces_concern_the_rolls_that_name_or_select_them() -> None:
    keys = next(watch.keys for watch in CONTROLLER.watches if watch.kind == core.NAMESPACE)
    cluster = cluster_of(
        (SMMR, make_smmr(["a"])), (SMMR, make_smmr(["*"], "all")), (SMMR, make_smmr([], "sel", spec={"memberSelectors": [{}]}))
    )
    assert {key.namespace for key in keys(make_namespace("a"), cluster)} == {"istio-system", "all", "sel"}
    assert {key.namespace for key in keys(make_namespace("x"), cluster)} == {"all", "sel"}


def test_members_concern_the_roll_of_their_mesh() -> None:
    keys = next(watch.keys for watch in CONTROLLER.watches if watch.kind == SMM)
    assert list(keys(make_smm("a"), cluster_of())) == [KEY]
    assert references(make_smm("a")) == Mesh("istio-system", "basic")
    assert references({"metadata": {}}) == Mesh("", "")


def test_a_cluster_wide_mesh_gets_a_roll_of_the_namespaces_that_ask_for_injection() -> None:
    wide = make_smcp(version="v2.5", spec={"mode": "ClusterWide"})
    (create,) = run(plan, KEY, (SMCP, wide))
    assert isinstance(create, Create)
    assert create.object["spec"] == {"memberSelectors": [{"matchLabels": {"istio-injection": "enabled"}}]}
    assert [reference["name"] for reference in create.object["metadata"]["ownerReferences"]] == ["basic"], "it goes with the control plane"
    assert run(plan, KEY, (SMCP, make_smcp(version="v2.5"))) == []
    assert run(plan, Key("istio-system", "other"), (SMCP, wide)) == []


def test_the_roll_says_which_state_of_the_mesh_it_saw() -> None:
    plane = make_smcp() | {"status": {"observedGeneration": 3, "reconciledVersion": "0.1.0-3"}}
    status = status_after((SMCP, plane), (SMMR, make_smmr([], **HELD)))
    assert (status["meshGeneration"], status["meshReconciledVersion"]) == (3, "0.1.0-3")
