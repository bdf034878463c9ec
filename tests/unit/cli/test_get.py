import subprocess
import sys

import orjson
import pytest
import yaml

from tests.unit.cli.conftest import Hauberk, Typed

CONFIG_MAPS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: one, labels: {app: a}}
data: {text: "first\\nsecond\\n", number: "1"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: two}
data: {x: y}
"""


@pytest.fixture
def filled(namespace: str, hauberk: Hauberk) -> str:
    assert hauberk("apply", "-n", namespace, "-f", "-", stdin=CONFIG_MAPS).out == "configmap/one created\nconfigmap/two created\n"
    return namespace


def columns(typed: Typed) -> list[list[str]]:
    return [line.split() for line in typed.out.splitlines()]


def test_a_table_has_its_kinds_columns(filled: str, hauberk: Hauberk) -> None:
    rows = columns(hauberk("get", "cm", "-n", filled))
    assert [row[:2] for row in rows] == [["NAME", "DATA"], ["one", "2"], ["two", "1"]]


def test_the_namespace_comes_first_for_all_namespaces(filled: str, hauberk: Hauberk) -> None:
    rows = columns(hauberk("get", "configmaps", "-A"))
    assert rows[0] == ["NAMESPACE", "NAME", "DATA", "AGE"]
    assert [filled, "one", "2"] in [row[:3] for row in rows]


def test_labels_select_and_show(filled: str, hauberk: Hauberk) -> None:
    rows = columns(hauberk("get", "cm", "-n", filled, "-l", "app=a", "--show-labels", "-L", "app", "--no-headers"))
    assert [[row[0], *row[3:]] for row in rows] == [["one", "a", "app=a"]]


def test_fields_select(filled: str, hauberk: Hauberk) -> None:
    assert hauberk("get", "cm", "-n", filled, "--field-selector", "metadata.name=two", "-o", "name").out == "configmap/two\n"


def test_several_kinds_come_as_several_tables_with_qualified_names(filled: str, hauberk: Hauberk) -> None:
    first, second = hauberk("get", "cm,ns", "-n", filled).out.split("\n\n")
    assert "configmap/one" in first
    assert "namespace/default" in second


def test_nothing_found_is_told_on_stderr_and_is_no_failure(namespace: str, hauberk: Hauberk) -> None:
    assert hauberk("get", "pods", "-n", namespace) == Typed("", f"No resources found in {namespace} namespace.\n")
    assert hauberk("get", "pods", "-A", "-l", "no=such") == Typed("", "No resources found\n")


def test_what_is_not_there_fails_after_the_rest_was_shown(filled: str, hauberk: Hauberk) -> None:
    typed = hauberk("get", "cm", "one", "nope", "-n", filled)
    assert ([row[0] for row in columns(typed)], typed.err, typed.code) == (
        ["NAME", "one"],
        'Error from server (NotFound): configmaps "nope" not found\n',
        1,
    )
    assert hauberk("get", "cm", "nope", "-n", filled, "--ignore-not-found") == Typed("")


def test_one_object_by_name_is_printed_alone_and_several_as_a_list(filled: str, hauberk: Hauberk) -> None:
    one = yaml.safe_load(hauberk("get", "cm/one", "-n", filled, "-o", "yaml").out)
    assert (one["kind"], one["data"]) == ("ConfigMap", {"text": "first\nsecond\n", "number": "1"})
    both = orjson.loads(hauberk("get", "cm", "-n", filled, "-o", "json").out)
    assert (both["kind"], [item["metadata"]["name"] for item in both["items"]]) == ("List", ["one", "two"])


def test_jsonpath_prints_without_a_line_end(filled: str, hauberk: Hauberk) -> None:
    assert hauberk("get", "cm", "-n", filled, "-o", "jsonpath={.items[*].metadata.name}") == Typed("one two")


def test_a_kind_that_is_not_served_is_refused(namespace: str, hauberk: Hauberk) -> None:
    assert hauberk("get", "nosuch", "-n", namespace) == Typed("", 'error: the server doesn\'t have a resource type "nosuch"\n', 1)


def test_a_format_that_is_not_known_is_refused(filled: str, hauberk: Hauberk) -> None:
    typed = hauberk("get", "cm", "-n", filled, "-o", "xml")
    assert typed.code == 1
    assert typed.err.startswith('error: unable to match a printer suitable for the output format "xml"')


@pytest.mark.parametrize(
    ("output", "lines"), [((), ["NAME", "one", "two", "three"]), (("-o", "name"), ["configmap/one", "configmap/two", "configmap/three"])]
)
def test_watching_shows_what_is_there_and_then_each_change(
    filled: str, hauberk: Hauberk, output: tuple[str, ...], lines: list[str]
) -> None:
    command = [sys.executable, "-c", "from hauberk.cli import main; main()", "get", "cm", "-n", filled, "-w", *output]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        shown = [process.stdout.readline().split()[0] for _ in lines[:-1]]
        hauberk("apply", "-n", filled, "-f", "-", stdin=CONFIG_MAPS.partition("---")[0].replace("one", "three"))
        shown.append(process.stdout.readline().split()[0])
        process.terminate()
    assert shown == lines


def test_watching_takes_one_kind(filled: str, hauberk: Hauberk) -> None:
    assert hauberk("get", "cm,ns", "-n", filled, "-w") == Typed("", "error: you may only specify a single resource type with --watch\n", 1)


def test_no_server_is_told_without_a_traceback(hauberk: Hauberk, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    cluster = {"server": "http://127.0.0.1:1"}
    config.write_text(
        yaml.safe_dump(
            {
                "current-context": "c",
                "clusters": [{"name": "k", "cluster": cluster}],
                "contexts": [{"name": "c", "context": {"cluster": "k"}}],
            }
        )
    )
    monkeypatch.setenv("KUBECONFIG", str(config))
    typed = hauberk("get", "pods")
    assert typed.code == 1
    assert set(typed.err.splitlines()) == {"Unable to connect to the server: All connection attempts failed. Is it up? (hauberk status)"}
