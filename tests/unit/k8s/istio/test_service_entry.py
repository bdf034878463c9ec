import pytest

from hauberk.k8s.networking import SERVICE_ENTRY
from tests.unit.k8s.builders import errors, warnings


def entry(rest: str) -> str:
    return f"{{kind: ServiceEntry, spec: {{{rest}}}}}"


@pytest.mark.parametrize(
    "rest",
    [
        "hosts: [a.example], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]",
        "hosts: ['*.example'], location: MESH_EXTERNAL",
        "hosts: [a], addresses: [192.0.2.1], resolution: STATIC, endpoints: [{address: 192.0.2.2, ports: {tcp: 1}}]",
    ],
)
def test_what_istio_takes_and_we_do(rest: str) -> None:
    assert (errors(SERVICE_ENTRY, entry(rest)), warnings(SERVICE_ENTRY, entry(rest))) == ([], [])


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ("hosts: []", "spec.hosts"),
        ("hosts: ['*']", "spec.hosts[0]"),
        ("hosts: [a], addresses: [x]", "spec.addresses[0]"),
        ("hosts: [a], ports: [{number: 0, name: a}]", "spec.ports[0].number"),
        ("hosts: [a], ports: [{number: 1, name: a}, {number: 2, name: a}]", "spec.ports"),
        ("hosts: [a], endpoints: [{address: 192.0.2.1}]", "spec.endpoints"),
        ("hosts: [a], ports: [{number: 1, name: a, targetPort: 65536}]", "spec.ports[0].targetPort"),
        ("hosts: [a], resolution: DNS, endpoints: [{address: b, ports: {a: 70000}}]", "spec.endpoints[0].ports[a]"),
        ("hosts: ['*.example'], resolution: DNS", "spec.hosts"),
        ("hosts: [a], resolution: STATIC, endpoints: [{address: name}]", "spec.endpoints[0].address"),
    ],
)
def test_what_istio_refuses(rest: str, path: str) -> None:
    assert [found for found, _ in errors(SERVICE_ENTRY, entry(rest))] == [path]


def test_what_we_do_not_do_is_said() -> None:
    rest = "hosts: [a.example], resolution: DYNAMIC_DNS, workloadSelector: {labels: {a: b}}, subjectAltNames: [x]"
    paths = ["spec.resolution", "spec.workloadSelector", "spec.subjectAltNames"]
    assert warnings(SERVICE_ENTRY, entry(rest)) == [("HBK0290", path) for path in paths]
