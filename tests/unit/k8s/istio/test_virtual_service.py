import pytest

from hauberk.k8s.networking import VIRTUAL_SERVICE
from tests.unit.k8s.builders import errors, warnings


def service(http: str, rest: str = "hosts: [a]") -> str:
    return f"{{kind: VirtualService, spec: {{{rest}, http: [{http}]}}}}"


TO_B = "route: [{destination: {host: b}}]"


@pytest.mark.parametrize(
    "text",
    [
        service(f"{{{TO_B}}}"),
        service(f"{{name: n, match: [{{name: m, uri: {{prefix: /}}}}, {{uri: {{regex: '/[a-z]+'}}}}], timeout: 1.5s, {TO_B}}}"),
        service("{route: [{destination: {host: b, subset: v1, port: {number: 9080}}, weight: 80}, {destination: {host: c}, weight: 20}]}"),
        service(f"{{{TO_B}}}", "hosts: ['*'], gateways: [mesh, ns/gw, bookinfo-gateway]"),
    ],
)
def test_what_istio_takes_and_we_do(text: str) -> None:
    assert (errors(VIRTUAL_SERVICE, text), warnings(VIRTUAL_SERVICE, text)) == ([], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{kind: VirtualService, spec: {}}",
            [
                ("spec.hosts", "Required value: virtual service must have at least one host"),
                ("spec.http", "Required value: http, tcp or tls must be provided in virtual service"),
            ],
        ),
        (service("{}"), [("spec.http[0].route", "Required value: HTTP route, redirect or direct_response is required")]),
        (service("{route: [{weight: 1}]}"), [("spec.http[0].route[0].destination", "Required value")]),
        (
            service("{route: [{destination: {host: b}}, {destination: {host: c}}]}"),
            [("spec.http[0].route", "Invalid value: 0: total destination weight = 0")],
        ),
        (
            service("{route: [{destination: {host: b}, weight: -1}, {destination: {host: c}, weight: 5}]}"),
            [("spec.http[0].route[0].weight", "Invalid value: -1: weight -1 < 0")],
        ),
        (
            service(f"{{match: [{{uri: {{exact: /a, prefix: /b}}}}], {TO_B}}}"),
            [("spec.http[0].match[0].uri", 'Invalid value: ["exact","prefix"]: exactly one of exact, prefix and regex must be set')],
        ),
        (
            service(f"{{match: [{{uri: {{regex: '('}}}}], {TO_B}}}"),
            [
                (
                    "spec.http[0].match[0].uri.regex",
                    'Invalid value: "(": is no regular expression: missing ), unterminated subpattern at position 0',
                )
            ],
        ),
        (service(f"{{timeout: 7d, {TO_B}}}"), [("spec.http[0].timeout", 'Invalid value: "7d": must be a valid duration greater than 1ms')]),
        (
            service("{route: [{destination: {host: '*.b', port: {number: 0}}}]}"),
            [
                ("spec.http[0].route[0].destination.host", 'Invalid value: "*.b": destination host must not be a wildcard'),
                ("spec.http[0].route[0].destination.port.number", "Invalid value: 0: must be between 1 and 65535, inclusive"),
            ],
        ),
        (
            service("{route: {destination: {host: b}}}"),
            [("spec.http[0].route", 'Invalid value: "object": spec.http[0].route in body must be of type array: "object"')],
        ),
    ],
)
def test_what_it_refuses_with_its_texts(text: str, expected: list[tuple[str, str]]) -> None:
    assert errors(VIRTUAL_SERVICE, text) == expected


@pytest.mark.parametrize("gateway", ["A_b", "ns/A_b", "N/gw"])
def test_gateways_are_names(gateway: str) -> None:
    assert [path for path, _ in errors(VIRTUAL_SERVICE, service(f"{{{TO_B}}}", f"hosts: [a], gateways: [{gateway}]"))] == [
        "spec.gateways[0]"
    ]


def test_what_is_not_implemented_is_said_by_name() -> None:
    text = service(f"{{match: [{{statPrefix: x, port: 80}}], retries: {{attempts: 3, retryRemoteLocalities: true}}, {TO_B}}}")
    assert errors(VIRTUAL_SERVICE, text) == []
    assert warnings(VIRTUAL_SERVICE, text) == [
        ("HBK0290", "spec.http[0].match[0].statPrefix"),
        ("HBK0290", "spec.http[0].retries.retryRemoteLocalities"),
    ]


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        ("{redirect: {}, directResponse: {status: 99}}", "spec.http[0].redirect"),
        ("{redirect: {uri: /a, redirectCode: 200}}", "spec.http[0].redirect.redirectCode"),
        (f"{{redirect: {{uri: /a}}, {TO_B}}}", "spec.http[0]"),
        ("{directResponse: {status: 99}}", "spec.http[0].directResponse.status"),
        (f"{{rewrite: {{uriRegexRewrite: {{match: '('}}}}, {TO_B}}}", "spec.http[0].rewrite.uriRegexRewrite.match"),
        (f"{{retries: {{attempts: -1}}, {TO_B}}}", "spec.http[0].retries.attempts"),
        (f"{{fault: {{abort: {{}}}}, {TO_B}}}", "spec.http[0].fault.abort.httpStatus"),
        (f"{{fault: {{delay: {{fixedDelay: 1s, percentage: {{value: 101.0}}}}}}, {TO_B}}}", "spec.http[0].fault.delay.percentage.value"),
        (f"{{mirrors: [{{destination: {{host: c}}, percentage: {{value: -1}}}}], {TO_B}}}", "spec.http[0].mirrors[0].percentage.value"),
        (f"{{mirror: {{host: c}}, mirrorPercentage: {{value: 200}}, {TO_B}}}", "spec.http[0].mirrorPercentage.value"),
        ("{redirect: {port: 70000}}", "spec.http[0].redirect.port"),
        (f"{{corsPolicy: {{allowOrigins: [{{regex: '('}}]}}, {TO_B}}}", "spec.http[0].corsPolicy.allowOrigins[0].regex"),
        ("{route: [{destination: {host: b}, weight: 4294967295}, {destination: {host: c}, weight: 1}]}", "spec.http[0].route"),
        (f"{{match: [{{headers: {{'': {{exact: a}}}}}}], {TO_B}}}", "spec.http[0].match[0].headers[]"),
        (f'{{rewrite: {{authority: "a\\nb"}}, {TO_B}}}', "spec.http[0].rewrite.authority"),
        ('{redirect: {uri: "/a\\nb"}}', "spec.http[0].redirect.uri"),
        ("{directResponse: {status: 200, body: {bytes: '???'}}}", "spec.http[0].directResponse.body.bytes"),
        ("{route: [{destination: {host: b}, headers: {request: {remove: [host]}}}]}", "spec.http[0].route[0].headers.request.remove[host]"),
        (f"{{match: [{{headers: {{x: {{exact: a, prefix: b}}}}}}], {TO_B}}}", "spec.http[0].match[0].headers[x]"),
    ],
)
def test_actions_and_conditions_are_checked(http: str, expected: str) -> None:
    assert expected in [path for path, _ in errors(VIRTUAL_SERVICE, service(http))]


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ("tcp: [{match: [{port: 3306, destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: b}}]}]", []),
        ("tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b}}]}]", []),
        ("tcp: [{}]", ["spec.tcp[0].route"]),
        ("tcp: [{match: [{destinationSubnets: [x]}], route: [{destination: {host: b}}]}]", ["spec.tcp[0].match[0].destinationSubnets"]),
        ("tls: [{match: [{port: 443}], route: [{destination: {host: b}}]}]", ["spec.tls[0].match[0].sniHosts"]),
        ("tls: [{route: [{destination: {host: b}}]}]", ["spec.tls[0].match"]),
    ],
)
def test_routes_of_connections_are_checked(routes: str, expected: list[str]) -> None:
    text = f"{{kind: VirtualService, spec: {{hosts: [a], {routes}}}}}"
    assert ([path for path, _ in errors(VIRTUAL_SERVICE, text)], warnings(VIRTUAL_SERVICE, text)) == (expected, [])


@pytest.mark.parametrize("routes", ["tcp: [{%s}]", "tls: [{match: [{sniHosts: [a.example]}], %s}]"])
def test_connections_need_somebody_with_a_weight_too(routes: str) -> None:
    nobody = "route: [{destination: {host: b}, weight: 0}, {destination: {host: c}}]"
    text = f"{{kind: VirtualService, spec: {{hosts: [a], {routes % nobody}}}}}"
    assert errors(VIRTUAL_SERVICE, text) == [(f"spec.{routes[:3]}[0].route", "Invalid value: 0: total destination weight = 0")]
