import pytest

from hauberk.k8s.networking import SIDECAR
from tests.unit.k8s.builders import errors, warnings


def sidecar(rest: str) -> str:
    return f"{{kind: Sidecar, spec: {{{rest}}}}}"


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "workloadSelector: {labels: {app: a}}, egress: [{hosts: [./*, istio-system/*, '*/a.example', ~/*]}]",
        "outboundTrafficPolicy: {mode: REGISTRY_ONLY}",
    ],
)
def test_what_istio_takes_and_we_do(rest: str) -> None:
    assert (errors(SIDECAR, sidecar(rest)), warnings(SIDECAR, sidecar(rest))) == ([], [])


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ("egress: [{hosts: []}]", "spec.egress[0].hosts"),
        ("egress: [{hosts: [a.example]}]", "spec.egress[0].hosts[0]"),
        ("egress: [{hosts: [./*, /a]}]", "spec.egress[0].hosts[1]"),
        ("egress: [{hosts: ['./a..b']}]", "spec.egress[0].hosts[0]"),
        ("outboundTrafficPolicy: {mode: SOME}", "spec.outboundTrafficPolicy.mode"),
    ],
)
def test_what_istio_refuses(rest: str, path: str) -> None:
    assert [found for found, _ in errors(SIDECAR, sidecar(rest))] == [path]


def test_what_we_do_not_do_is_said() -> None:
    text = sidecar("ingress: [{port: {number: 1}}], egress: [{port: {number: 80}, hosts: [./*]}]")
    assert [path for _, path in warnings(SIDECAR, text)] == ["spec.ingress", "spec.egress[0].port"]
