"""What depends on who the client is."""

from hauberk.model.routing import HttpDestination, HttpMatch, HttpRoute, VirtualService
from hauberk.view.client_view import ClientGroup, client_group, seen_by, selectors_in_use
from tests.unit.view.builders import DETAILS, make_view

TO_DETAILS = (HttpDestination(DETAILS),)
APP = (("app", "a"),)


def rule(*matches: HttpMatch) -> VirtualService:
    return VirtualService("bookinfo", "v", (DETAILS,), http=(HttpRoute(TO_DETAILS, matches), HttpRoute(TO_DETAILS)))


def test_where_nothing_asks_who_a_namespace_is_one_group_and_sees_the_view_itself() -> None:
    view = make_view(rule(HttpMatch(port=80)))
    assert client_group(selectors_in_use(view, "bookinfo"), "bookinfo", {"app": "a"}) == ClientGroup("bookinfo")
    assert seen_by(view, ClientGroup("bookinfo")) is view


def test_source_labels_are_for_the_clients_that_have_them() -> None:
    view = make_view(rule(HttpMatch(port=80, source_labels=APP)))
    mine, other = (client_group(selectors_in_use(view, "bookinfo"), "bookinfo", {"app": app}) for app in "ab")
    assert (mine, other) == (ClientGroup("bookinfo", frozenset({APP})), ClientGroup("bookinfo"))
    (seen,) = seen_by(view, mine).virtual_services
    assert [route.matches for route in seen.http] == [(HttpMatch(port=80),), ()]
    (seen,) = seen_by(view, other).virtual_services
    assert [route.matches for route in seen.http] == [()]


def test_source_namespace_is_for_the_clients_of_it() -> None:
    view = make_view(rule(HttpMatch(source_namespace="bookinfo")))
    assert [len(seen_by(view, ClientGroup(namespace)).virtual_services[0].http) for namespace in ("bookinfo", "other")] == [2, 1]
