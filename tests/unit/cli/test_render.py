import pytest
import yaml

from hauberk.cli.render import render_failure, render_objects, render_yaml
from hauberk.cli.usage import UsageError

POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "managedFields": [1]}, "spec": {}}
BARE = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}, "spec": {}}


def test_yaml_reads_as_gos() -> None:
    value = {
        "z": [{"a": 1}],
        "text": "one\ntwo\n",
        "number": "1",
        "truth": "true",
        "empty": "",
        "plain": "word",
        "colon": "a: b",
        "time": "2026-01-01T00:00:00Z",
        "nothing": {},
    }
    text = render_yaml(value)
    assert text == (
        'colon: \'a: b\'\nempty: ""\nnothing: {}\nnumber: "1"\nplain: word\ntext: |\n  one\n  two\n'
        'time: "2026-01-01T00:00:00Z"\ntruth: "true"\nz:\n- a: 1\n'
    )
    assert yaml.safe_load(text) == value


def test_one_object_is_bare_and_several_are_a_list() -> None:
    assert yaml.safe_load(render_objects([POD], "yaml", single=True)) == BARE
    assert yaml.safe_load(render_objects([POD], "yaml", single=False)) == {
        "apiVersion": "v1",
        "kind": "List",
        "metadata": {"resourceVersion": ""},
        "items": [BARE],
    }


def test_json_is_indented_by_four_with_sorted_keys() -> None:
    assert render_objects([{"b": 1, "metadata": {}}], "json", single=True) == '{\n    "b": 1,\n    "metadata": {}\n}\n'


def test_names_come_one_a_line() -> None:
    assert render_objects([POD, POD], "name", single=False, names=["pod/a", "pod/b"]) == "pod/a\npod/b\n"


def test_jsonpath_is_rendered_over_the_object() -> None:
    assert render_objects([POD], "jsonpath={.metadata.name}", single=True) == "a"


@pytest.mark.parametrize("output", ["xml", "jsonpath", "wide-ish"])
def test_other_formats_are_refused(output: str) -> None:
    with pytest.raises(UsageError, match="unable to match a printer"):
        render_objects([POD], output, single=True)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({"reason": "NotFound", "message": 'pods "x" not found'}, 'Error from server (NotFound): pods "x" not found'),
        ({"message": "odd"}, "Error from server: odd"),
        ({}, "Error from server: unknown error"),
        (
            {
                "reason": "Invalid",
                "message": "m",
                "details": {"kind": "Pod", "name": "a", "causes": [{"field": "spec.x", "message": "Required value"}]},
            },
            'The Pod "a" is invalid: spec.x: Required value',
        ),
        (
            {
                "reason": "Invalid",
                "message": "m",
                "details": {"kind": "Pod", "name": "a", "causes": [{"field": "x", "message": "1"}, {"field": "y", "message": "2"}]},
            },
            'The Pod "a" is invalid: \n* x: 1\n* y: 2',
        ),
    ],
)
def test_failures_read_as_kubectls(status: dict, text: str) -> None:
    assert render_failure(status) == text
