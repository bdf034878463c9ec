from typing import Any

import pytest

from hauberk.k8s.parse_sidecar import parse_sidecar
from hauberk.model.mesh import OutboundPolicy
from hauberk.model.sidecar import EgressHost, Sidecar


def parse(**spec: Any) -> Sidecar:
    return parse_sidecar({"kind": "Sidecar", "metadata": {"name": "s", "namespace": "n"}, "spec": spec})


def test_nothing_said_lets_everything_be_seen() -> None:
    assert parse() == Sidecar("n", "s")


def test_hosts_and_clients() -> None:
    sidecar = parse(
        workloadSelector={"labels": {"b": "2", "a": "1"}},
        egress=[{"hosts": ["./*", "*/a.example"]}, {"hosts": ["~/*"]}],
    )
    egress = (EgressHost("n", "*"), EgressHost("*", "a.example"), EgressHost("~", "*"))
    assert sidecar == Sidecar("n", "s", (("a", "1"), ("b", "2")), egress)


@pytest.mark.parametrize(
    ("written", "policy"),
    [
        ({}, OutboundPolicy.REGISTRY_ONLY),
        ({"mode": "REGISTRY_ONLY"}, OutboundPolicy.REGISTRY_ONLY),
        ({"mode": "ALLOW_ANY"}, OutboundPolicy.ALLOW_ANY),
    ],
)
def test_a_policy_without_mode_refuses(written: dict[str, str], policy: OutboundPolicy) -> None:
    assert parse(outboundTrafficPolicy=written).outbound_policy is policy
