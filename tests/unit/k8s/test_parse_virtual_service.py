"""The parts of a VirtualService beyond those in test_parse_traffic.py."""

from datetime import timedelta
from typing import Any

import pytest

from hauberk.errors import ConfigError
from hauberk.k8s.parse_virtual_service import gateway_key, parse_virtual_service
from hauberk.model import routing as r

B = "b.n.svc.cluster.local"


def parse(**spec: Any) -> r.VirtualService:
    return parse_virtual_service({"kind": "VirtualService", "metadata": {"name": "v", "namespace": "n"}, "spec": {"hosts": ["a"], **spec}})


def route(**fields: Any) -> r.HttpRoute:
    return parse(http=[fields]).http[0]


def text(value: str) -> r.StringMatch:
    return r.StringMatch(r.MatchKind.EXACT, value)


def test_conditions() -> None:
    match = {
        "headers": {"x": {"exact": "1"}, "any": {}},
        "withoutHeaders": {"y": {"exact": "2"}},
        "queryParams": {"q": {"exact": "3"}},
        "method": {"exact": "GET"},
        "sourceLabels": {"b": "2", "a": "1"},
        "gateways": ["gw", "mesh"],
        "port": 80,
    }
    assert route(match=[match]).matches == (
        r.HttpMatch(
            method=text("GET"),
            headers=(r.NamedMatch("any"), r.NamedMatch("x", text("1"))),
            without_headers=(r.NamedMatch("y", text("2")),),
            query_params=(r.NamedMatch("q", text("3")),),
            port=80,
            source_labels=(("a", "1"), ("b", "2")),
            gateways=("n/gw", "mesh"),
        ),
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"redirect": {"uri": "/a", "redirectCode": 302}}, {"redirect": r.Redirect("/a", code=302)}),
        ({"directResponse": {"status": 200, "body": {"bytes": "aGk="}}}, {"direct_response": r.DirectResponse(200, b"hi")}),
        ({"rewrite": {"uriRegexRewrite": {"match": "a", "rewrite": "b"}}}, {"rewrite": r.Rewrite("", "", "a", "b")}),
        ({"retries": {"attempts": 3, "perTryTimeout": "2s"}}, {"retries": r.Retries(3, timedelta(seconds=2))}),
        ({"fault": {"delay": {"fixedDelay": "1s", "percent": 50}}}, {"delay": r.Delay(timedelta(seconds=1), 50.0)}),
        ({"fault": {"abort": {"grpcStatus": "UNAVAILABLE"}}}, {"abort": r.Abort(grpc_status=14)}),
        ({"fault": {"abort": {"httpStatus": 500, "percentage": {}}}}, {"abort": r.Abort(500, percentage=0.0)}),
        ({"mirror": {"host": "b"}, "mirrorPercentage": {"value": 5}}, {"mirrors": (r.Mirror(r.HttpDestination(B), 5.0),)}),
        ({"mirror": {"host": "b"}, "mirror_percent": 7}, {"mirrors": (r.Mirror(r.HttpDestination(B), 7.0),)}),
        ({"headers": {"request": {"set": {"a": "b"}}}}, {"request_headers": r.HeaderChanges((("a", "b"),))}),
        ({"corsPolicy": {"allowOrigin": ["o"]}}, {"cors": r.Cors((text("o"),))}),
    ],
)
def test_actions(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert route(**fields) == r.HttpRoute(**expected)


def test_routes_of_connections() -> None:
    to = [{"destination": {"host": "b", "port": {"number": 1}}}]
    rule = parse(tcp=[{"route": to}], tls=[{"match": [{"sniHosts": ["s"], "port": 443}], "route": to}])
    assert rule.tcp == (r.TcpRoute((r.HttpDestination(B, port=1),)),)
    assert rule.tls == (r.TcpRoute((r.HttpDestination(B, port=1),), (r.TcpMatch(("s",), port=443),)),)


def test_a_body_that_is_not_base64_is_said() -> None:
    with pytest.raises(ConfigError, match="base64"):
        route(directResponse={"status": 200, "body": {"bytes": "?"}})


def test_gateways_are_of_the_objects_own_namespace() -> None:
    assert [gateway_key(name, "n") for name in ("gw", "m/gw", "mesh")] == ["n/gw", "m/gw", "mesh"]


def test_the_weight_of_an_only_destination_does_not_count() -> None:
    """As in Istio: all goes there, where a route without a target would be none, and a listener of it could not be built."""
    only = {"destination": {"host": "details"}, "weight": 0}
    parsed = parse(http=[{"route": [only]}], tcp=[{"route": [only]}], tls=[{"match": [{"sniHosts": ["a.example"]}], "route": [only]}])
    weights = [target.weight for route in (*parsed.http, *parsed.tcp, *parsed.tls) for target in route.destinations]
    assert weights == [1, 1, 1]
