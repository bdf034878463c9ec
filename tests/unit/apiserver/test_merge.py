from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.apiserver.merge import PatchError, merge_patch, strategic_merge
from hauberk.k8s.apps import DEPLOYMENT
from hauberk.k8s.core import CONFIG_MAP, POD, SERVICE
from hauberk.k8s.kind import Manifest

KEYS = st.sampled_from("abc")
SCALARS = st.one_of(st.booleans(), st.integers(-2, 2), st.text("xy", max_size=2))
VALUES = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=3)), max_leaves=8)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)
CONTAINERS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("mnopq"), "image": st.sampled_from(["x:1", "x:2"])}),
    max_size=5,
    unique_by=lambda c: c["name"],
)


def difference(old: Any, new: Any) -> Any:
    """The merge patch that makes `new` of `old`."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    gone = {key: None for key in old if key not in new}
    return gone | {key: difference(old.get(key), value) for key, value in new.items() if key not in old or old[key] != value}


# -- JSON merge patch -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # RFC 7386, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7386(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


@given(OBJECTS, OBJECTS)
def test_a_difference_makes_the_one_of_the_other_and_leaves_both_alone(old: Manifest, new: Manifest) -> None:
    before = deepcopy((old, new))
    assert merge_patch(old, difference(old, new)) == new
    assert (old, new) == before


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_is_idempotent(target: Manifest, patch: Manifest) -> None:
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


# -- Strategic merge --------------------------------------------------------------------------------------------------
def deployment(**spec: Any) -> Manifest:
    return {"spec": {"template": {"spec": spec}}}


def patched(target: Manifest, patch: Manifest) -> Any:
    return strategic_merge(DEPLOYMENT, target, patch)["spec"]["template"]["spec"]


def named(*names: str) -> list[Manifest]:
    return [{"name": name} for name in names]


MAIN_SIDE = deployment(containers=[{"name": "main", "image": "nginx:1", "args": ["a", "b"]}, {"name": "side", "image": "busybox:1"}])


@pytest.mark.parametrize(
    ("containers", "result"),
    [
        # Recorded from a real API server: shared/data/kubectl/cases/patch.
        ([{"name": "side", "image": "busybox:2"}], ["main=nginx:1", "side=busybox:2"]),
        ([{"name": "new", "image": "x:1"}], ["new=x:1", "main=nginx:1", "side=busybox:1"]),
        ([{"$patch": "replace"}, {"name": "only", "image": "x:1"}], ["only=x:1"]),
        ([{"name": "main", "$patch": "delete"}], ["side=busybox:1"]),
        ([{"name": "main", "$patch": "delete"}, {"name": "new", "image": "x:1"}], ["new=x:1", "side=busybox:1"]),
        # An item that says replace stands for the whole list, whatever else it holds.
        ([{"name": "side", "$patch": "replace", "image": "y:1"}], []),
        ([{"name": "side", "image": "y:1"}, {"name": "main", "image": "z:1"}], ["side=y:1", "main=z:1"]),
        ([], ["main=nginx:1", "side=busybox:1"]),
    ],
)
def test_containers_are_merged_by_name(containers: list[Manifest], result: list[str]) -> None:
    merged = patched(MAIN_SIDE, deployment(containers=containers))
    assert [f"{entry['name']}={entry['image']}" for entry in merged["containers"]] == result


def test_the_order_of_a_list_can_be_set() -> None:
    order = {"$setElementOrder/containers": named("side", "mid", "main"), "containers": [{"name": "mid", "image": "m:1"}]}
    merged = patched(MAIN_SIDE, deployment(**order))
    assert [entry["name"] for entry in merged["containers"]] == ["side", "mid", "main"]
    only_order = patched(MAIN_SIDE, deployment(**{"$setElementOrder/containers": named("side", "main")}))
    assert [entry["name"] for entry in only_order["containers"]] == ["side", "main"]


def test_what_only_the_server_has_keeps_its_place_when_an_order_is_set() -> None:
    target = deployment(containers=named("a", "server", "b"))
    order = {"$setElementOrder/containers": named("b", "a")}
    assert [entry["name"] for entry in patched(target, deployment(**order))["containers"]] == ["server", "b", "a"]


def test_lists_without_a_merge_strategy_are_replaced() -> None:
    target = deployment(tolerations=[{"key": "k1"}], containers=[{"name": "main", "args": ["a", "b"]}])
    patch = deployment(tolerations=[{"key": "k2", "operator": "Exists"}], containers=[{"name": "main", "args": ["c"]}])
    assert patched(target, patch) == {"tolerations": [{"key": "k2", "operator": "Exists"}], "containers": [{"name": "main", "args": ["c"]}]}


def test_a_map_can_be_replaced_or_emptied_as_a_whole() -> None:
    replaced = patched(MAIN_SIDE, deployment(**{"$patch": "replace", "containers": [{"name": "z", "image": "z:1"}]}))
    assert replaced == {"containers": [{"name": "z", "image": "z:1"}]}
    assert patched(MAIN_SIDE, deployment(**{"$patch": "delete"})) == {}
    assert patched(MAIN_SIDE, deployment(**{"$patch": "merge"})) == MAIN_SIDE["spec"]["template"]["spec"]


def test_retained_keys_leave_nothing_else_of_a_volume() -> None:
    target = deployment(volumes=[{"name": "v", "emptyDir": {}}])
    patch = deployment(volumes=[{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}])
    assert patched(target, patch) == {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}
    with pytest.raises(PatchError, match="retainKeys"):
        patched(target, deployment(volumes=[{"name": "v", "$retainKeys": ["name"], "configMap": {}}]))


def test_values_are_deleted_from_a_list_of_words() -> None:
    target = {"metadata": {"finalizers": ["a/b", "c/d", "e/f"]}}
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["c/d"], "$setElementOrder/finalizers": ["e/f", "a/b"]}}
    assert strategic_merge(POD, target, patch) == {"metadata": {"finalizers": ["e/f", "a/b"]}}
    assert strategic_merge(POD, target, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/b"]}}) == {
        "metadata": {"finalizers": ["c/d", "e/f"]}
    }


def test_words_of_a_merged_list_are_added_in_front() -> None:
    target, patch = {"metadata": {"finalizers": ["a/b"]}}, {"metadata": {"finalizers": ["c/d", "a/b"]}}
    assert strategic_merge(POD, target, patch) == {"metadata": {"finalizers": ["c/d", "a/b"]}}
    assert strategic_merge(POD, target, {"metadata": {"finalizers": ["c/d"]}}) == {"metadata": {"finalizers": ["c/d", "a/b"]}}


def test_service_ports_are_merged_by_number() -> None:
    target = {"spec": {"ports": [{"name": "http", "port": 80, "targetPort": 80}, {"name": "https", "port": 443}]}}
    assert strategic_merge(SERVICE, target, {"spec": {"ports": [{"port": 80, "targetPort": 8080}, {"name": "grpc", "port": 9000}]}}) == {
        "spec": {
            "ports": [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "grpc", "port": 9000}, {"name": "https", "port": 443}]
        }
    }


def test_null_takes_away_and_unknown_fields_are_merged_as_they_are() -> None:
    target = {"metadata": {"labels": {"a": "1", "b": "2"}}, "nope": {"x": [1], "y": 1}}
    patch = {"metadata": {"labels": {"a": None, "c": "3"}}, "nope": {"x": [2]}, "data": {"k": None, "l": "m"}}
    assert strategic_merge(CONFIG_MAP, target, patch) == {
        "metadata": {"labels": {"b": "2", "c": "3"}},
        "nope": {"x": [2], "y": 1},
        "data": {"l": "m"},
    }


def test_directives_do_not_stay_in_what_is_new() -> None:
    patch = deployment(
        **{"$setElementOrder/containers": named("a"), "containers": [{"name": "a", "$retainKeys": ["name"]}], "$retainKeys": ["containers"]}
    )
    assert strategic_merge(DEPLOYMENT, {}, patch) == deployment(containers=[{"name": "a"}])
    assert patched(deployment(), deployment(affinity={"$patch": "replace", "nodeAffinity": {}})) == {"affinity": {"nodeAffinity": {}}}


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (deployment(containers=[{"image": "x"}]), r"map: map\[image:x\] does not contain declared merge key: name"),
        (deployment(containers=[{"$patch": "delete"}]), "does not contain declared merge key: name"),
        (deployment(containers=[{"name": "a", "$patch": "explode"}]), "unknown patch type: explode"),
        (deployment(**{"$patch": "explode"}), "unknown patch type: explode in map"),
        (deployment(**{"$setElementOrder/containers": "side"}), "invalid patch format of setElementOrder list"),
        (deployment(**{"$setElementOrder/containers": named("main"), "containers": named("new")}), "doesn't match"),
    ],
)
def test_patches_that_cannot_be_applied(patch: Manifest, message: str) -> None:
    with pytest.raises(PatchError, match=message):
        strategic_merge(DEPLOYMENT, MAIN_SIDE, patch)


@given(CONTAINERS, CONTAINERS)
def test_a_patch_wins_and_keeps_what_it_does_not_name(old: list[Manifest], new: list[Manifest]) -> None:
    target, patch = deployment(containers=old), deployment(containers=new)
    before = deepcopy((target, patch))
    merged = patched(target, patch)["containers"]
    by_name = {entry["name"]: entry for entry in merged}
    assert by_name == {entry["name"]: entry for entry in old} | {entry["name"]: entry for entry in new}
    assert len(by_name) == len(merged)
    assert (target, patch) == before


@given(CONTAINERS, CONTAINERS)
def test_the_order_of_the_patch_and_the_order_of_the_rest_are_kept(old: list[Manifest], new: list[Manifest]) -> None:
    merged = [entry["name"] for entry in patched(deployment(containers=old), deployment(containers=new))["containers"]]
    wanted = [entry["name"] for entry in new]
    rest = [entry["name"] for entry in old if entry["name"] not in wanted]
    assert [name for name in merged if name in wanted] == wanted
    assert [name for name in merged if name not in wanted] == rest


@given(CONTAINERS, CONTAINERS)
def test_a_strategic_patch_is_idempotent(old: list[Manifest], new: list[Manifest]) -> None:
    patch = deployment(containers=new)
    once = strategic_merge(DEPLOYMENT, deployment(containers=old), patch)
    assert strategic_merge(DEPLOYMENT, once, patch) == once


@given(CONTAINERS, st.permutations("mnopq"))
def test_an_order_for_all_is_the_order_of_all(old: list[Manifest], order: list[str]) -> None:
    merged = (
        patched(deployment(containers=old), deployment(**{"$setElementOrder/containers": named(*order)})) if old else {"containers": []}
    )
    names = [entry["name"] for entry in merged["containers"]]
    assert names == [name for name in order if name in names]
