from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.client.threeway import LAST_APPLIED, guide_by_schema, last_applied, three_way_patch, with_last_applied
from hauberk.k8s.schema import field_schema, resolve

CONTAINER = {
    "properties": {"name": {}, "env": {"items": {}, "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name"}}
}
SCHEMA: dict[str, Any] = {
    "properties": {
        "containers": {"items": CONTAINER, "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name"},
        "finalizers": {"items": {"type": "string"}, "x-kubernetes-patch-strategy": "merge"},
        "args": {"items": {"type": "string"}},
        "strategy": {"properties": {"type": {}, "rolling": {}}, "x-kubernetes-patch-strategy": "retainKeys"},
    }
}
GUIDE = guide_by_schema(field_schema, resolve)


@pytest.mark.parametrize(
    ("original", "modified", "current", "patch"),
    [
        ({}, {"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 1}, {"a": 2}, {"a": 1}),
        ({"a": 1, "b": 1}, {"a": 1}, {"a": 1, "b": 1}, {"b": None}),
        ({"b": 1}, {}, {}, {}),
        ({}, {"a": 1}, {"a": 1, "theirs": 2}, {}),
        ({"m": {"a": 1, "b": 1}}, {"m": {"a": 1}}, {"m": {"a": 1, "b": 1, "theirs": 1}}, {"m": {"b": None}}),
        ({}, {"l": [1, 2]}, {"l": [1]}, {"l": [1, 2]}),
        ({}, {"a": None}, {"a": 1}, {}),
    ],
)
def test_a_json_merge_patch(original: dict, modified: dict, current: dict, patch: dict) -> None:
    assert three_way_patch(original, modified, current) == patch


@pytest.mark.parametrize(
    ("original", "modified", "current", "patch"),
    [
        (
            {},
            {"containers": [{"name": "a", "image": "2"}]},
            {"containers": [{"name": "a", "image": "1", "defaulted": True}]},
            {"containers": [{"name": "a", "image": "2"}]},
        ),
        (
            {"containers": [{"name": "a"}, {"name": "b"}]},
            {"containers": [{"name": "a"}]},
            {"containers": [{"name": "a"}, {"name": "b"}, {"name": "injected"}]},
            {"containers": [{"$patch": "delete", "name": "b"}]},
        ),
        ({}, {"containers": [{"name": "a"}]}, {"containers": [{"name": "a", "more": 1}]}, {}),
        ({}, {"containers": [{"name": "n"}]}, {"containers": [{"name": "a"}]}, {"containers": [{"name": "n"}]}),
        (
            {"containers": [{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "1"}]}]},
            {"containers": [{"name": "a", "env": [{"name": "X", "value": "2"}]}]},
            {"containers": [{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "1"}]}]},
            {"containers": [{"name": "a", "env": [{"name": "X", "value": "2"}, {"$patch": "delete", "name": "Y"}]}]},
        ),
        ({}, {"containers": [{"image": "x"}]}, {"containers": [{"name": "a"}]}, {"containers": [{"image": "x"}]}),
        (
            {"finalizers": ["a", "b"]},
            {"finalizers": ["a", "c"]},
            {"finalizers": ["a", "b", "theirs"]},
            {"finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["b"]},
        ),
        ({}, {"args": ["x"]}, {"args": ["y"]}, {"args": ["x"]}),
        (
            {"strategy": {"type": "Rolling"}},
            {"strategy": {"type": "Recreate"}},
            {"strategy": {"type": "Rolling", "rolling": {}}},
            {"strategy": {"type": "Recreate", "$retainKeys": ["type"]}},
        ),
    ],
)
def test_a_strategic_merge_patch(original: dict, modified: dict, current: dict, patch: dict) -> None:
    assert three_way_patch(original, modified, current, schema=SCHEMA, guide=GUIDE) == patch


def test_the_annotation_holds_the_manifest_without_itself() -> None:
    manifest = {"kind": "A", "metadata": {"name": "x", "annotations": {"k": "v", LAST_APPLIED: "old"}}}
    assert last_applied(manifest) == '{"kind":"A","metadata":{"annotations":{"k":"v"},"name":"x"}}\n'
    assert with_last_applied(manifest)["metadata"]["annotations"] == {"k": "v", LAST_APPLIED: last_applied(manifest)}
    assert manifest["metadata"]["annotations"][LAST_APPLIED] == "old", "the manifest itself is left alone"


VALUES = st.recursive(st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8)
MAPS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386, section 2."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def holds(wanted: Any, actual: Any) -> bool:
    """Whether `actual` has everything that `wanted` says."""
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(key in actual and holds(value, actual[key]) for key, value in wanted.items())
    return bool(wanted == actual)


@given(MAPS, MAPS, MAPS)
def test_the_patched_object_has_everything_that_the_manifest_says(original: dict, modified: dict, current: dict) -> None:
    patched = merge(current, three_way_patch(original, modified, current))
    assert holds(modified, patched)
    assert three_way_patch(modified, modified, patched) == {}, "applying again changes nothing"
