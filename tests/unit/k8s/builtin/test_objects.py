from datetime import UTC, datetime

import pytest

from hauberk.k8s import core
from hauberk.k8s.builtin import objects
from hauberk.k8s.discovery import ENDPOINT_SLICE
from hauberk.k8s.kind import Column, Kind, Manifest
from tests.unit.k8s.builders import errors, load, update_errors

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("columns", "text", "cells"),
    [
        (objects.NAMESPACE_COLUMNS, "{status: {phase: Active}}", ["x", "Active", "<unknown>"]),
        (objects.SECRET_COLUMNS, "{type: Opaque, data: {a: YQ==, b: YQ==}}", ["x", "Opaque", 2, "<unknown>"]),
        (objects.CONFIG_MAP_COLUMNS, "{data: {a: b}, binaryData: {c: YQ==}}", ["x", 2, "<unknown>"]),
        (objects.SERVICE_ACCOUNT_COLUMNS, "{}", ["x", 0, "<unknown>"]),
        (
            objects.ENDPOINTS_COLUMNS,
            "{subsets: [{addresses: [{ip: 10.0.0.1}, {ip: 10.0.0.2}], ports: [{port: 80}, {port: 81}]}]}",
            ["x", "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...", "<unknown>"],
        ),
        (objects.ENDPOINTS_COLUMNS, "{subsets: [{addresses: [{ip: 10.0.0.1}]}]}", ["x", "10.0.0.1", "<unknown>"]),
        (objects.ENDPOINTS_COLUMNS, "{}", ["x", "<none>", "<unknown>"]),
        (
            objects.ENDPOINT_SLICE_COLUMNS,
            "{addressType: IPv4, endpoints: [{addresses: [10.1.1.1]}], ports: [{name: http, port: 80}, {name: any}]}",
            ["x", "IPv4", "80,any", "10.1.1.1", "<unknown>"],
        ),
        (objects.ENDPOINT_SLICE_COLUMNS, "{addressType: IPv4}", ["x", "IPv4", "<unset>", "<unset>", "<unknown>"]),
        (
            objects.NODE_COLUMNS,
            "{metadata: {name: x, labels: {node-role.kubernetes.io/worker: ''}}, spec: {unschedulable: true}, "
            "status: {conditions: [{type: Ready, status: 'True'}], addresses: [{type: InternalIP, address: 10.0.0.1}], "
            "nodeInfo: {kubeletVersion: v1, osImage: Debian}}}",
            ["x", "Ready,SchedulingDisabled", "worker", "<unknown>", "v1", "10.0.0.1", "<none>", "Debian", "<unknown>", "<unknown>"],
        ),
        (
            objects.EVENT_COLUMNS,
            "{metadata: {name: e.1}, involvedObject: {kind: Pod, name: p1, fieldPath: spec}, reason: Started, "
            "message: 'Started container\n', type: Normal, count: 2, source: {component: kubelet, host: local}, "
            "firstTimestamp: '2025-11-25T11:59:00Z', lastTimestamp: '2025-11-25T11:59:50Z'}",
            ["10s", "Normal", "Started", "pod/p1", "spec", "kubelet, local", "Started container", "60s", 2, "e.1"],
        ),
        (
            objects.EVENT_COLUMNS,
            "{involvedObject: {kind: Node}, reportingComponent: c, eventTime: '2025-11-25T11:59:55Z'}",
            ["5s", None, None, "node", None, "c", "", "5s", 1, "x"],
        ),
    ],
)
def test_rows(columns: tuple[Column, ...], text: str, cells: list[str | int | None]) -> None:
    obj = load(text)
    assert [column.value(obj, NOW) for column in columns] == cells


@pytest.mark.parametrize(
    ("conditions", "word"),
    [([], "Unknown"), ([{"type": "Ready", "status": "False"}], "NotReady"), ([{"type": "Ready", "status": "True"}], "Ready")],
)
def test_a_node_is_ready_or_why_not(conditions: list[Manifest], word: str) -> None:
    assert objects.NODE_COLUMNS[1].value({"status": {"conditions": conditions}}, NOW) == word


@pytest.mark.parametrize(
    ("kind", "text", "completed"),
    [
        (
            core.NAMESPACE,
            "{}",
            {
                "metadata": {"name": "x", "labels": {"kubernetes.io/metadata.name": "x"}},
                "status": {"phase": "Active"},
            },
        ),
        (core.SECRET, "{stringData: {x: hello}}", {"metadata": {"name": "x"}, "type": "Opaque", "data": {"x": "aGVsbG8="}}),
        (
            core.SECRET,
            "{type: a/b, data: {a: Yg==, x: YQ==}, stringData: {x: hello}}",
            {"metadata": {"name": "x"}, "type": "a/b", "data": {"a": "Yg==", "x": "aGVsbG8="}},
        ),
        (
            core.ENDPOINTS,
            "{subsets: [{ports: [{port: 80}]}]}",
            {"metadata": {"name": "x"}, "subsets": [{"ports": [{"port": 80, "protocol": "TCP"}]}]},
        ),
        (
            ENDPOINT_SLICE,
            "{ports: [{port: 80}]}",
            {"metadata": {"name": "x"}, "endpoints": [], "ports": [{"port": 80, "name": "", "protocol": "TCP"}]},
        ),
    ],
)
def test_defaults(kind: Kind, text: str, completed: Manifest) -> None:
    obj = load(text)
    kind.complete(obj)
    assert obj == completed


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (core.SECRET, "{type: kubernetes.io/tls, data: {tls.crt: YQ==}}", [("data[tls.key]", "Required value")]),
        (core.SECRET, "{data: {x: 'not base64!'}}", [("data.x", "illegal base64 data at input byte 3")]),
        (ENDPOINT_SLICE, "{endpoints: [{addresses: [nope]}]}", [("addressType", "Required value")]),
        (
            ENDPOINT_SLICE,
            "{addressType: X, endpoints: [{addresses: []}]}",
            [
                ("addressType", 'Unsupported value: "X": supported values: "FQDN", "IPv4", "IPv6"'),
                ("endpoints[0].addresses", "Required value: must contain at least 1 address"),
            ],
        ),
        (
            core.CONFIG_MAP,
            "{data: {a: b}, binaryData: {a: YQ==}}",
            [("data[a]", 'Invalid value: "a": duplicate of key present in binaryData')],
        ),
        (core.CONFIG_MAP, f"{{data: {{a: {'x' * 1048577}}}}}", [("[]", "Too long: may not be more than 1048576 bytes")]),
    ],
)
def test_checks(kind: Kind, text: str, expected: list[tuple[str, str]]) -> None:
    assert errors(kind, text) == expected


def test_keys_of_data_are_file_names() -> None:
    ((path, message),) = errors(core.CONFIG_MAP, "{data: {'a b': x}}")
    assert (path, message.partition(" (")[0]) == (
        "data[a b]",
        "Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    )


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        (core.SECRET, "{type: a/b}", "{type: c/d}", [("type", 'Invalid value: "c/d": field is immutable')]),
        (core.SECRET, "{data: {a: YQ==}}", "{data: {a: Yg==}, immutable: true}", []),
        (
            core.SECRET,
            "{data: {a: YQ==}, immutable: true}",
            "{data: {a: Yg==}, immutable: true}",
            [("data", "Forbidden: field is immutable when `immutable` is set")],
        ),
        (core.CONFIG_MAP, "{immutable: true}", "{}", [("immutable", "Forbidden: field is immutable when `immutable` is set")]),
        (ENDPOINT_SLICE, "{addressType: IPv4}", "{addressType: IPv6}", [("addressType", 'Invalid value: "IPv6": field is immutable')]),
    ],
)
def test_what_does_not_change(kind: Kind, old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert update_errors(kind, old, new) == expected
