"""Every rule of facts/istio-mtls.md 1.1 as a row."""

from dataclasses import dataclass, field

import pytest

from hauberk.model.security import MtlsMode, PeerAuthentication
from hauberk.policy.mtls import ModeDecision, PeerAuthenticationIndex, Scope, namespace_mode, workload_modes
from tests.unit.model.builders import ROOT, make_policy, make_workload

UNSET, DISABLE, PERMISSIVE, STRICT = MtlsMode.UNSET, MtlsMode.DISABLE, MtlsMode.PERMISSIVE, MtlsMode.STRICT
APP = {"app": "details"}


@dataclass(frozen=True)
class Row:
    name: str
    policies: list[PeerAuthentication]
    mode: MtlsMode
    scope: Scope
    decided_by: str = ""
    """`namespace/name` of the policy, empty for none."""
    ports: dict[int, tuple[MtlsMode, Scope]] = field(default_factory=dict)


def mesh(mode: MtlsMode, name: str = "default", age: int = 0) -> PeerAuthentication:
    return make_policy(name, ROOT, mode, age=age)


def space(mode: MtlsMode, name: str = "ns", age: int = 0) -> PeerAuthentication:
    return make_policy(name, "bookinfo", mode, age=age)


def work(mode: MtlsMode, name: str = "wl", age: int = 0, ports: dict[int, MtlsMode] | None = None) -> PeerAuthentication:
    return make_policy(name, "bookinfo", mode, selector=APP, ports=ports, age=age)


ROWS = [
    Row("no policy is PERMISSIVE", [], PERMISSIVE, Scope.DEFAULT),
    Row("mesh", [mesh(STRICT)], STRICT, Scope.MESH, f"{ROOT}/default"),
    Row("mesh UNSET is the default", [mesh(UNSET)], PERMISSIVE, Scope.DEFAULT),
    Row("any name is mesh-wide in the root namespace", [mesh(DISABLE, "global-strict")], DISABLE, Scope.MESH, f"{ROOT}/global-strict"),
    Row("namespace over mesh", [mesh(STRICT), space(DISABLE)], DISABLE, Scope.NAMESPACE, "bookinfo/ns"),
    Row("namespace UNSET inherits", [mesh(STRICT), space(UNSET)], STRICT, Scope.MESH, f"{ROOT}/default"),
    Row("workload over namespace", [mesh(STRICT), space(STRICT), work(PERMISSIVE)], PERMISSIVE, Scope.WORKLOAD, "bookinfo/wl"),
    Row("workload UNSET inherits the namespace", [mesh(DISABLE), space(STRICT), work(UNSET)], STRICT, Scope.NAMESPACE, "bookinfo/ns"),
    Row("workload UNSET inherits the mesh", [mesh(STRICT), work(UNSET)], STRICT, Scope.MESH, f"{ROOT}/default"),
    Row("a selector in the root namespace is skipped", [make_policy("sel", ROOT, STRICT, selector=APP)], PERMISSIVE, Scope.DEFAULT),
    Row("a selector that does not match", [make_policy("x", "bookinfo", STRICT, selector={"app": "x"})], PERMISSIVE, Scope.DEFAULT),
    Row("another namespace's policy", [make_policy("x", "other", STRICT)], PERMISSIVE, Scope.DEFAULT),
    Row("the oldest mesh policy wins", [mesh(STRICT, "new", 1), mesh(DISABLE, "old", 2)], DISABLE, Scope.MESH, f"{ROOT}/old"),
    Row("the oldest namespace policy wins", [space(STRICT, "new", 1), space(DISABLE, "old", 2)], DISABLE, Scope.NAMESPACE, "bookinfo/old"),
    Row("the oldest workload policy wins", [work(STRICT, "new", 1), work(DISABLE, "old", 2)], DISABLE, Scope.WORKLOAD, "bookinfo/old"),
    Row("of one age the name decides", [mesh(STRICT, "b"), mesh(DISABLE, "a")], DISABLE, Scope.MESH, f"{ROOT}/a"),
    Row("the oldest wins whole, an UNSET one too", [mesh(STRICT, "new", 1), mesh(UNSET, "old", 2)], PERMISSIVE, Scope.DEFAULT),
    Row(
        "port modes of the workload policy",
        [mesh(STRICT), work(PERMISSIVE, ports={9080: DISABLE, 9081: STRICT})],
        PERMISSIVE,
        Scope.WORKLOAD,
        "bookinfo/wl",
        {9080: (DISABLE, Scope.PORT), 9081: (STRICT, Scope.PORT), 80: (PERMISSIVE, Scope.WORKLOAD)},
    ),
    Row(
        "a port UNSET inherits what the workload has",
        [mesh(STRICT), work(UNSET, ports={9080: UNSET})],
        STRICT,
        Scope.MESH,
        f"{ROOT}/default",
        {9080: (STRICT, Scope.MESH)},
    ),
    Row(
        "port modes of a workload policy that was not chosen do not count",
        [work(STRICT, "new", 1, ports={9080: DISABLE}), work(STRICT, "old", 2)],
        STRICT,
        Scope.WORKLOAD,
        "bookinfo/old",
        {9080: (STRICT, Scope.WORKLOAD)},
    ),
    Row(
        "port modes without a selector do not count",
        [make_policy("ns", "bookinfo", STRICT, ports={9080: DISABLE})],
        STRICT,
        Scope.NAMESPACE,
        "bookinfo/ns",
        {9080: (STRICT, Scope.NAMESPACE)},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_effective_mode_and_what_decided_it(row: Row, backwards: bool) -> None:
    index = PeerAuthenticationIndex.of(row.policies[::-1] if backwards else row.policies, ROOT)
    modes = workload_modes(index, make_workload())
    decided_by = f"{modes.workload.decided_by.namespace}/{modes.workload.decided_by.name}" if modes.workload.decided_by else ""
    assert (modes.workload.mode, modes.workload.scope, decided_by) == (row.mode, row.scope, row.decided_by)
    assert {port: (modes.for_port(port).mode, modes.for_port(port).scope) for port in row.ports} == row.ports


def test_service_port_numbers_have_no_effect() -> None:
    """The field means the workload's port: OpenShift Service Mesh's grafana policy names the Service's 3000 and misses 3001."""
    index = PeerAuthenticationIndex.of([work(PERMISSIVE, ports={3000: DISABLE})], ROOT)
    assert workload_modes(index, make_workload()).for_port(3001).mode is PERMISSIVE


def test_the_namespace_mode_does_not_count_workload_policies() -> None:
    index = PeerAuthenticationIndex.of([mesh(STRICT), work(DISABLE)], ROOT)
    assert namespace_mode(index, "bookinfo") == ModeDecision(STRICT, Scope.MESH, mesh(STRICT).ref)


def test_a_workload_of_the_root_namespace_follows_the_mesh() -> None:
    index = PeerAuthenticationIndex.of([mesh(STRICT), make_policy("sel", ROOT, DISABLE, selector=APP)], ROOT)
    assert workload_modes(index, make_workload(namespace=ROOT)).workload.mode is STRICT


def test_a_decision_reads_as_a_sentence() -> None:
    index = PeerAuthenticationIndex.of([mesh(STRICT)], ROOT)
    assert str(namespace_mode(index, "bookinfo")) == f"STRICT by mesh PeerAuthentication {ROOT}/default"
    assert str(namespace_mode(PeerAuthenticationIndex(), "bookinfo")) == "PERMISSIVE by default"
