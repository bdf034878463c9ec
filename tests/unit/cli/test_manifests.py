import io
from pathlib import Path

import pytest

from hauberk.cli.manifests import parse_documents, read_manifests
from hauberk.cli.usage import UsageError
from hauberk.errors import NotFoundError

ONE = "apiVersion: v1\nkind: A\n"


def test_documents_come_in_order_and_empty_ones_are_passed_over() -> None:
    documents = list(parse_documents(f"---\n{ONE}---\n---\n# nothing\n---\n{ONE.replace('A', 'B')}", "f"))
    assert documents == [("f", {"apiVersion": "v1", "kind": "A"}), ("f", {"apiVersion": "v1", "kind": "B"})]


def test_json_is_read_too() -> None:
    assert list(parse_documents('{"apiVersion":"v1","kind":"A"}', "f")) == [("f", {"apiVersion": "v1", "kind": "A"})]


def test_lists_are_taken_apart() -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A}\n- {apiVersion: v1, kind: B}\n"
    assert [manifest["kind"] for _, manifest in parse_documents(text, "f")] == ["A", "B"]


def test_times_stay_text() -> None:
    ((_, manifest),) = parse_documents(f"{ONE}at: 2026-01-01T00:00:00Z\n", "f")
    assert manifest["at"] == "2026-01-01T00:00:00Z"


def test_keys_that_yaml_takes_for_other_values_are_text() -> None:
    ((_, manifest),) = parse_documents(f"{ONE}data: [{{yes: a}}, {{1: b, 1.5: c}}]\n", "f")
    assert manifest["data"] == [{"true": "a"}, {"1": "b", "1.5": "c"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "error parsing f: while parsing a flow"),
        ("- a", "a manifest is a map, this is a list"),
        ("kind: A", "apiVersion not set"),
        ("apiVersion: v1", "kind not set"),
    ],
)
def test_what_is_no_manifest_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        list(parse_documents(text, "f"))


def test_folders_files_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "below").mkdir()
    for name, kind in (("b.yaml", "B"), ("a.yml", "A"), ("below/c.json", "C"), ("readme.md", "X")):
        (tmp_path / name).write_text(f'{{"apiVersion":"v1","kind":"{kind}"}}')
    monkeypatch.setattr("sys.stdin", io.StringIO(ONE.replace("A", "S")))
    found = read_manifests([str(tmp_path), "-", str(tmp_path / "b.yaml")])
    assert [manifest["kind"] for _, manifest in found] == ["A", "B", "S", "B"]
    assert found[2][0] == "STDIN"
    assert {manifest["kind"] for _, manifest in read_manifests([str(tmp_path)], recursive=True)} == {"A", "B", "C"}


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        read_manifests([str(tmp_path / "nowhere")])
    with pytest.raises(UsageError, match="no objects passed"):
        read_manifests([str(tmp_path)])
    with pytest.raises(UsageError, match="must specify one of -f"):
        read_manifests([])
