import pytest

from hauberk.k8s import core
from hauberk.k8s.kind import Kind

LAYOUT = {
    "Namespace": "NAME STATUS AGE",
    "Pod": "NAME READY STATUS RESTARTS AGE [IP NODE NOMINATED_NODE READINESS_GATES]",
    "Service": "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE [SELECTOR]",
    "Endpoints": "NAME ENDPOINTS AGE",
    "ServiceAccount": "NAME SECRETS AGE",
    "Secret": "NAME TYPE DATA AGE",
    "ConfigMap": "NAME DATA AGE",
    "Event": "LAST_SEEN TYPE REASON OBJECT [SUBOBJECT SOURCE] MESSAGE [FIRST_SEEN COUNT NAME]",
    "Node": "NAME STATUS ROLES AGE VERSION [INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME]",
}


def layout(kind: Kind) -> str:
    """The headers as kubectl prints them; those of `-o wide` in brackets."""
    words = [(column.name.upper().replace(" ", "_"), bool(column.priority)) for column in kind.columns]
    text = " ".join(f"[{word}]" if wide else word for word, wide in words)
    return text.replace("] [", " ")


def test_the_headers_are_kubectls() -> None:
    assert {kind.kind: layout(kind) for kind in core.KINDS} == LAYOUT


@pytest.mark.parametrize(("kind", "names"), [(core.NAMESPACE, ["a.b", "A"]), (core.SERVICE, ["1a", "a.b"]), (core.POD, ["A", "a_b"])])
def test_each_kind_has_its_rule_for_names(kind: Kind, names: list[str]) -> None:
    for name in names:
        assert "metadata.name" in [finding.path for finding in kind.validate({"metadata": {"name": name}})]


def test_what_is_not_in_a_namespace_and_what_is_in_all() -> None:
    assert [kind.kind for kind in core.KINDS if not kind.namespaced] == ["Namespace", "Node"]
    assert [kind.kind for kind in core.KINDS if "all" in kind.categories] == ["Pod", "Service"]
    assert [kind.kind for kind in core.KINDS if kind.status] == ["Namespace", "Pod", "Service", "Node"]
