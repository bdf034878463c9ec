import pytest

from hauberk.k8s.networking import DESTINATION_RULE
from tests.unit.k8s.builders import errors, warnings


def rule(balancer: str) -> str:
    return f"{{kind: DestinationRule, spec: {{host: a, trafficPolicy: {{loadBalancer: {{{balancer}}}}}}}}}"


@pytest.mark.parametrize(
    "balancer",
    [
        "simple: ROUND_ROBIN",
        "consistentHash: {httpHeaderName: x}",
        "consistentHash: {httpCookie: {name: c, ttl: 0s}, ringHash: {minimumRingSize: 10}}",
        "consistentHash: {useSourceIp: true, maglev: {tableSize: 65537}}",
        "consistentHash: {httpQueryParameterName: q, maglev: {}}",
    ],
)
def test_what_istio_takes_and_we_do(balancer: str) -> None:
    assert (errors(DESTINATION_RULE, rule(balancer)), warnings(DESTINATION_RULE, rule(balancer))) == ([], [])


@pytest.mark.parametrize(
    ("balancer", "path"),
    [
        ("simple: RANDOM, consistentHash: {useSourceIp: true}", ""),
        ("consistentHash: {ringHash: {}}", ""),
        ("consistentHash: {useSourceIp: true, httpHeaderName: x}", ""),
        ("consistentHash: {httpCookie: {name: ''}}", ".httpCookie.name"),
        ("consistentHash: {httpHeaderName: ''}", ".httpHeaderName"),
        ('consistentHash: {httpHeaderName: "a\\nb"}', ".httpHeaderName"),
        ("consistentHash: {httpQueryParameterName: ''}", ".httpQueryParameterName"),
        ("consistentHash: {useSourceIp: true, minimumRingSize: -1}", ".minimumRingSize"),
        ("consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 8388609}}", ".ringHash.minimumRingSize"),
        ("consistentHash: {useSourceIp: true, maglev: {tableSize: 10}}", ".maglev.tableSize"),
        ("consistentHash: {useSourceIp: true, maglev: {tableSize: 5000077}}", ".maglev.tableSize"),
    ],
)
def test_what_cannot_be_built_is_refused(balancer: str, path: str) -> None:
    assert [found for found, _ in errors(DESTINATION_RULE, rule(balancer))] == [f"spec.trafficPolicy.loadBalancer.consistentHash{path}"]


def test_what_we_do_not_do_is_said() -> None:
    assert [path for _, path in warnings(DESTINATION_RULE, rule("simple: PASSTHROUGH"))] == ["spec.trafficPolicy.loadBalancer.simple"]
