import pytest

from hauberk.controllers.admission import (
    Objection,
    complete_control_plane,
    complete_member_roll,
    object_to_control_plane,
    object_to_member,
    object_to_member_roll,
)
from hauberk.k8s import maistra
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import STAMP, cluster_of, make_object, make_smcp, make_smm, make_smmr

SMCP, SMMR = maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL


def bare(**spec: object) -> Manifest:
    return make_object(SMCP, "basic", "istio-system", spec=spec)


def test_a_new_control_plane_gets_the_newest_version_and_the_default_profile() -> None:
    completed = complete_control_plane(bare(), None)
    assert completed["spec"] == {"version": "v2.5", "profiles": ["default"], "gateways": {"openshiftRoute": {"enabled": False}}}


def test_an_older_version_keeps_routes_per_gateway() -> None:
    assert complete_control_plane(bare(version="v2.1"), None)["spec"] == {"version": "v2.1", "profiles": ["default"]}


def test_what_the_user_wrote_stays() -> None:
    spec = {"version": "v2.5", "profiles": ["base"], "gateways": {"openshiftRoute": {"enabled": True}}}
    assert complete_control_plane(bare(**spec), None)["spec"] == spec


def test_an_update_keeps_the_version_it_had() -> None:
    assert complete_control_plane(bare(), make_smcp(version="v2.3"))["spec"] == {"version": "v2.3", "profiles": ["default"]}


def test_completing_changes_no_argument() -> None:
    smcp = bare()
    complete_control_plane(smcp, None)
    assert smcp == bare()


def test_one_control_plane_a_namespace() -> None:
    there = cluster_of((SMCP, make_smcp()))
    message = "only one service mesh may be installed per project/namespace"
    objection = object_to_control_plane(make_smcp("second"), None, there)
    assert objection == Objection("smcp.validation.maistra.io", message)
    assert str(objection) == f'admission webhook "smcp.validation.maistra.io" denied the request: {message}'
    assert object_to_control_plane(make_smcp("second", "elsewhere"), None, there) is None
    assert object_to_control_plane(make_smcp(), make_smcp(), there) is None


def test_the_control_planes_namespace_is_taken_off_the_roll() -> None:
    assert complete_member_roll(make_smmr(["a", "istio-system", "b"]))["spec"]["members"] == ["a", "b"]
    assert complete_member_roll(make_smmr(["a"])) == make_smmr(["a"])


@pytest.mark.parametrize(
    ("roll", "message"),
    [
        (make_smmr([], name="mine"), "ServiceMeshMemberRoll must be named 'default'"),
        (make_smmr(["a", "b"]), "one or more members are already defined in another ServiceMeshMemberRoll"),
        (make_smmr(["a"]), None),
        (make_smmr(["*"]), None),
        (make_smmr(["b"], deletionTimestamp=STAMP), None),
    ],
)
def test_rolls_are_refused_with_the_documented_words(roll: Manifest, message: str | None) -> None:
    reader = cluster_of((SMMR, make_smmr(["b"], "other")), (SMMR, make_smmr(["a"])))
    assert object_to_member_roll(roll, reader) == (message and Objection("smmr.validation.maistra.io", message))


@pytest.mark.parametrize(
    ("member", "old", "message"),
    [
        (make_smm("a", name="mine"), None, 'the ServiceMeshMember resource must be named "default"'),
        (make_smm("a", "other/blue"), make_smm("a"), "mutation of .spec.controlPlaneRef isn't allowed"),
        (make_smm("a"), make_smm("a"), None),
        (make_smm("a"), None, None),
        (make_smm("a", name="mine", deletionTimestamp=STAMP), None, None),
    ],
)
def test_members_are_refused_with_the_documented_words(member: Manifest, old: Manifest | None, message: str | None) -> None:
    assert object_to_member(member, old) == (message and Objection("smm.validation.maistra.io", message))
