"""Which Route and which endpoint a request goes to."""

from typing import Any

import pytest

from hauberk.node.traffic.routes import RouteEntry, choose_route, parse_route, ready_endpoints, render_no_endpoint, render_no_route


def make_route(name: str, host: str = "web.apps.localhost", path: str = "", port: Any = None, **tls: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"host": host, "to": {"kind": "Service", "name": "web"}}
    spec |= {"path": path} if path else {}
    spec |= {"port": {"targetPort": port}} if port else {}
    spec |= {"tls": tls} if tls else {}
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def entries(*routes: dict[str, Any]) -> list[RouteEntry]:
    return [parse_route(route) for route in routes]


def chosen(routes: list[RouteEntry], host: str, path: str = "/", *, tls: bool = False) -> str | None:
    route = choose_route(routes, host, path, tls=tls)
    return route and route.name


def test_a_route_is_parsed_with_its_defaults() -> None:
    assert parse_route(make_route("a", port=8080)) == RouteEntry(
        "shop", "a", "web.apps.localhost", "/", "web", "8080", plain=True, passthrough=False
    )


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("web.apps.localhost", "a"),
        ("WEB.apps.localhost:8080", "a"),
        ("web.apps.localhost.", "a"),
        ("other.apps.localhost", None),
        ("ported.localhost:81", "b"),
        ("ported.localhost", None),
        ("", None),
    ],
)
def test_the_host_decides_with_or_without_its_port(host: str, name: str | None) -> None:
    assert chosen(entries(make_route("a"), make_route("b", host="ported.localhost:81")), host) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [("/", "root"), ("/a", "a"), ("/a/", "a"), ("/a/b", "ab"), ("/a/b?x=/", "ab"), ("/a/c", "a"), ("/ab", "root"), ("/?a", "root")],
)
def test_the_longest_path_wins_by_whole_segments(path: str, name: str) -> None:
    routes = entries(make_route("root"), make_route("a", path="/a"), make_route("ab", path="/a/b/"))
    assert chosen(routes, "web.apps.localhost", path) == name


def test_of_equals_the_first_by_name_wins() -> None:
    assert chosen(entries(make_route("b"), make_route("a")), "web.apps.localhost") == "a"


def test_tls_is_for_passthrough_routes_and_http_for_the_others() -> None:
    routes = entries(
        make_route("plain", host="p"),
        make_route("through", host="t", termination="passthrough"),
        make_route("edge", host="e", termination="edge"),
        make_route("both", host="b", termination="edge", insecureEdgeTerminationPolicy="Allow"),
    )
    assert [chosen(routes, host, tls=True) for host in "pteb"] == [None, "through", None, None]
    assert [chosen(routes, host) for host in "pteb"] == ["plain", None, None, "both"]


SLICE = {
    "metadata": {"namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
    "ports": [{"name": "http", "port": 8080}, {"name": "admin", "port": 9000}],
    "endpoints": [
        {"addresses": ["10.244.0.6"]},
        {"addresses": ["10.244.0.5"], "conditions": {"ready": True}},
        {"addresses": ["10.244.0.7"], "conditions": {"ready": False}},
    ],
}
SERVICE = {"spec": {"ports": [{"name": "http", "port": 80, "targetPort": "web"}, {"name": "admin", "port": 90}]}}


@pytest.mark.parametrize(("target", "port"), [("http", 8080), ("admin", 9000), (9000, 9000), (None, 8080), (80, 8080), ("web", 8080)])
def test_endpoints_are_the_ready_ones_on_the_target_port(target: Any, port: int) -> None:
    route = parse_route(make_route("a", port=target))
    assert ready_endpoints(route, {("shop", "web"): SERVICE}, [SLICE]) == [("10.244.0.5", port), ("10.244.0.6", port)]


def test_slices_of_others_and_unknown_ports_have_no_endpoints() -> None:
    other = SLICE | {"metadata": {"namespace": "else", "labels": {"kubernetes.io/service-name": "web"}}}
    assert ready_endpoints(parse_route(make_route("a")), {}, [other]) == []
    assert ready_endpoints(parse_route(make_route("a", port="none")), {}, [SLICE]) == []


def test_pages_say_what_there_is_and_how_to_look() -> None:
    assert render_no_route("x", entries(make_route("a"), make_route("b", path="/b"))) == (
        'No Route has the host "x". Hosts that are served here:\n  http://web.apps.localhost/\n'
    )
    assert "kubectl get routes -A" in render_no_route("x", [])
    assert render_no_endpoint(parse_route(make_route("a", port="http"))).startswith(
        "Route shop/a: no endpoint of Service web on port http is ready.\n"
    )


@pytest.mark.parametrize(
    ("host", "name"), [("a.x.org", "wild"), ("wildcard.x.org", "wild"), ("web.x.org", "web"), ("x.org", None), ("a.b.x.org", None)]
)
def test_a_route_of_a_domain_takes_what_no_other_names(host: str, name: str | None) -> None:
    wild = make_route("wild", host="wildcard.x.org")
    wild["spec"]["wildcardPolicy"] = "Subdomain"
    assert chosen(entries(wild, make_route("web", host="web.x.org")), host) == name
