from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.apiserver.selectors import Selection, parse_fields, parse_labels
from hauberk.apiserver.status import ApiError
from hauberk.k8s import core, security
from hauberk.k8s.kind import Kind

A, B, BARE = {"app": "a", "tier": "front"}, {"app": "b", "tier": "7"}, {"app": "a"}


@pytest.mark.parametrize(
    ("text", "matching"),
    [
        ("", [A, B, BARE]),
        ("app=a", [A, BARE]),
        ("app==a", [A, BARE]),
        ("app!=a", [B]),
        ("app in (a,b)", [A, B, BARE]),
        ("app notin (a)", [B]),
        ("tier", [A, B]),
        ("!tier", [BARE]),
        ("app=a,!tier", [BARE]),
        ("tier in (),app", []),
        ("app=", []),
        ("tier>6", [B]),
        ("tier<6", []),
        ("x/y!=z", [A, B, BARE]),
        (" app = a , tier ", [A]),
    ],
)
def test_label_selectors_choose(text: str, matching: list[dict[str, str]]) -> None:
    terms = parse_labels(text)
    assert [labels for labels in (A, B, BARE) if all(term.matches(labels) for term in terms)] == matching


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("app in (a", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("app=has space", "found 'space', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("=a", "unable to parse requirement: found '=', expected: !, identifier, or 'end of string'"),
    ],
)
def test_label_selectors_that_are_none_are_told_as_upstream_does(text: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_labels(text)
    assert (caught.value.code, str(caught.value)) == (400, message)


@given(st.text(max_size=30))
def test_any_text_is_a_selector_or_a_bad_request(text: str) -> None:
    with suppress(ApiError):
        parse_labels(text)


def pod(name: str, node: str = "", phase: str = "Pending") -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": "a"}, "spec": {"nodeName": node} if node else {}, "status": {"phase": phase}}


@pytest.mark.parametrize(
    ("text", "matching"),
    [
        ("metadata.name=p", ["p"]),
        ("metadata.name!=p", ["q"]),
        ("status.phase=Running", ["q"]),
        ("spec.nodeName=", ["p"]),
        ("spec.nodeName=n,metadata.namespace=a", ["q"]),
        ("metadata.name==p,status.phase=Running", []),
    ],
)
def test_field_selectors_choose(text: str, matching: list[str]) -> None:
    selection = Selection(fields=parse_fields(core.POD, text))
    assert [obj["metadata"]["name"] for obj in (pod("p"), pod("q", "n", "Running")) if selection.matches(obj)] == matching


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (core.POD, "spec.image=x", "field label not supported: spec.image"),
        (core.CONFIG_MAP, "data.a=b", '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        (security.PEER_AUTHENTICATION, "spec.mtls=x", "field label not supported: spec.mtls"),
        (core.SERVICE, "bad", "invalid selector: 'bad'; can't understand 'bad'"),
    ],
)
def test_fields_that_nobody_can_select_by_are_refused(kind: Kind, text: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_fields(kind, text)
    assert str(caught.value) == message


def test_events_are_selected_by_what_they_are_about() -> None:
    event = {"metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "name": "p"}, "source": {"component": "kubelet"}}
    selection = Selection(fields=parse_fields(core.EVENT, "involvedObject.name=p,involvedObject.kind=Pod,source=kubelet"))
    assert selection.matches(event)
    assert not selection.everything
    assert Selection().everything
