from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import controller_of_kind, itself
from hauberk.k8s import apps, core, maistra
from tests.unit.controllers.builders import make_deployment, make_namespace, make_pod, make_replica_set, owner


def test_an_object_concerns_itself() -> None:
    assert itself(make_pod("p"), Cluster()) == (Key("bookinfo", "p"),)
    assert itself(make_namespace("n"), Cluster()) == (Key("", "n"),)


def test_an_owned_object_concerns_its_controller_of_that_kind_only() -> None:
    replica_set = make_replica_set(ownerReferences=owner(apps.DEPLOYMENT, make_deployment()))
    assert controller_of_kind(apps.DEPLOYMENT)(replica_set, Cluster()) == (Key("bookinfo", "web"),)
    assert controller_of_kind(maistra.SERVICE_MESH_CONTROL_PLANE)(replica_set, Cluster()) == ()
    assert controller_of_kind(apps.DEPLOYMENT)(make_replica_set(), Cluster()) == ()


def test_a_controller_without_namespace_has_a_key_without_one() -> None:
    pod = make_pod("p", ownerReferences=owner(core.NODE, make_namespace("local")))
    assert controller_of_kind(core.NODE)(pod, Cluster()) == (Key("", "local"),)
