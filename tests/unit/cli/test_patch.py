from pathlib import Path

import pytest

from tests.unit.cli.conftest import Hauberk, Typed

CONFIG_MAP = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}'


@pytest.fixture
def filled(namespace: str, hauberk: Hauberk) -> str:
    hauberk("create", "-n", namespace, "-f", "-", stdin=CONFIG_MAP)
    return namespace


@pytest.mark.parametrize(
    ("how", "content"),
    [
        ("merge", '{"data":{"b":"2"}}'),
        ("strategic", "data: {b: '2'}"),
        ("json", '[{"op":"add","path":"/data/b","value":"2"}]'),
    ],
)
def test_a_patch_changes_what_it_names(filled: str, hauberk: Hauberk, how: str, content: str) -> None:
    assert hauberk("patch", "cm", "c", "-n", filled, "--type", how, "-p", content) == Typed("configmap/c patched\n")
    assert hauberk("get", "cm", "c", "-n", filled, "-o", "jsonpath={.data}") == Typed('{"a":"1","b":"2"}')


def test_a_patch_that_changes_nothing_says_so(filled: str, hauberk: Hauberk) -> None:
    assert hauberk("patch", "cm/c", "-n", filled, "-p", '{"data":{"a":"1"}}') == Typed("configmap/c patched (no change)\n")


def test_a_patch_can_come_from_a_file(filled: str, hauberk: Hauberk, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("data: {a: '3'}")
    assert hauberk("patch", "cm", "c", "-n", filled, "--patch-file", str(tmp_path / "p.yaml")) == Typed("configmap/c patched\n")


def test_what_is_not_there_cannot_be_patched(filled: str, hauberk: Hauberk) -> None:
    typed = hauberk("patch", "cm", "nope", "-n", filled, "-p", "{}")
    assert typed == Typed("", 'Error from server (NotFound): configmaps "nope" not found\n', 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "must specify --patch or --patch-file"),
        (("-p", "[1"), "unable to parse the patch"),
        (("-p", "word"), "a patch is a map"),
        (("--patch-file", "/nowhere"), 'the path "/nowhere" does not exist'),
    ],
)
def test_a_patch_that_cannot_be_read_is_refused(hauberk: Hauberk, words: tuple[str, ...], message: str) -> None:
    typed = hauberk("patch", "cm", "c", *words)
    assert typed.code == 1
    assert message in typed.err


def test_a_name_is_needed(filled: str, hauberk: Hauberk) -> None:
    assert hauberk("patch", "cm", "-n", filled, "-p", "{}").err == "error: resource(s) were provided, but no name was specified\n"
