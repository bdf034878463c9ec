import pytest

from hauberk.controllers.admission import (
    Access,
    Asker,
    Objection,
    complete_control_plane,
    complete_member_roll,
    object_to_control_plane,
    object_to_member,
    object_to_member_roll,
)
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import STAMP, cluster_of, make_object, make_smcp, make_smm, make_smmr

SMCP, SMMR, SMM = maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL, maistra.SERVICE_MESH_MEMBER


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


def answer(objection: Objection | None) -> tuple[int, str] | None:
    return (objection.code, objection.message) if objection else None


def anybody(_access: Access) -> bool:
    return True


ADMIN = Asker("admin", anybody)
NOBODY = Asker("bob", lambda _access: False)
OWNER_OF_A = Asker("ann", lambda access: access == Access("update", core.POD, "a"))


# -- ServiceMeshControlPlane ------------------------------------------------------------------------------------------
def test_one_control_plane_a_namespace() -> None:
    there = cluster_of((SMCP, make_smcp()))
    message = "only one service mesh may be installed per project/namespace"
    objection = object_to_control_plane(make_smcp("second"), None, there, ADMIN)
    assert objection == Objection("smcp.validation.maistra.io", message)
    assert str(objection) == f'admission webhook "smcp.validation.maistra.io" denied the request: {message}'
    assert object_to_control_plane(make_smcp("second", "elsewhere"), None, there, ADMIN) is None
    assert object_to_control_plane(make_smcp(), make_smcp(), there, ADMIN) is None


EXTRA: Manifest = {"gateways": {"additionalIngress": {"red": {}}, "additionalEgress": {"red": {}}}}
RESERVED: Manifest = {"gateways": {"additionalIngress": {"istio-ingressgateway": {}}}}
TIMEOUT: Manifest = {"proxy": {"networking": {"protocol": {"autoDetect": {"timeout": "1d"}}}}}
LISTED = "[v2.0 v2.1 v2.2 v2.3 v2.4 v2.5]"


@pytest.mark.parametrize(
    ("version", "spec", "message"),
    [
        ("v1.0", {}, "support for v1.0 has been dropped"),
        ("v1.1", {}, f"Only '{LISTED}' versions are supported"),
        ("v3", {}, f"invalid Version specified; supported versions are: {LISTED}"),
        ("v2.3", {"mode": "MultiTenant"}, "the spec.mode field is only supported in version 2.4 and above"),
        ("v2.3", {"meshConfig": {}}, "the spec.meshConfig field is only supported in version 2.4 and above"),
        (
            "v2.4",
            {"techPreview": {"controlPlaneMode": "ClusterScoped"}},
            "the spec.techPreview.controlPlaneMode field is not supported in version 2.4+; use spec.mode",
        ),
        (
            "v2.5",
            {"meshConfig": {"discoverySelectors": [{}]}},
            "spec.meshConfig.discoverySelectors may only be used when spec.mode is ClusterWide",
        ),
        ("v2.5", EXTRA, 'multiple gateways defined for "istio-system/red"'),
        ("v2.5", RESERVED, 'cannot define additional gateway named "istio-ingressgateway"'),
        (
            "v2.5",
            TIMEOUT,
            'failed parsing spec.proxy.networking.protocol.autoDetect.timeout, not a valid duration: time: invalid duration "1d"',
        ),
        ("v2.3", {"techPreview": {"controlPlaneMode": "MultiTenant"}}, None),
        ("v2.5", {"mode": "ClusterWide", "meshConfig": {"discoverySelectors": [{}]}}, None),
    ],
)
def test_control_planes_are_refused_with_the_documented_words(version: str, spec: Manifest, message: str | None) -> None:
    smcp = make_smcp(version=version, spec=spec)
    assert answer(object_to_control_plane(smcp, None, cluster_of(), ADMIN)) == (message and (400, message))
    assert object_to_control_plane(smcp | {"metadata": smcp["metadata"] | {"deletionTimestamp": STAMP}}, smcp, cluster_of(), ADMIN) is None


WIDE: Manifest = {"mode": "ClusterWide"}


def test_a_cluster_wide_control_plane_is_alone() -> None:
    wide, other = make_smcp(version="v2.5", spec=WIDE), make_smcp("other", "elsewhere", version="v2.5")
    alone = "a cluster-scoped SMCP may only be created when no other SMCPs exist"
    assert answer(object_to_control_plane(wide, None, cluster_of((SMCP, other)), ADMIN)) == (400, alone)
    no_more = "no other SMCPs may be created when a cluster-scoped SMCP exists"
    assert answer(object_to_control_plane(other, None, cluster_of((SMCP, wide)), ADMIN)) == (400, no_more)
    before_2_4 = make_smcp(version="v2.3", spec={"techPreview": {"controlPlaneMode": "ClusterScoped"}})
    assert answer(object_to_control_plane(before_2_4, None, cluster_of((SMCP, other)), ADMIN)) == (400, alone)
    # An update of what is there is not held up by the other.
    assert object_to_control_plane(wide, wide, cluster_of((SMCP, wide), (SMCP, other)), ADMIN) is None


def test_a_cluster_wide_control_plane_takes_cluster_wide_rights() -> None:
    wide = make_smcp(version="v2.5", spec=WIDE)
    message = 'a cluster-scoped SMCP may only be created by users with cluster-scoped "create SMCP" permissions'
    assert answer(object_to_control_plane(wide, None, cluster_of(), NOBODY)) == (403, message)
    assert object_to_control_plane(wide, None, cluster_of(), ADMIN) is None
    assert object_to_control_plane(make_smcp(), None, cluster_of(), NOBODY) is None


def test_the_mode_stays() -> None:
    wide, tenant = make_smcp(version="v2.5", spec=WIDE), make_smcp(version="v2.5")
    message = "field spec.mode is immutable; to change its value, delete the ServiceMeshControlPlane and recreate it"
    assert answer(object_to_control_plane(wide, tenant, cluster_of((SMCP, tenant)), ADMIN)) == (400, message)


def test_what_breaks_the_schema_is_left_to_it() -> None:
    smcp = make_smcp(version="v3", spec={"tracing": "Jaeger"})
    assert object_to_control_plane(smcp, None, cluster_of(), ADMIN) is None
    broken = make_object(SMCP, "basic", "istio-system", spec="x")
    assert complete_control_plane(broken, None) == broken
    roll = make_object(SMMR, "default", "istio-system", spec={"members": "books"})
    assert complete_member_roll(roll) == roll
    assert object_to_member_roll(roll, None, cluster_of(), ADMIN) is None
    assert object_to_member(make_object(SMM, "other", "books", spec={}), None, ADMIN) is None


# -- ServiceMeshMemberRoll --------------------------------------------------------------------------------------------
def test_the_control_planes_namespace_is_taken_off_the_roll() -> None:
    assert complete_member_roll(make_smmr(["a", "istio-system", "b"]))["spec"]["members"] == ["a", "b"]
    assert complete_member_roll(make_smmr(["a"])) == make_smmr(["a"])


def selecting(*members: str) -> Manifest:
    return make_smmr(members, spec={"memberSelectors": [{"matchLabels": {"x": "y"}}]})


@pytest.mark.parametrize(
    ("roll", "message"),
    [
        (make_smmr([], name="mine"), "ServiceMeshMemberRoll must be named 'default'"),
        (selecting("a"), "combining .spec.members and .spec.memberSelectors is not allowed"),
        (make_smmr(["A"]), ".spec.members contains invalid value 'A'. Must be a valid namespace name."),
        (make_smmr(["a", "a"]), "duplicate namespace in .spec.members: a"),
        (make_smmr(["*", "a"]), "when .spec.members contains an asterisk ('*'), it must contain no other entries"),
        (make_smmr(["a", "b"]), "one or more members are already defined in another ServiceMeshMemberRoll"),
        (make_smmr(["*"]), "one or more members are already defined in another ServiceMeshMemberRoll"),
        (make_smmr(["a"]), None),
        (selecting(), None),
        (make_smmr(["b"], deletionTimestamp=STAMP), None),
    ],
)
def test_rolls_are_refused_with_the_documented_words(roll: Manifest, message: str | None) -> None:
    reader = cluster_of((SMMR, make_smmr(["b"], "other")), (SMMR, make_smmr(["a"])))
    assert object_to_member_roll(roll, None, reader, ADMIN) == (message and Objection("smmr.validation.maistra.io", message))


def test_a_roll_of_everything_leaves_nothing_to_others() -> None:
    reader = cluster_of((SMMR, make_smmr(["*"], "other")))
    message = "one or more members are already defined in another ServiceMeshMemberRoll"
    assert answer(object_to_member_roll(make_smmr(["a"]), None, reader, ADMIN)) == (400, message)
    assert object_to_member_roll(make_smmr([]), None, reader, ADMIN) is None


WILDCARDS = "only users that are allowed to update pods at the cluster scope are allowed to use wildcards or member selectors"


@pytest.mark.parametrize(
    ("roll", "old", "asker", "message"),
    [
        (make_smmr(["a", "b", "c"]), None, OWNER_OF_A, "user 'ann' does not have permission to access namespace(s): [b c]"),
        (make_smmr(["a", "b", "c"]), make_smmr(["b"]), OWNER_OF_A, "user 'ann' does not have permission to access namespace(s): [c]"),
        (make_smmr(["a", "b"]), make_smmr(["b"]), OWNER_OF_A, None),
        (make_smmr(["b"]), make_smmr(["a", "b"]), NOBODY, None),
        (make_smmr(["*"]), None, OWNER_OF_A, f"{WILDCARDS}; user ann does not have that permission"),
        (selecting(), make_smmr(), OWNER_OF_A, f"{WILDCARDS}; user ann does not have that permission"),
        (selecting(), selecting(), OWNER_OF_A, None),
        (selecting(), None, ADMIN, None),
    ],
)
def test_only_who_may_change_a_namespaces_pods_adds_it(roll: Manifest, old: Manifest | None, asker: Asker, message: str | None) -> None:
    assert answer(object_to_member_roll(roll, old, cluster_of(), asker)) == (message and (403, message))


# -- ServiceMeshMember ------------------------------------------------------------------------------------------------
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
    assert object_to_member(member, old, ADMIN) == (message and Objection("smm.validation.maistra.io", message))


def test_a_mesh_is_used_by_who_may() -> None:
    message = "user 'bob' does not have permission to use ServiceMeshControlPlane istio-system/basic"
    assert answer(object_to_member(make_smm("a"), None, NOBODY)) == (403, message)
    user = Asker("eve", lambda access: access == Access("use", SMCP, "istio-system", "basic"))
    assert object_to_member(make_smm("a"), None, user) is None
