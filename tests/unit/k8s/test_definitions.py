from pathlib import Path

import pytest

from hauberk.errors import EnvironmentProblem
from hauberk.k8s import definitions as module
from hauberk.k8s.definitions import INT_OR_STRING, OBJECT_META, QUANTITY, definitions


def test_the_definitions_are_in_the_small_form_that_is_walked() -> None:
    for name, schema in definitions().items():
        assert not isinstance(schema.get("type"), list), name
        for field in schema.get("properties", {}).values():
            assert not isinstance(field.get("type"), list), name
            assert field.get("$ref", "") in ("", *definitions()), name


def test_what_strategic_merge_needs_is_there() -> None:
    ports = definitions()["io.k8s.api.core.v1.ServiceSpec"]["properties"]["ports"]
    assert (ports["x-kubernetes-patch-merge-key"], ports["x-kubernetes-patch-strategy"]) == ("port", "merge")
    assert {OBJECT_META, QUANTITY, INT_OR_STRING} <= definitions().keys()


def test_they_are_read_once() -> None:
    assert definitions() is definitions()


def test_a_package_without_them_is_named_with_the_mend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_definitions_path", lambda: tmp_path / "gone.json")
    with pytest.raises(EnvironmentProblem, match=r"gone\.json .*make setup"):
        definitions.__wrapped__()


def test_a_missing_package_is_named_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    with pytest.raises(EnvironmentProblem, match="kubernetes-validate is not installed"):
        definitions.__wrapped__()
