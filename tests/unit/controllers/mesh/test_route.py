from typing import Any

import pytest

from hauberk.controllers.actions import Patch, PatchStatus
from hauberk.controllers.cluster import Key
from hauberk.controllers.mesh.route import controller, plan
from hauberk.k8s import route
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import STAMP, World, make_object, run

KEY = Key("istio-system", "web")


def make_route(host: str = "", **fields: Any) -> Manifest:
    spec: Manifest = {"to": {"kind": "Service", "name": "web"}} | ({"host": host} if host else {})
    return make_object(route.ROUTE, "web", "istio-system", spec=spec, **fields)


def admitted(host: str) -> PatchStatus:
    ingress = {
        "host": host,
        "routerName": "default",
        "routerCanonicalHostname": "apps.localhost",
        "wildcardPolicy": "None",
        "conditions": [{"type": "Admitted", "status": "True", "lastTransitionTime": STAMP}],
    }
    return PatchStatus(route.ROUTE, "istio-system", "web", {"ingress": [ingress]})


@pytest.mark.parametrize(("port", "host"), [(80, "web-istio-system.apps.localhost"), (8080, "web-istio-system.apps.localhost:8080")])
def test_a_route_without_a_host_gets_one_that_works_as_it_is_typed(port: int, host: str) -> None:
    patch = {"metadata": {"annotations": {"openshift.io/host.generated": "true"}}, "spec": {"host": host}}
    assert run(plan, KEY, (route.ROUTE, make_route()), http_port=port) == [
        Patch(route.ROUTE, "istio-system", "web", patch),
        admitted(host),
    ]


def test_a_users_host_is_kept() -> None:
    assert run(plan, KEY, (route.ROUTE, make_route("my.example")), http_port=8080) == [admitted("my.example")]


def test_a_generated_host_follows_the_port() -> None:
    generated = make_route("web-istio-system.apps.localhost:1", annotations={"openshift.io/host.generated": "true"})
    actions = run(plan, KEY, (route.ROUTE, generated), http_port=80)
    assert actions[1] == admitted("web-istio-system.apps.localhost")


def test_an_admitted_route_needs_nothing_more() -> None:
    world = World((controller(8080),), (route.ROUTE, make_route()))
    world.settle()
    assert world.get(route.ROUTE, *KEY)["spec"]["host"] == "web-istio-system.apps.localhost:8080"
    assert run(plan, KEY, (route.ROUTE, world.get(route.ROUTE, *KEY)), http_port=8080) == []


def test_other_routers_entries_stay() -> None:
    other = {"routerName": "other", "host": "x"}
    (action,) = run(plan, KEY, (route.ROUTE, make_route("my.example") | {"status": {"ingress": [other]}}), http_port=80)
    assert isinstance(action, PatchStatus)
    assert action.status["ingress"][0] == other


@pytest.mark.parametrize("objects", [(), ((route.ROUTE, make_route(deletionTimestamp=STAMP)),)])
def test_a_route_that_is_gone_or_going_is_left_alone(objects: tuple[Any, ...]) -> None:
    assert run(plan, KEY, *objects, http_port=80) == []
