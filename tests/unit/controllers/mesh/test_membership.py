import pytest

from hauberk.controllers.mesh.membership import Mesh, control_plane_of, mesh_of, required_namespaces, rolls_naming, trust_domain_of
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Manifest, name_of
from tests.unit.controllers.builders import STAMP, cluster_of, make_namespace, make_smcp, make_smm, make_smmr

SMCP, SMMR, SMM = maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL, maistra.SERVICE_MESH_MEMBER
BASIC = Mesh("istio-system", "basic")
NAMESPACES = [
    (core.NAMESPACE, make_namespace(name, labels={"team": name}))
    for name in ("a", "b", "istio-system", "kube", "kube-system", "openshift-x", "ibm-y")
]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"members": ["b", "a", "not-there"]}, ["a", "b", "not-there"]),
        ({"members": None}, []),
        ({"members": ["a", "istio-system"]}, ["a"]),
        ({"members": ["kube-system"]}, ["kube-system"]),
        ({"members": ["*"]}, ["a", "b"]),
        ({"members": [], "memberSelectors": [{"matchLabels": {"team": "b"}}, {"matchLabels": {"team": "kube-system"}}]}, ["b"]),
        ({"members": [], "memberSelectors": [{"matchExpressions": [{"key": "team", "operator": "In", "values": ["a", "b"]}]}]}, ["a", "b"]),
    ],
)
def test_what_a_roll_asks_for(spec: Manifest, expected: list[str]) -> None:
    assert required_namespaces(make_smmr(spec=spec), cluster_of(*NAMESPACES)) == expected


def test_of_several_control_planes_the_oldest_rules_then_the_first_by_name() -> None:
    late, first, second = make_smcp("a", creationTimestamp="2026-11-26T00:00:00Z"), make_smcp("b"), make_smcp("c")
    found = control_plane_of(cluster_of((SMCP, late), (SMCP, second), (SMCP, first)), "istio-system")
    assert found is not None
    assert name_of(found) == "b"
    assert control_plane_of(cluster_of(), "istio-system") is None


def test_a_namespace_is_of_the_mesh_whose_roll_names_it() -> None:
    cluster = cluster_of((SMCP, make_smcp()), (SMMR, make_smmr(["a"])), *NAMESPACES)
    assert mesh_of(cluster, "a") == BASIC
    assert mesh_of(cluster, "b") is None
    assert mesh_of(cluster, "istio-system") is None


def test_a_roll_without_a_control_plane_or_with_another_name_means_nothing() -> None:
    assert mesh_of(cluster_of((SMMR, make_smmr(["a"]))), "a") is None
    assert mesh_of(cluster_of((SMCP, make_smcp()), (SMMR, make_smmr(["a"], name="other"))), "a") is None
    assert mesh_of(cluster_of((SMCP, make_smcp()), (SMMR, make_smmr(["a"], deletionTimestamp=STAMP))), "a") is None


def test_a_members_own_word_goes_before_a_rolls() -> None:
    other = make_smcp("certs", "istio-system-certs", uid="u2")
    objects = [(SMCP, make_smcp()), (SMCP, other), (SMMR, make_smmr(["a"]))]
    assert mesh_of(cluster_of(*objects, (SMM, make_smm("a", "istio-system-certs/certs"))), "a") == Mesh("istio-system-certs", "certs")
    assert mesh_of(cluster_of(*objects, (SMM, make_smm("a", "gone/gone"))), "a") is None
    assert mesh_of(cluster_of(*objects, (SMM, make_smm("a", "gone/gone", deletionTimestamp=STAMP))), "a") == BASIC


def test_rolls_that_name_a_namespace_are_found() -> None:
    cluster = cluster_of((SMMR, make_smmr(["a"])), (SMMR, make_smmr(["b"], "other")))
    assert [roll["metadata"]["namespace"] for roll in rolls_naming(cluster, "b")] == ["other"]


def test_the_trust_domain_is_cluster_local_unless_said() -> None:
    assert trust_domain_of(make_smcp()) == "cluster.local"
    assert trust_domain_of(make_smcp(spec={"security": {"trust": {"domain": None}}})) == "cluster.local"
