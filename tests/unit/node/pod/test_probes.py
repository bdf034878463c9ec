"""Probes as plans and counts."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.errors import ConfigError
from hauberk.names import PROXY_IMAGE
from hauberk.node.pod.probes import EnvoyReady, Exec, HttpGet, ProbeCount, ProbeKind, ProbePlan, TcpSocket, observe, plan_probes


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def verdicts(plan: ProbePlan, answers: list[bool]) -> list[bool | None]:
    count, result = ProbeCount(), []
    for answer in answers:
        count, verdict = observe(plan, count, answer)
        result.append(verdict)
    return result


def make_plan(kind: ProbeKind, success: int = 1, failure: int = 3) -> ProbePlan:
    return ProbePlan(kind, TcpSocket(80), success_threshold=success, failure_threshold=failure)


def container(**probes: Any) -> dict[str, Any]:
    return {"name": "c", "image": "i", "ports": [{"name": "web", "containerPort": 8080}], **probes}


def test_a_probe_without_timing_has_the_apis_defaults() -> None:
    assert plan_probes(container(livenessProbe={"tcpSocket": {"port": 80}})) == (ProbePlan(ProbeKind.LIVENESS, TcpSocket(80)),)


def test_all_timing_is_taken_over() -> None:
    probe = {
        "exec": {"command": ["true"]},
        "initialDelaySeconds": 1,
        "periodSeconds": 2,
        "timeoutSeconds": 3,
        "successThreshold": 4,
        "failureThreshold": 5,
        "terminationGracePeriodSeconds": 0,
    }
    assert plan_probes(container(startupProbe=probe)) == (
        ProbePlan(ProbeKind.STARTUP, Exec(("true",)), seconds(1), seconds(2), seconds(3), 4, 5, seconds(0)),
    )


@pytest.mark.parametrize(
    ("http", "handler"),
    [
        ({"port": "web"}, HttpGet(8080)),
        ({"port": "81", "path": "x"}, HttpGet(81, "/x")),
        (
            {"port": 82, "path": "/h", "scheme": "HTTPS", "host": "h", "httpHeaders": [{"name": "A", "value": "b"}]},
            HttpGet(82, "/h", "HTTPS", "h", (("A", "b"),)),
        ),
    ],
)
def test_http_probes(http: dict[str, Any], handler: HttpGet) -> None:
    assert [plan.handler for plan in plan_probes(container(readinessProbe={"httpGet": http}))] == [handler]


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ({"grpc": {"port": 1}}, "livenessProbe of c: grpc is not implemented; use httpGet, tcpSocket or exec"),
        ({}, "livenessProbe of c: no handler is not implemented; use httpGet, tcpSocket or exec"),
        ({"tcpSocket": {"port": "db"}}, 'livenessProbe of c: the container has no port named "db"; add it under ports, or give the number'),
    ],
)
def test_what_cannot_be_probed_is_named(probe: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_probes(container(livenessProbe=probe | {"periodSeconds": 1}))
    assert str(caught.value) == message


def test_envoys_readiness_is_its_own_and_eager_until_it_is_ready() -> None:
    probe = {"httpGet": {"port": 15021}, "initialDelaySeconds": 5, "periodSeconds": 15, "failureThreshold": 4}
    (plan,) = plan_probes({"name": "istio-proxy", "image": PROXY_IMAGE, "readinessProbe": probe, "livenessProbe": {"grpc": {}}})
    assert plan == ProbePlan(ProbeKind.READINESS, EnvoyReady(), period=seconds(15), failure_threshold=4)
    assert [plan.delay_after(ProbeCount(verdict)) for verdict in (None, True, False)] == [seconds(0.1), seconds(15), seconds(15)]
    assert [plan.period for plan in plan_probes({"name": "istio-proxy", "image": PROXY_IMAGE})] == [seconds(2)]


@pytest.mark.parametrize(
    ("plan", "answers", "told"),
    [
        (make_plan(ProbeKind.READINESS), [False] * 4 + [True, True], [None] * 4 + [True, None]),
        (make_plan(ProbeKind.READINESS), [True, False, False, False], [True, None, None, False]),
        (make_plan(ProbeKind.READINESS, success=2), [True, False, True, True], [None, None, None, True]),
        (make_plan(ProbeKind.LIVENESS), [False, False, True, False, False, False], [None, None, True, None, None, False]),
        (make_plan(ProbeKind.LIVENESS, failure=1), [False], [False]),
        (make_plan(ProbeKind.STARTUP, failure=2), [False, False], [None, False]),
    ],
)
def test_a_verdict_needs_its_run_of_answers(plan: ProbePlan, answers: list[bool], told: list[bool | None]) -> None:
    assert verdicts(plan, answers) == told


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 4), st.integers(1, 4))
def test_verdicts_alternate(answers: list[bool], success: int, failure: int) -> None:
    told = [verdict for verdict in verdicts(make_plan(ProbeKind.READINESS, success, failure), answers) if verdict is not None]
    assert told == [index % 2 == 0 for index in range(len(told))]
