from datetime import UTC, datetime

import pytest

from hauberk.k8s.openshift.routes import ROUTE_COLUMNS
from hauberk.k8s.route import ROUTE
from tests.unit.k8s.builders import errors, load, warnings

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spec", "cells"),
    [
        (
            "{host: x-istio-system.apps.localhost, to: {name: istio-ingressgateway}, port: {targetPort: 8080}}",
            ["x", "x-istio-system.apps.localhost", None, "istio-ingressgateway", "8080", None, "None"],
        ),
        (
            "{to: {name: a}, path: /p, tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}}",
            ["x", None, "/p", "a", "<all>", "edge/Redirect", "None"],
        ),
        (
            "{host: h, to: {name: a, weight: 3}, alternateBackends: [{name: b, weight: 1}], tls: {termination: passthrough}}",
            ["x", "h", None, "a(75%),b(25%)", "<all>", "passthrough", "None"],
        ),
    ],
)
def test_the_row_that_oc_prints(spec: str, cells: list[str | None]) -> None:
    assert [column.value(load(f"{{spec: {spec}}}"), NOW) for column in ROUTE_COLUMNS] == cells
    assert [column.name for column in ROUTE_COLUMNS] == ["Name", "Host/Port", "Path", "Services", "Port", "Termination", "Wildcard"]


def test_defaults() -> None:
    route = load("{spec: {to: {name: a}}}")
    ROUTE.complete(route)
    assert route["spec"] == {"to": {"name": "a", "kind": "Service", "weight": 100}, "wildcardPolicy": "None"}


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ("{to: {name: a}, port: {targetPort: http2}, host: a.b}", []),
        ("{to: {name: a}, port: {targetPort: 8080}, host: 'a.apps.localhost:8080'}", []),
        ("{}", ["spec.to"]),
        ("{to: {name: ''}}", ["spec.to.name"]),
        ("{to: {name: a}, host: 'A b'}", ["spec.host"]),
        ("{to: {name: a}, host: 'a:http'}", ["spec.host"]),
        ("{to: {name: a, kind: Pod}}", ["spec.to.kind"]),
    ],
)
def test_checks(spec: str, paths: list[str]) -> None:
    assert [path for path, _ in errors(ROUTE, f"{{kind: Route, spec: {spec}}}")] == paths


def test_what_is_not_implemented_is_said_by_name() -> None:
    text = "{spec: {to: {name: a}, tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect, key: k}, subdomain: x}}"
    fields = ("tls.termination", "tls.insecureEdgeTerminationPolicy", "subdomain", "tls.key")
    assert sorted(warnings(ROUTE, text)) == sorted(("HBK0390", f"spec.{field}") for field in fields)
    assert warnings(ROUTE, "{spec: {to: {name: a}, path: /a, wildcardPolicy: Subdomain, tls: {termination: passthrough}}}") == []
