from typing import Any

from hauberk.controllers.actions import Create, Delete, Update
from hauberk.controllers.cluster import Key
from hauberk.controllers.workloads.endpoints import plan
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import STAMP, make_object, make_pod, make_service, run

KEY = Key("bookinfo", "web")
LABELS = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
PORTS = [{"name": "http", "port": 9080, "protocol": "TCP"}]


def web_pod(name: str, ip: str, **fields: Any) -> Manifest:
    return make_pod(name, ip=ip, labels={"app": "web"}, **({"ready": True} | fields))


def address(name: str, ip: str) -> Manifest:
    return {"ip": ip, "targetRef": {"kind": "Pod", "name": name, "namespace": "bookinfo", "uid": f"uid-{name}"}}


def endpoints(*subsets: Manifest, **fields: Any) -> Manifest:
    return make_object(
        core.ENDPOINTS, "web", "bookinfo", **({"labels": LABELS} | fields), **({"subsets": list(subsets)} if subsets else {})
    )


def test_ready_and_other_pods_are_told_apart() -> None:
    pods = [web_pod("a", "10.0.0.1"), web_pod("b", "10.0.0.2", ready=False), web_pod("c", "10.0.0.3", deletionTimestamp=STAMP)]
    (action,) = run(plan, KEY, (core.SERVICE, make_service("web")), *((core.POD, pod) for pod in pods))
    subset = {"addresses": [address("a", "10.0.0.1")], "notReadyAddresses": [address("b", "10.0.0.2")], "ports": PORTS}
    metadata = {"name": "web", "namespace": "bookinfo", "labels": LABELS}
    assert action == Create(core.ENDPOINTS, {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": [subset]})


def test_a_service_without_pods_has_endpoints_without_subsets() -> None:
    (action,) = run(plan, KEY, (core.SERVICE, make_service("web")))
    assert isinstance(action, Create)
    assert "subsets" not in action.object


def test_endpoints_that_are_right_are_not_written() -> None:
    known = endpoints({"addresses": [address("a", "10.0.0.1")], "ports": PORTS})
    objects = ((core.SERVICE, make_service("web")), (core.POD, web_pod("a", "10.0.0.1")))
    assert run(plan, KEY, *objects, (core.ENDPOINTS, known)) == []


def test_subsets_go_with_the_last_pod() -> None:
    known = endpoints({"addresses": [address("a", "10.0.0.1")], "ports": PORTS})
    assert run(plan, KEY, (core.SERVICE, make_service("web")), (core.ENDPOINTS, known)) == [Update(core.ENDPOINTS, endpoints())]


def test_not_ready_addresses_can_be_published() -> None:
    service = make_service("web", publishNotReadyAddresses=True, clusterIP="None")
    (action,) = run(plan, KEY, (core.SERVICE, service), (core.POD, web_pod("a", "10.0.0.1", ready=False)))
    assert isinstance(action, Create)
    assert action.object["subsets"] == [{"addresses": [address("a", "10.0.0.1")], "ports": PORTS}]
    assert action.object["metadata"]["labels"]["service.kubernetes.io/headless"] == ""


def test_endpoints_go_with_their_service_and_a_users_stay() -> None:
    assert run(plan, KEY, (core.ENDPOINTS, endpoints())) == [Delete(core.ENDPOINTS, "bookinfo", "web", "uid-web")]
    assert run(plan, KEY, (core.ENDPOINTS, endpoints(labels={}))) == []
    assert run(plan, KEY, (core.SERVICE, make_service("web", selector={})), (core.ENDPOINTS, endpoints(labels={}))) == []
