import pytest

from tests.unit.cli.conftest import Hauberk, Typed

CONFIG_MAPS = "\n---\n".join(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{app: {name}}}}}" for name in "abc")


@pytest.fixture
def filled(namespace: str, hauberk: Hauberk) -> str:
    hauberk("create", "-n", namespace, "-f", "-", stdin=CONFIG_MAPS)
    return namespace


def left(hauberk: Hauberk, namespace: str) -> str:
    return hauberk("get", "cm", "-n", namespace, "-o", "jsonpath={.items[*].metadata.name}").out


def test_objects_go_by_name(filled: str, hauberk: Hauberk) -> None:
    assert hauberk("delete", "cm", "a", "b", "-n", filled) == Typed('configmap "a" deleted\nconfigmap "b" deleted\n')
    assert left(hauberk, filled) == "c"


def test_objects_go_by_label(filled: str, hauberk: Hauberk) -> None:
    assert hauberk("delete", "cm", "-l", "app=b", "-n", filled) == Typed('configmap "b" deleted\n')


def test_objects_go_by_manifest(filled: str, hauberk: Hauberk) -> None:
    hauberk("delete", "-n", filled, "-f", "-", stdin=CONFIG_MAPS)
    assert left(hauberk, filled) == ""


def test_all_objects_of_a_kind_go(filled: str, hauberk: Hauberk) -> None:
    hauberk("delete", "cm", "--all", "-n", filled, "--no-wait")
    assert left(hauberk, filled) == ""


def test_what_is_not_there_fails_unless_that_is_fine(filled: str, hauberk: Hauberk) -> None:
    assert hauberk("delete", "cm", "x", "-n", filled) == Typed("", 'Error from server (NotFound): configmaps "x" not found\n', 1)
    assert hauberk("delete", "cm", "x", "-n", filled, "--ignore-not-found") == Typed("")


def test_nothing_chosen_is_told(filled: str, hauberk: Hauberk) -> None:
    assert hauberk("delete", "cm", "-l", "app=z", "-n", filled) == Typed("", "No resources found\n")


def test_a_kind_alone_deletes_nothing(filled: str, hauberk: Hauberk) -> None:
    typed = hauberk("delete", "cm", "-n", filled)
    assert (typed.code, typed.err) == (1, "error: resource(s) were provided, but no name was specified\n")
    assert left(hauberk, filled) == "a b c"
