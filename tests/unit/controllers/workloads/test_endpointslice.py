from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hauberk.controllers.actions import Create, Delete, Update
from hauberk.controllers.cluster import Key
from hauberk.controllers.workloads.endpointslice import CONTROLLER, plan
from hauberk.k8s import core, discovery
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import STAMP, World, cluster_of, make_object, make_pod, make_service, owner, run

KEY = Key("bookinfo", "web")
SERVICE = make_service("web")
LABELS = {"kubernetes.io/service-name": "web", "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
PORTS = [{"name": "http", "port": 9080, "protocol": "TCP"}]


def web_pod(name: str, ip: str, **fields: Any) -> Manifest:
    return make_pod(name, ip=ip, labels={"app": "web"}, **({"ready": True} | fields))


def endpoint(name: str, ip: str, *, ready: bool = True, serving: bool = True, terminating: bool = False) -> Manifest:
    return {
        "addresses": [ip],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {"kind": "Pod", "name": name, "namespace": "bookinfo", "uid": f"uid-{name}"},
    }


def make_slice(name: str, *endpoints: Manifest, **fields: Any) -> Manifest:
    fields = {"labels": LABELS} | fields
    return make_object(
        discovery.ENDPOINT_SLICE, name, "bookinfo", addressType="IPv4", endpoints=list(endpoints), **({"ports": PORTS} | fields)
    )


def created(*endpoints: Manifest, service: Manifest = SERVICE, ports: Any = PORTS, **labels: str) -> Create:
    metadata = {
        "generateName": "web-",
        "namespace": "bookinfo",
        "labels": LABELS | labels,
        "ownerReferences": owner(core.SERVICE, service),
    }
    manifest = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": "IPv4",
        "endpoints": list(endpoints),
        "ports": ports,
    }
    return Create(discovery.ENDPOINT_SLICE, manifest)


def endpoints_written(action: Any) -> list[Manifest]:
    assert isinstance(action, Update)
    endpoints: list[Manifest] = action.object["endpoints"]
    return endpoints


def test_ready_pods_become_endpoints() -> None:
    pod = web_pod("a", "10.0.0.1", spec={"nodeName": "local"})
    assert run(plan, KEY, (core.SERVICE, SERVICE), (core.POD, pod)) == [created(endpoint("a", "10.0.0.1") | {"nodeName": "local"})]


def test_a_service_without_pods_has_a_slice_without_endpoints() -> None:
    assert run(plan, KEY, (core.SERVICE, SERVICE)) == [created(ports=[])]
    empty = make_slice("web-1", ports=[])
    assert run(plan, KEY, (core.SERVICE, SERVICE), (discovery.ENDPOINT_SLICE, empty)) == []


def test_a_pod_that_is_not_ready_is_listed_as_such() -> None:
    (action,) = run(plan, KEY, (core.SERVICE, SERVICE), (core.POD, web_pod("a", "10.0.0.1", ready=False)))
    assert action == created(endpoint("a", "10.0.0.1", ready=False, serving=False))


def test_a_pod_leaves_the_ready_ones_as_soon_as_it_terminates() -> None:
    known = make_slice("web-1", endpoint("a", "10.0.0.1"))
    pod = web_pod("a", "10.0.0.1", deletionTimestamp=STAMP)
    (action,) = run(plan, KEY, (core.SERVICE, SERVICE), (core.POD, pod), (discovery.ENDPOINT_SLICE, known))
    assert endpoints_written(action) == [endpoint("a", "10.0.0.1", ready=False, serving=True, terminating=True)]


def test_addresses_that_are_not_ready_can_be_published() -> None:
    service = make_service("web", publishNotReadyAddresses=True)
    (action,) = run(plan, KEY, (core.SERVICE, service), (core.POD, web_pod("a", "10.0.0.1", ready=False)))
    assert action == created(endpoint("a", "10.0.0.1"), service=service)


def test_a_headless_service_says_so_and_names_hosts() -> None:
    service = make_service("web", clusterIP="None", ports=[])
    pod = web_pod("a", "10.0.0.1", spec={"hostname": "a", "subdomain": "web"})
    expected = created(endpoint("a", "10.0.0.1") | {"hostname": "a"}, service=service, ports=[], **{"service.kubernetes.io/headless": ""})
    assert run(plan, KEY, (core.SERVICE, service), (core.POD, pod)) == [expected]


def test_pods_with_other_ports_are_in_other_slices() -> None:
    service = make_service("web", ports=[{"name": "http", "port": 80, "targetPort": "web"}])
    pods = [
        web_pod(
            name, f"10.0.0.{port}", spec={"containers": [{"name": "c", "image": "x", "ports": [{"name": "web", "containerPort": port}]}]}
        )
        for name, port in (("a", 81), ("b", 82))
    ]
    actions = run(plan, KEY, (core.SERVICE, service), *((core.POD, pod) for pod in pods))
    assert [action.object["ports"][0]["port"] for action in actions] == [81, 82]


def test_a_slice_that_is_right_is_not_written() -> None:
    known = make_slice("web-1", endpoint("a", "10.0.0.1"))
    assert run(plan, KEY, (core.SERVICE, SERVICE), (core.POD, web_pod("a", "10.0.0.1")), (discovery.ENDPOINT_SLICE, known)) == []


def test_one_pod_more_touches_one_slice() -> None:
    full = make_slice("web-1", *(endpoint(f"p{n}", f"10.0.1.{n}") for n in range(100)))
    part = make_slice("web-2", endpoint("q", "10.0.2.1"))
    pods = [web_pod(f"p{n}", f"10.0.1.{n}") for n in range(100)] + [web_pod("q", "10.0.2.1"), web_pod("r", "10.0.2.2")]
    slices = [(discovery.ENDPOINT_SLICE, full), (discovery.ENDPOINT_SLICE, part)]
    (action,) = run(plan, KEY, (core.SERVICE, SERVICE), *((core.POD, pod) for pod in pods), *slices)
    assert endpoints_written(action) == [endpoint("q", "10.0.2.1"), endpoint("r", "10.0.2.2")]
    assert action.object["metadata"]["name"] == "web-2"


def test_slices_of_a_service_that_is_gone_are_deleted_and_a_users_slice_is_not() -> None:
    ours, users = make_slice("web-1"), make_slice("mine", labels={"kubernetes.io/service-name": "web"})
    objects = [(discovery.ENDPOINT_SLICE, ours), (discovery.ENDPOINT_SLICE, users)]
    assert run(plan, KEY, *objects) == [Delete(discovery.ENDPOINT_SLICE, "bookinfo", "web-1", "uid-web-1")]
    assert run(plan, KEY, (core.SERVICE, make_service("web", selector={})), (discovery.ENDPOINT_SLICE, users)) == []


def test_a_slice_concerns_its_service() -> None:
    keys = next(watch.keys for watch in CONTROLLER.watches if watch.kind == discovery.ENDPOINT_SLICE)
    assert list(keys(make_slice("web-1"), cluster_of())) == [KEY]
    assert list(keys(make_slice("loose", labels={}), cluster_of())) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["come", "go"]), st.integers(0, 250)), max_size=40))
def test_however_pods_come_and_go_each_is_in_exactly_one_slice(steps: list[tuple[str, int]]) -> None:
    world = World((CONTROLLER,), (core.SERVICE, SERVICE))
    present: set[str] = set()
    world.settle()
    for step, (what, number) in enumerate(steps):
        name = f"p{number}"
        if what == "come" and name not in present:
            world.put(core.POD, web_pod(name, f"10.1.0.{number}", uid=f"{name}-{step}"))
            present.add(name)
        elif what == "go" and name in present:
            world.cluster.remove(core.POD, world.get(core.POD, "bookinfo", name))
            present.discard(name)
        world.settle()
    slices = world.cluster.list(discovery.ENDPOINT_SLICE)
    listed = [one["targetRef"]["name"] for each in slices for one in each["endpoints"]]
    assert sorted(listed) == sorted(present)
    assert all(len(each["endpoints"]) <= 100 for each in slices)
    assert slices
