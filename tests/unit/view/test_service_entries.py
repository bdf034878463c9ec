from hauberk.model.service import Endpoint, Protocol, Resolution, ServicePort
from hauberk.model.service_entry import EntryEndpoint, ServiceEntry
from hauberk.view.apply import apply
from hauberk.view.changes import Affected, Delete, Put
from hauberk.view.service_entries import entry_endpoints, entry_services
from tests.unit.model.builders import make_workload
from tests.unit.view.builders import DETAILS, bookinfo_objects, make_view

PORT = ServicePort("http", 80, 8080, Protocol.HTTP)
POD = make_workload(address="10.244.0.1")


def entry(host: str = "a.example", name: str = "e", *, external: bool = True) -> ServiceEntry:
    endpoint = EntryEndpoint("10.244.0.1", {"http": 81})
    return ServiceEntry("bookinfo", name, (host,), (), (PORT,), external, Resolution.STATIC, (endpoint, EntryEndpoint("192.0.2.1")))


def test_static_endpoints_take_their_own_port_else_the_target_port() -> None:
    found = entry_endpoints([entry()], {POD.address: POD})
    assert found == {"a.example": (Endpoint("10.244.0.1", {"http": 81}), Endpoint("192.0.2.1", {"http": 8080}))}


def test_inside_the_mesh_a_pod_stands_behind_its_address() -> None:
    assert entry_endpoints([entry(external=False)], {POD.address: POD})["a.example"][0].workload == POD


def test_of_two_entries_for_a_host_one_counts() -> None:
    assert [service.name for service in entry_services([entry(name="b"), entry(name="a")]).values()] == ["a"]


def test_a_host_comes_and_goes_and_kubernetes_own_stays() -> None:
    before = make_view(*bookinfo_objects())
    view, affected = apply(before, [Put(entry()), Put(entry(DETAILS, "x"))])
    assert view.services["a.example"].from_entry
    assert view.services[DETAILS] == before.services[DETAILS]
    assert len(view.endpoints["a.example"]) == 2
    hosts = frozenset({"a.example", DETAILS})
    assert affected == Affected(clusters=hosts, endpoints=hosts, listeners=frozenset({80}), virtual_hosts=hosts, routers=True)
    after, _ = apply(view, [Delete(entry().ref), Delete(entry(DETAILS, "x").ref)])
    assert (after.services, after.endpoints) == (before.services, before.endpoints)
