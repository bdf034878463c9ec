from hauberk.controllers.cluster import Key
from hauberk.controllers.workloads.service_pods import PodPort, has_selector, is_headless, pod_ports, pods_behind, services_of_pod
from hauberk.k8s import core
from hauberk.k8s.kind import name_of
from tests.unit.controllers.builders import cluster_of, make_pod, make_service

LABELS = {"app": "web"}


def test_only_services_with_a_selector_are_ours() -> None:
    assert has_selector(make_service("web"))
    assert not has_selector(make_service("web", selector={}))
    assert not has_selector(make_service("web", type="ExternalName"))


def test_headless_is_a_service_without_address() -> None:
    assert is_headless(make_service("web", clusterIP="None"))
    assert not is_headless(make_service("web"))


def test_pods_behind_a_service_have_an_address_and_did_not_end() -> None:
    cluster = cluster_of(
        (core.POD, make_pod("b", ip="10.0.0.2", labels=LABELS)),
        (core.POD, make_pod("a", ip="10.0.0.1", labels=LABELS | {"version": "v1"})),
        (core.POD, make_pod("no-address", labels=LABELS)),
        (core.POD, make_pod("other", ip="10.0.0.3", labels={"app": "db"})),
        (core.POD, make_pod("ended", ip="10.0.0.4", labels=LABELS, status={"phase": "Succeeded"})),
        (core.POD, make_pod("elsewhere", "other", ip="10.0.0.5", labels=LABELS)),
    )
    assert [name_of(pod) for pod in pods_behind(make_service("web"), cluster)] == ["a", "b"]


def test_target_ports_are_numbers_names_or_the_port_itself() -> None:
    pod = make_pod("p", spec={"containers": [{"name": "c", "image": "x", "ports": [{"name": "web", "containerPort": 8080}]}]})
    ports = [
        {"name": "same", "port": 80},
        {"name": "number", "port": 81, "targetPort": 8081, "appProtocol": "http"},
        {"name": "named", "port": 82, "targetPort": "web"},
        {"name": "nobody", "port": 83, "targetPort": "grpc"},
        {"name": "udp", "port": 84, "targetPort": 53, "protocol": "UDP"},
    ]
    assert pod_ports(make_service("web", ports=ports), pod) == (
        PodPort("same", 80, "TCP", None),
        PodPort("number", 8081, "TCP", "http"),
        PodPort("named", 8080, "TCP", None),
        PodPort("udp", 53, "UDP", None),
    )


def test_a_pod_concerns_the_services_that_select_it() -> None:
    cluster = cluster_of(
        (core.SERVICE, make_service("web")),
        (core.SERVICE, make_service("all", selector={})),
        (core.SERVICE, make_service("db")),
    )
    assert services_of_pod(make_pod("p", labels=LABELS), cluster) == [Key("bookinfo", "web")]
