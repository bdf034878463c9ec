from typing import Any

import pytest

from hauberk.controllers.actions import Action, Create, Delete, Event, Patch
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.objects import labels_of
from hauberk.controllers.smcp.ior import controller, plan, route_name
from hauberk.k8s import core, maistra, networking, route
from hauberk.k8s.kind import Kind, Manifest, name_of
from tests.unit.controllers.builders import NOW, STAMP, World, make_namespace, make_object, make_pod, make_service, make_smcp, make_smmr

GATEWAY, SMCP, SMMR = networking.GATEWAY, maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL
KEY = Key("bookinfo", "web")
INGRESS = {"istio": "ingressgateway"}


def server(*hosts: str, tls: Manifest | None = None) -> Manifest:
    port = {"number": 443, "name": "https", "protocol": "HTTPS"} if tls else {"number": 80, "name": "http", "protocol": "HTTP"}
    return {"port": port, "hosts": list(hosts)} | ({"tls": tls} if tls else {})


def make_gateway(*servers: Manifest, selector: Manifest | None = None, **fields: Any) -> Manifest:
    spec = {"selector": INGRESS if selector is None else selector, "servers": list(servers)}
    return make_object(GATEWAY, "web", "bookinfo", spec=spec, **fields)


def mesh(gateway: Manifest | None, *extra: tuple[Kind, Manifest], version: str = "v2.1", **spec: Any) -> list[tuple[Kind, Manifest]]:
    roll = make_smmr(["bookinfo"]) | {"status": {"configuredMembers": ["bookinfo"]}}
    return [
        (SMCP, make_smcp(version=version, spec=spec)),
        (SMMR, roll),
        (core.NAMESPACE, make_namespace("bookinfo")),
        (core.POD, make_pod("ingress-1", "istio-system", labels=INGRESS)),
        (core.SERVICE, make_service("istio-ingressgateway", "istio-system", selector=INGRESS)),
        *([(GATEWAY, gateway)] if gateway is not None else []),
        *extra,
    ]


def planned(*objects: tuple[Kind, Manifest]) -> list[Action]:
    return list(plan(Cluster.of(objects), KEY, NOW))


def routes(actions: list[Action]) -> list[Manifest]:
    return [action.object for action in actions if isinstance(action, Create)]


@pytest.mark.parametrize(
    ("version", "host", "actual", "name"),
    [
        ((2, 5), "*", "", "bookinfo-web-684888c0ebb17f37"),
        ((2, 1), "*", "", "bookinfo-web-525eca1d5089dbdc"),
    ],
)
def test_names_are_hashed_as_the_version_does(version: tuple[int, int], host: str, actual: str, name: str) -> None:
    assert route_name(KEY, host, actual, version) == name


def test_from_2_5_on_the_host_as_written_is_hashed_before_that_the_routes() -> None:
    assert route_name(KEY, "*.x.org", "wildcard.x.org", (2, 4)) == route_name(KEY, "wildcard.x.org", "", (2, 5))
    assert route_name(KEY, "*.x.org", "wildcard.x.org", (2, 5)) != route_name(KEY, "*.x.org", "wildcard.x.org", (2, 4))


def test_a_route_for_every_host_in_the_namespace_of_the_gateways_service() -> None:
    labels, annotations = {"team": "books", "maistra.io/x": "y"}, {"note": "n", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
    gateway = make_gateway(server("shop.example"), server("*"), labels=labels, annotations=annotations)
    gateway["metadata"]["resourceVersion"] = "7"
    first, second = routes(planned(*mesh(gateway)))
    assert first == {
        "apiVersion": "route.openshift.io/v1",
        "kind": "Route",
        "metadata": {
            "name": route_name(KEY, "shop.example", "shop.example", (2, 1)),
            "namespace": "istio-system",
            "labels": {
                "team": "books",
                "maistra.io/generated-by": "ior",
                "maistra.io/gateway-name": "web",
                "maistra.io/gateway-namespace": "bookinfo",
                "maistra.io/gateway-resourceVersion": "7",
            },
            "annotations": {"note": "n", "maistra.io/original-host": "shop.example"},
        },
        "spec": {
            "host": "shop.example",
            "to": {"kind": "Service", "name": "istio-ingressgateway", "weight": 100},
            "port": {"targetPort": "http2"},
            "wildcardPolicy": "None",
        },
    }
    assert "host" not in second["spec"], "the router gives it one"
    assert name_of(second) == "bookinfo-web-525eca1d5089dbdc"


@pytest.mark.parametrize(
    ("host", "tls", "expected"),
    [
        ("*.x.org", None, {"host": "wildcard.x.org", "wildcardPolicy": "Subdomain"}),
        ("bookinfo/a.org", None, {"host": "a.org", "wildcardPolicy": "None"}),
        ("a.org", {"mode": "SIMPLE"}, {"port": {"targetPort": "https"}, "tls": {"termination": "passthrough"}}),
        (
            "a.org",
            {"mode": "SIMPLE", "httpsRedirect": True},
            {"tls": {"termination": "passthrough", "insecureEdgeTerminationPolicy": "Redirect"}},
        ),
    ],
)
def test_what_becomes_of_a_host(host: str, tls: Manifest | None, expected: Manifest) -> None:
    (made,) = routes(planned(*mesh(make_gateway(server(host, tls=tls)))))
    assert made["spec"] == made["spec"] | expected


@pytest.mark.parametrize(
    ("version", "spec", "made"),
    [
        ("v2.0", {}, True),
        ("v2.4", {}, True),
        ("v2.5", {}, True),  # one that was upgraded: new ones say false, by the webhook
        ("v2.5", {"gateways": {"openshiftRoute": {"enabled": False}}}, False),
        ("v2.1", {"gateways": {"openshiftRoute": {"enabled": False}}}, False),
        ("v2.5", {"gateways": {"openshiftRoute": {"enabled": True}}}, True),
        ("v2.1", {"profiles": ["nope"]}, False),
    ],
)
def test_on_or_off(version: str, spec: Manifest, made: bool) -> None:
    assert bool(planned(*mesh(make_gateway(server("a.org")), version=version, **spec))) is made


@pytest.mark.parametrize(
    ("gateway", "made"),
    [
        (make_gateway(server("a.org"), annotations={"maistra.io/manageRoute": "false"}), False),
        (make_gateway(server("a.org"), annotations={"maistra.io/manageRoute": "TRUE"}), True),
        (make_gateway(server("a.org"), selector={"istio": "egressgateway"}), False),
        (make_gateway(server("a.org"), deletionTimestamp=STAMP), False),
    ],
)
def test_gateways_that_are_left_alone(gateway: Manifest, made: bool) -> None:
    assert bool(routes(planned(*mesh(gateway)))) is made


@pytest.mark.parametrize(
    ("gateway", "message"),
    [
        (
            make_gateway(server("a.org"), selector={"istio": "none", "app": "x"}),
            "could not find a service that matches the gateway selector 'app=x,istio=none'",
        ),
        (
            make_gateway(server("a.org"), annotations={"maistra.io/manageRoute": "ABC"}),
            'could not parse annotation "maistra.io/manageRoute": strconv.ParseBool: parsing "ABC": invalid syntax',
        ),
    ],
)
def test_errors_are_told_on_the_gateway(gateway: Manifest, message: str) -> None:
    assert planned(*mesh(gateway)) == [Event(gateway, "RouteNotMade", message, "Warning")]


def test_a_users_route_in_the_way_is_kept_and_named() -> None:
    name = route_name(KEY, "a.org", "a.org", (2, 1))
    users = make_object(route.ROUTE, name, "istio-system", spec={"to": {"name": "x"}})
    (event,) = planned(*mesh(make_gateway(server("a.org")), (route.ROUTE, users)))
    assert isinstance(event, Event)
    assert "made by somebody else" in event.message


def test_outside_a_mesh_there_are_none() -> None:
    assert planned((GATEWAY, make_gateway(server("a.org")))) == []


def test_routes_follow_their_gateway() -> None:
    world = World([controller()], *mesh(make_gateway(server("a.org", "b.org"))))
    world.settle()
    assert sorted(one["spec"]["host"] for one in world.cluster.list(route.ROUTE)) == ["a.org", "b.org"]
    world.patch(GATEWAY, *KEY, {"spec": {"servers": [server("b.org")]}})
    world.settle()
    (left,) = world.cluster.list(route.ROUTE)
    assert left["spec"]["host"] == "b.org"
    assert labels_of(left)["maistra.io/gateway-resourceVersion"] == world.get(GATEWAY, *KEY)["metadata"]["resourceVersion"]
    world.patch(route.ROUTE, "istio-system", name_of(left), {"spec": {"to": {"name": "mine"}}})
    world.settle()
    (mended,) = world.cluster.list(route.ROUTE)
    assert mended["spec"]["to"]["name"] == "istio-ingressgateway"
    world.delete(GATEWAY, *KEY)
    world.settle()
    assert world.cluster.list(route.ROUTE) == []


def test_leaving_the_mesh_takes_the_routes_along() -> None:
    made = routes(planned(*mesh(make_gateway(server("a.org")))))[0]
    made["metadata"]["uid"] = "r"
    left = make_smmr([]) | {"status": {"configuredMembers": []}}
    objects = [(kind, obj) for kind, obj in mesh(make_gateway(server("a.org"))) if kind != SMMR]
    assert planned(*objects, (SMMR, left), (route.ROUTE, made)) == [Delete(route.ROUTE, "istio-system", name_of(made), "r")]


def test_the_routers_mark_on_a_host_that_nobody_chose_stays() -> None:
    made = routes(planned(*mesh(make_gateway(server("*")))))[0]
    made["spec"]["host"] = "given.apps.localhost"
    made["spec"]["to"]["name"] = "other"
    made["metadata"]["annotations"]["openshift.io/host.generated"] = "true"
    (patch,) = planned(*mesh(make_gateway(server("*")), (route.ROUTE, made)))
    assert isinstance(patch, Patch)
    assert patch.patch == {"spec": {"to": {"name": "istio-ingressgateway"}}}
