"""Route configurations of sidecars."""

from datetime import timedelta
from typing import Any

import pytest

from hauberk.envoy.outbound.routes import build_http_route, build_route_configuration, domains
from hauberk.model.mesh import OutboundPolicy
from hauberk.model.traffic import HttpDestination, HttpMatch, HttpRoute, MatchKind, StringMatch, VirtualService
from hauberk.view.changes import ModelObject
from tests.unit.envoy.builders import as_dict
from tests.unit.model.builders import make_service, make_settings
from tests.unit.view.builders import DETAILS, REVIEWS, bookinfo_objects, make_view

V1 = HttpRoute((HttpDestination(REVIEWS, "v1"),))


def hosts(*objects: ModelObject, client: str = "bookinfo", policy: OutboundPolicy = OutboundPolicy.ALLOW_ANY) -> dict[str, Any]:
    view = make_view(*bookinfo_objects(), *objects, settings=make_settings("bookinfo", outbound_policy=policy))
    configuration = as_dict(build_route_configuration(view, client, 9080))
    assert configuration["name"] == "9080"
    return {host["name"]: host for host in configuration["virtual_hosts"]}


def clusters(host: dict[str, Any]) -> list[str]:
    return [route["route"]["cluster"] for route in host["routes"]]


def rule(*hosts: str, name: str = "v", http: tuple[HttpRoute, ...] = (V1,), **fields: Any) -> VirtualService:
    return VirtualService("bookinfo", name, hosts or (REVIEWS,), http=http, **fields)


def test_each_service_is_a_virtual_host_and_all_else_passes_through() -> None:
    found = hosts(make_service("db", "bookinfo", ("tcp", 9080, 9080), vip="10.96.0.9"))
    assert list(found) == [f"{DETAILS}:9080", f"{REVIEWS}:9080", "allow_any"]
    (route,) = found[f"{DETAILS}:9080"]["routes"]
    assert route["name"] == "default"
    assert route["match"] == {"prefix": "/"}
    assert route["route"]["cluster"] == f"outbound|9080||{DETAILS}"
    assert route["route"]["timeout"] == "0s"
    assert route["route"]["retry_policy"]["num_retries"] == 2
    assert clusters(found["allow_any"]) == ["PassthroughCluster"]
    assert found["allow_any"]["domains"] == ["*"]


def test_registry_only_answers_502() -> None:
    block = hosts(policy=OutboundPolicy.REGISTRY_ONLY)["block_all"]
    assert block["routes"] == [{"name": "block_all", "match": {"prefix": "/"}, "direct_response": {"status": 502}}]


@pytest.mark.parametrize(("client", "short"), [("bookinfo", True), ("istio-system", False)])
def test_the_short_name_is_known_in_the_own_namespace_only(client: str, short: bool) -> None:
    known = domains(make_service("details", vip="10.96.0.1"), 9080, client)
    assert ("details" in known, "details:9080" in known) == (short, short)
    assert {"details.bookinfo", "details.bookinfo:9080", "details.bookinfo.svc", DETAILS, f"{DETAILS}:9080", "10.96.0.1"} <= set(known)
    assert len(known) == len(set(known))


def test_a_virtual_service_replaces_the_default_route() -> None:
    assert clusters(hosts(rule())[f"{REVIEWS}:9080"]) == [f"outbound|9080|v1|{REVIEWS}"]
    assert clusters(hosts(rule())[f"{DETAILS}:9080"]) == [f"outbound|9080||{DETAILS}"]


@pytest.mark.parametrize(
    "ignored",
    [rule(gateways=("bookinfo/gw",)), rule(http=()), VirtualService("outside", "v", (REVIEWS,), http=(V1,))],
    ids=["for gateways only", "without HTTP routes", "of a namespace outside"],
)
def test_virtual_services_that_do_not_count(ignored: VirtualService) -> None:
    assert clusters(hosts(ignored)[f"{REVIEWS}:9080"]) == [f"outbound|9080||{REVIEWS}"]


def test_a_private_virtual_service_counts_at_home() -> None:
    private = rule(export_to=(".",))
    assert clusters(hosts(private)[f"{REVIEWS}:9080"]) == [f"outbound|9080|v1|{REVIEWS}"]
    assert clusters(hosts(private, client="istio-system")[f"{REVIEWS}:9080"]) == [f"outbound|9080||{REVIEWS}"]


def test_the_most_specific_host_counts_then_the_oldest_object() -> None:
    wild = rule("*.local", name="a", http=(HttpRoute((HttpDestination(REVIEWS, "wild"),)),))
    late = rule(name="z", http=(HttpRoute((HttpDestination(REVIEWS, "late"),)),))
    assert clusters(hosts(late, wild, rule())[f"{REVIEWS}:9080"]) == [f"outbound|9080|v1|{REVIEWS}"]


def routes(route: HttpRoute, *objects: ModelObject) -> list[dict[str, Any]]:
    return [as_dict(built) for built in build_http_route(make_view(*bookinfo_objects(), *objects), route, 9080)]


def test_each_match_is_a_route() -> None:
    matches = tuple(HttpMatch(StringMatch(kind, path)) for kind, path in zip(MatchKind, ("/a", "/b", "/c.*"), strict=True))
    built = routes(HttpRoute(V1.destinations, matches, timedelta(seconds=2), "named"))
    assert [route["match"] for route in built] == [{"path": "/a"}, {"prefix": "/b"}, {"safe_regex": {"regex": "/c.*"}}]
    assert {(route["name"], route["route"]["timeout"]) for route in built} == {("named", "2s")}


def test_weights_are_kept_and_nothing_goes_to_weight_zero() -> None:
    both = HttpRoute((HttpDestination(REVIEWS, "v1", weight=80), HttpDestination(REVIEWS, "v2", weight=20)))
    (built,) = routes(both)
    assert built["route"]["weighted_clusters"]["clusters"] == [
        {"name": f"outbound|9080|v1|{REVIEWS}", "weight": 80},
        {"name": f"outbound|9080|v2|{REVIEWS}", "weight": 20},
    ]
    (one,) = routes(HttpRoute((HttpDestination(REVIEWS, "v1", weight=100), HttpDestination(REVIEWS, "v2", weight=0))))
    assert one["route"]["cluster"] == f"outbound|9080|v1|{REVIEWS}"
    assert routes(HttpRoute((HttpDestination(REVIEWS, weight=0),))) == []
    assert routes(HttpRoute(())) == []


@pytest.mark.parametrize(
    ("destination", "cluster"),
    [
        (HttpDestination("web.bookinfo.svc.cluster.local"), "outbound|80||web.bookinfo.svc.cluster.local"),
        (HttpDestination("web.bookinfo.svc.cluster.local", port=81), "outbound|81||web.bookinfo.svc.cluster.local"),
        (HttpDestination("two.bookinfo.svc.cluster.local"), "outbound|9080||two.bookinfo.svc.cluster.local"),
        (HttpDestination("example.com"), "outbound|9080||example.com"),
    ],
    ids=["the only port", "the port that is written", "the port that was called", "a host that nobody knows"],
)
def test_the_port_of_a_destination(destination: HttpDestination, cluster: str) -> None:
    web = make_service("web", "bookinfo", ("http", 80, 80))
    two = make_service("two", "bookinfo", ("http", 80, 80), ("http-b", 9080, 81))
    (built,) = routes(HttpRoute((destination,)), web, two)
    assert built["route"]["cluster"] == cluster
