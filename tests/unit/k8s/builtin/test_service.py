from datetime import UTC, datetime
from typing import Any

import pytest

from hauberk.k8s.builtin.service import SERVICE_COLUMNS, complete_service
from hauberk.k8s.core import SERVICE
from tests.unit.k8s.builders import errors, load, update_errors

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)


def row(text: str) -> list[str | int | None]:
    service = load(text)
    complete_service(service)
    return [column.value(service, NOW) for column in SERVICE_COLUMNS if column.name != "Age"]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        (
            "{spec: {clusterIP: None, ports: [{port: 80, name: http}, {port: 53, protocol: UDP, name: dns}], selector: {app: a}}}",
            ["x", "ClusterIP", "None", "<none>", "80/TCP,53/UDP", "app=a"],
        ),
        ("{spec: {clusterIP: 10.96.0.7, externalIPs: [1.2.3.4]}}", ["x", "ClusterIP", "10.96.0.7", "1.2.3.4", "<none>", "<none>"]),
        ("{spec: {type: ExternalName, externalName: a.b}}", ["x", "ExternalName", "<none>", "a.b", "<none>", "<none>"]),
        ("{spec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}}", ["x", "NodePort", "<none>", "<none>", "80:30080/TCP", "<none>"]),
        ("{spec: {type: LoadBalancer}}", ["x", "LoadBalancer", "<none>", "<pending>", "<none>", "<none>"]),
        (
            "{spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 1.1.1.1}]}}}",
            ["x", "LoadBalancer", "<none>", "1.1.1.1", "<none>", "<none>"],
        ),
    ],
)
def test_the_row_of_a_service(text: str, cells: list[str]) -> None:
    assert row(text) == cells


@pytest.mark.parametrize(
    ("spec", "completed"),
    [
        (
            {"selector": {"app": "web"}, "ports": [{"port": 80}, {"port": 81, "targetPort": "http", "protocol": "UDP"}]},
            {
                "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}, {"port": 81, "protocol": "UDP", "targetPort": "http"}],
                "selector": {"app": "web"},
                "sessionAffinity": "None",
                "type": "ClusterIP",
            },
        ),
        (
            {"clusterIP": "None", "selector": {"a": "b"}},
            {
                "clusterIP": "None",
                "clusterIPs": ["None"],
                "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "selector": {"a": "b"},
                "sessionAffinity": "None",
                "type": "ClusterIP",
            },
        ),
        (
            {"type": "ExternalName", "externalName": "x.y", "selector": {"app": "e"}},
            {"externalName": "x.y", "selector": {"app": "e"}, "sessionAffinity": "None", "type": "ExternalName"},
        ),
        (
            {"type": "LoadBalancer", "sessionAffinity": "ClientIP"},
            {
                "allocateLoadBalancerNodePorts": True,
                "externalTrafficPolicy": "Cluster",
                "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "sessionAffinity": "ClientIP",
                "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
                "type": "LoadBalancer",
            },
        ),
    ],
)
def test_a_service_is_completed_as_a_real_api_server_does(spec: dict[str, Any], completed: dict[str, Any]) -> None:
    service = {"spec": spec}
    complete_service(service)
    assert service == {"spec": completed, "status": {"loadBalancer": {}}}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{selector: {a: b}}", [("spec.ports", "Required value")]),
        ("{ports: [{port: 80}, {port: 81}]}", [("spec.ports[0].name", "Required value"), ("spec.ports[1].name", "Required value")]),
        (
            "{ports: [{port: 80, name: a}, {port: 80, name: b}]}",
            [("spec.ports[1]", 'Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}')],
        ),
        ("{ports: [{port: 80, name: a}, {port: 80, name: b, protocol: UDP}]}", []),
        (
            "{type: NodePort, ports: [{port: 80, nodePort: 80}]}",
            [
                (
                    "spec.ports[0].nodePort",
                    "Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
                )
            ],
        ),
        ("{type: ExternalName}", [("spec.externalName", "Required value")]),
        (
            "{clusterIP: None, type: NodePort, ports: [{port: 80}]}",
            [("spec.clusterIPs[0]", "Invalid value: \"None\": may not be set to 'None' for NodePort services")],
        ),
        (
            "{sessionAffinity: X, ports: [{port: 80}]}",
            [("spec.sessionAffinity", 'Unsupported value: "X": supported values: "ClientIP", "None"')],
        ),
    ],
)
def test_recorded_answers_of_a_real_api_server(spec: str, expected: list[tuple[str, str]]) -> None:
    assert errors(SERVICE, f"{{kind: Service, spec: {spec}}}") == expected


def test_many_errors_at_once_as_recorded() -> None:
    ports = "[{port: 0, name: a}, {port: 80, name: a, targetPort: BAD_x}, {port: 70000, name: UPPER, protocol: XX}]"
    assert sorted(path for path, _ in errors(SERVICE, f"{{kind: Service, spec: {{ports: {ports}, type: Nope}}}}")) == [
        "spec.ports[0].port",
        "spec.ports[0].targetPort",
        "spec.ports[1].name",
        "spec.ports[1].targetPort",
        "spec.ports[2].name",
        "spec.ports[2].port",
        "spec.ports[2].protocol",
        "spec.ports[2].targetPort",
        "spec.type",
    ]


def test_the_address_stays_until_the_type_has_none() -> None:
    old, other = "{spec: {clusterIP: 10.96.0.7}}", "{spec: {clusterIP: 10.96.0.8}}"
    assert update_errors(SERVICE, old, old) == []
    assert update_errors(SERVICE, old, other) == [("spec.clusterIPs[0]", 'Invalid value: ["10.96.0.8"]: may not change once set')]
    assert update_errors(SERVICE, old, "{spec: {type: ExternalName, externalName: a}}") == []
    assert update_errors(SERVICE, "{spec: {}}", old) == []
