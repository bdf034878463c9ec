"""Conditions and actions as Envoy has them; what they do to requests is tests/netns/test_virtual_service.py."""

from typing import Any

import pytest

from hauberk.envoy.outbound.http_route import build_http_route, destination_cluster, text_matcher
from hauberk.model.routing import HttpDestination, HttpMatch, HttpRoute, MatchKind, Redirect, Retries, Rewrite, StringMatch
from tests.unit.envoy.builders import as_dict
from tests.unit.view.builders import DETAILS, bookinfo_objects, make_view

VIEW = make_view(*bookinfo_objects())
TO = (HttpDestination(DETAILS),)


def built(at: tuple[str, ...] = ("mesh",), **fields: Any) -> list[dict[str, Any]]:
    return [as_dict(route) for route in build_http_route(VIEW, HttpRoute(**({"destinations": TO} | fields)), 9080, at)]


@pytest.mark.parametrize(
    ("match", "at", "count"),
    [
        (HttpMatch(port=9080), ("mesh",), 1),
        (HttpMatch(port=80), ("mesh",), 0),
        (HttpMatch(gateways=("a/b",)), ("mesh",), 0),
        (HttpMatch(gateways=("a/b",)), ("a/b", "c/d"), 1),
    ],
)
def test_a_match_that_cannot_be_met_here_is_left_out(match: HttpMatch, at: tuple[str, ...], count: int) -> None:
    assert len(built(at, matches=(match,))) == count


def test_a_route_to_nowhere_is_none() -> None:
    assert built(destinations=()) == []
    assert built(destinations=(HttpDestination(DETAILS, weight=0),)) == []


@pytest.mark.parametrize(
    ("path", "rewrite", "expected"),
    [
        (StringMatch(MatchKind.PREFIX, "/api/"), "/", {"prefix_rewrite": "/"}),
        (StringMatch(MatchKind.PREFIX, "/a.b"), "/", {"regex_rewrite": {"pattern": {"regex": "^/a\\.b(/?)(.*)"}, "substitution": "/\\2"}}),
        (StringMatch(MatchKind.PREFIX, "/api"), "/v1", {"prefix_rewrite": "/v1"}),
        (StringMatch(MatchKind.EXACT, "/api"), "/v1", {"prefix_rewrite": "/v1"}),
        (StringMatch(MatchKind.REGEX, "/a.*"), "/v1", {"regex_rewrite": {"pattern": {"regex": "/a.*"}, "substitution": "/v1"}}),
    ],
)
def test_rewrites_replace_what_was_matched(path: StringMatch, rewrite: str, expected: dict[str, Any]) -> None:
    (route,) = built(matches=(HttpMatch(path),), rewrite=Rewrite(rewrite))
    assert {name: value for name, value in route["route"].items() if "rewrite" in name} == expected


def test_retries_are_istios_unless_said_otherwise() -> None:
    assert built()[0]["route"]["retry_policy"]["num_retries"] == 2
    assert "retry_policy" not in built(retries=Retries(0))[0]["route"]
    policy = built(retries=Retries(3, retry_on="5xx, 503", ignore_previous_hosts=False))[0]["route"]["retry_policy"]
    found = (policy["retry_on"], policy["retriable_status_codes"], "retry_host_predicate" in policy)
    assert found == ("5xx,retriable-status-codes", [503], False)


def test_a_redirect_of_the_prefix_keeps_the_rest() -> None:
    assert built(redirect=Redirect("%PREFIX()%/new"))[0]["redirect"] == {"prefix_rewrite": "/new"}
    assert built(redirect=Redirect("/new", code=302))[0]["redirect"] == {"path_redirect": "/new", "response_code": "FOUND"}


def test_an_empty_prefix_is_any_text() -> None:
    assert as_dict(text_matcher(StringMatch(MatchKind.PREFIX, ""))) == {"safe_regex": {"regex": ".*"}}


def test_a_destination_without_a_port_means_the_only_one_or_the_one_that_was_called() -> None:
    assert destination_cluster(VIEW, TO[0], 80) == f"outbound|9080||{DETAILS}"
    assert destination_cluster(VIEW, HttpDestination("elsewhere.example"), 80) == "outbound|80||elsewhere.example"
