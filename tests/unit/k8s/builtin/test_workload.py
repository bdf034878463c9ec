from datetime import UTC, datetime
from typing import Any

import pytest

from hauberk.k8s.apps import DEPLOYMENT, REPLICA_SET
from hauberk.k8s.builtin.workload import DEPLOYMENT_COLUMNS, REPLICA_SET_COLUMNS, complete_deployment, complete_replica_set
from tests.unit.k8s.builders import errors, load, update_errors

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)
POD_SPEC = "{containers: [{name: main, image: 'nginx:1'}, {name: side, image: b}]}"
TEMPLATE = f"{{metadata: {{labels: {{app: web}}}}, spec: {POD_SPEC}}}"
WEB = f"{{kind: Deployment, spec: {{replicas: 3, selector: {{matchLabels: {{app: web}}}}, template: {TEMPLATE}}}}}"


def test_rows() -> None:
    web = load(WEB) | {"status": {"replicas": 3, "readyReplicas": 2, "updatedReplicas": 1, "availableReplicas": 2}}
    assert [column.value(web, NOW) for column in DEPLOYMENT_COLUMNS] == ["x", "2/3", 1, 2, "<unknown>", "main,side", "nginx:1,b", "app=web"]
    assert [column.value(web, NOW) for column in REPLICA_SET_COLUMNS] == ["x", 3, 3, 2, "<unknown>", "main,side", "nginx:1,b", "app=web"]


def test_selectors_by_expression_are_shown() -> None:
    rules = [
        {"key": "a", "operator": "In", "values": ["y", "x"]},
        {"key": "b", "operator": "Exists"},
        {"key": "c", "operator": "DoesNotExist"},
        {"key": "d", "operator": "NotIn", "values": ["z"]},
    ]
    shown = DEPLOYMENT_COLUMNS[-1].value({"spec": {"selector": {"matchExpressions": rules}}}, NOW)
    assert shown == "a in (x,y),b,!c,d notin (z)"
    assert DEPLOYMENT_COLUMNS[-1].value({}, NOW) == "<none>"


def test_defaults() -> None:
    deployment: dict[str, Any] = {"spec": {"template": {"spec": {"containers": []}}}}
    replica_set: dict[str, Any] = {"spec": {}}
    complete_deployment(deployment)
    complete_replica_set(replica_set)
    assert deployment["spec"].pop("template")["spec"]["restartPolicy"] == "Always"
    assert deployment == {
        "spec": {
            "replicas": 1,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        }
    }
    assert replica_set == {"spec": {"replicas": 1}}
    recreate: dict[str, Any] = {"spec": {"replicas": 0, "strategy": {"type": "Recreate"}}}
    complete_deployment(recreate)
    assert (recreate["spec"]["replicas"], recreate["spec"]["strategy"]) == (0, {"type": "Recreate"})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("", ""), []),
        (
            ("labels: {app: web}", "labels: {app: other}"),
            [("spec.template.metadata.labels", 'Invalid value: {"app":"other"}: `selector` does not match template `labels`')],
        ),
        (
            ("selector: {matchLabels: {app: web}}, ", ""),
            [
                ("spec.selector", "Required value"),
                ("spec.template.metadata.labels", 'Invalid value: {"app":"web"}: `selector` does not match template `labels`'),
            ],
        ),
        (
            ("selector: {matchLabels: {app: web}}", "selector: {}"),
            [
                ("spec.selector", "Invalid value: {}: empty selector is invalid for deployment"),
                ("spec.template.metadata.labels", 'Invalid value: {"app":"web"}: `selector` does not match template `labels`'),
            ],
        ),
        (("matchLabels: {app: web}", "matchExpressions: [{key: app, operator: In, values: [web]}, {key: b, operator: DoesNotExist}]"), []),
        (("replicas: 3", "replicas: -1"), [("spec.replicas", "Invalid value: -1: must be greater than or equal to 0")]),
        ((POD_SPEC, "{containers: []}"), [("spec.template.spec.containers", "Required value")]),
        (
            ("replicas: 3", "strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}"),
            [("spec.strategy.rollingUpdate", "Forbidden: may not be specified when strategy `type` is 'Recreate'")],
        ),
        (
            ("replicas: 3", "strategy: {type: X}"),
            [("spec.strategy.type", 'Unsupported value: "X": supported values: "Recreate", "RollingUpdate"')],
        ),
    ],
)
def test_recorded_answers_of_a_real_api_server(change: tuple[str, str], expected: list[tuple[str, str]]) -> None:
    assert errors(DEPLOYMENT, WEB.replace(*change)) == expected


def test_a_replica_set_says_its_own_word() -> None:
    found = dict(
        errors(REPLICA_SET, WEB.replace("Deployment", "ReplicaSet").replace("selector: {matchLabels: {app: web}}", "selector: {}"))
    )
    assert found["spec.selector"] == "Invalid value: {}: empty selector is invalid for replicaset"


def test_the_selector_stays() -> None:
    changed = WEB.replace("app: web", "app: web, x: y")
    assert update_errors(DEPLOYMENT, WEB, changed) == [
        ("spec.selector", 'Invalid value: {"matchLabels":{"app":"web","x":"y"}}: field is immutable')
    ]
    assert update_errors(REPLICA_SET, WEB, WEB) == []
