from pathlib import Path

import pytest
import yaml

from hauberk.k8s.definitions import definitions
from hauberk.k8s.registry import ALL_KINDS
from hauberk.k8s.schema import definition_name, root_schema, unknown_fields

BOOKINFO = Path(__file__).resolve().parents[4] / "shared" / "data" / "bookinfo"
BY_KIND = {kind.kind: kind for kind in ALL_KINDS}


def test_names_that_clients_type_are_unique() -> None:
    typed = [name for kind in ALL_KINDS for name in (kind.plural, kind.singular, *kind.short_names) if name != "endpoints"]
    assert sorted(set(typed)) == sorted(typed)


def test_every_kind_has_columns_checks_and_a_schema() -> None:
    for kind in ALL_KINDS:
        assert [column.format for column in kind.columns].count("name") == 1
        assert root_schema(kind)["properties"].keys() >= {"apiVersion", "kind", "metadata"}
        assert kind.validate({"kind": kind.kind, "metadata": {"name": "Not_A_Name"}}) != ()


def test_built_in_kinds_are_those_with_upstreams_definitions() -> None:
    assert [kind.kind for kind in ALL_KINDS if kind.strategic] == [
        kind.kind for kind in ALL_KINDS if definition_name(kind) in definitions()
    ]
    assert all((kind.model is None) == kind.strategic for kind in ALL_KINDS)


@pytest.mark.skipif(not BOOKINFO.exists(), reason="the shared folder with upstream's Bookinfo is not here")
@pytest.mark.parametrize("name", ["bookinfo", "bookinfo-gateway", "destination-rule-all", "destination-rule-all-mtls"])
def test_bookinfo_as_upstream_writes_it_is_clean(name: str) -> None:
    objects = [obj for obj in yaml.safe_load_all((BOOKINFO / f"{name}.yaml").read_text()) if obj]
    assert objects
    for obj in objects:
        kind = BY_KIND[obj["kind"]]
        kind.complete(obj)
        assert (unknown_fields(kind, obj), list(kind.validate(obj))) == ([], [])
