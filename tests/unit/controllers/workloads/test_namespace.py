from hauberk.controllers.actions import Create, Update
from hauberk.controllers.cluster import Key
from hauberk.controllers.workloads.namespace import ROOT_CA_CONFIG_MAP, controller, plan
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import STAMP, World, cluster_of, make_namespace, make_object, run

KEY = Key("", "bookinfo")
GOING = make_namespace("bookinfo", deletionTimestamp=STAMP)


def root_ca(pem: str) -> Manifest:
    return make_object(core.CONFIG_MAP, ROOT_CA_CONFIG_MAP, "bookinfo", data={"ca.crt": pem})


def test_a_namespace_is_furnished() -> None:
    account, ca = run(plan, KEY, (core.NAMESPACE, make_namespace("bookinfo")), api_ca_pem="PEM")
    assert account == Create(
        core.SERVICE_ACCOUNT, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "bookinfo"}}
    )
    assert isinstance(ca, Create)
    assert ca.object["metadata"]["name"] == "kube-root-ca.crt"
    assert ca.object["data"] == {"ca.crt": "PEM"}


def test_a_root_that_changed_is_written_anew_and_one_that_is_right_is_not() -> None:
    account = make_object(core.SERVICE_ACCOUNT, "default", "bookinfo")
    objects = ((core.NAMESPACE, make_namespace("bookinfo")), (core.SERVICE_ACCOUNT, account))
    assert run(plan, KEY, *objects, (core.CONFIG_MAP, root_ca("OLD")), api_ca_pem="PEM") == [Update(core.CONFIG_MAP, root_ca("PEM"))]
    assert run(plan, KEY, *objects, (core.CONFIG_MAP, root_ca("PEM")), api_ca_pem="PEM") == []


def test_a_namespace_that_is_gone_or_goes_is_not_furnished() -> None:
    assert run(plan, KEY, api_ca_pem="PEM") == []
    assert run(plan, KEY, (core.NAMESPACE, GOING), api_ca_pem="PEM") == []


def test_only_furniture_concerns_its_namespace() -> None:
    keys = next(watch.keys for watch in controller("PEM").watches if watch.kind == core.CONFIG_MAP)
    assert list(keys(root_ca("PEM"), cluster_of())) == [KEY]
    assert list(keys(make_object(core.CONFIG_MAP, "mine", "bookinfo"), cluster_of())) == []


def test_furniture_that_somebody_deletes_comes_back() -> None:
    world = World((controller("PEM"),), (core.NAMESPACE, make_namespace("bookinfo")))
    world.settle()
    world.delete(core.CONFIG_MAP, "bookinfo", ROOT_CA_CONFIG_MAP)
    world.settle()
    assert world.get(core.CONFIG_MAP, "bookinfo", ROOT_CA_CONFIG_MAP)["data"] == {"ca.crt": "PEM"}
