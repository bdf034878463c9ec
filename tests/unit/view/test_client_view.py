"""What depends on who the client is."""

from dataclasses import replace

from hauberk.model.mesh import OutboundPolicy
from hauberk.model.routing import HttpDestination, HttpMatch, HttpRoute, VirtualService
from hauberk.model.sidecar import EgressHost, Sidecar
from hauberk.model.traffic import TlsMode
from hauberk.view.client_view import ClientGroup, client_group, seen_by, selectors_in_use
from tests.unit.model.builders import make_rule, make_service
from tests.unit.view.builders import DETAILS, REVIEWS, bookinfo_objects, make_view

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


def test_a_sidecar_hides_all_hosts_but_those_it_names_and_those_that_its_rules_send_to() -> None:
    only_reviews = Sidecar("bookinfo", "s", egress=(EgressHost("bookinfo", REVIEWS),), outbound_policy=OutboundPolicy.REGISTRY_ONLY)
    view = make_view(*bookinfo_objects(), only_reviews)
    seen = seen_by(view, ClientGroup("bookinfo"))
    assert (set(seen.services), seen.settings.outbound_policy) == ({REVIEWS}, OutboundPolicy.REGISTRY_ONLY)
    routed = make_view(*bookinfo_objects(), only_reviews, VirtualService("bookinfo", "v", (REVIEWS,), http=(HttpRoute(TO_DETAILS),)))
    assert set(seen_by(routed, ClientGroup("bookinfo")).services) == {REVIEWS, DETAILS}
    hidden = make_view(*bookinfo_objects(), only_reviews, rule())
    assert seen_by(hidden, ClientGroup("bookinfo")).virtual_services == ()


def test_a_rule_brings_no_host_that_is_not_exported_and_brings_none_to_whom_it_is_not_exported() -> None:
    only_reviews = Sidecar("bookinfo", "s", egress=(EgressHost("*", REVIEWS),))
    objects = [*bookinfo_objects(), only_reviews]
    route = (HttpRoute(TO_DETAILS),)
    elsewhere = VirtualService("istio-system", "v", (REVIEWS,), http=route, export_to=(".",))
    assert set(seen_by(make_view(*objects, elsewhere), ClientGroup("bookinfo")).services) == {REVIEWS}
    kept = replace(make_service("details"), export_to=("istio-system",))
    mine = replace(elsewhere, namespace="bookinfo")
    assert set(seen_by(make_view(*objects, mine), ClientGroup("bookinfo")).services) == {REVIEWS, DETAILS}
    assert set(seen_by(make_view(*objects, mine, kept), ClientGroup("bookinfo")).services) == {REVIEWS}


def test_gateways_follow_no_sidecar_and_others_only_their_own() -> None:
    view = make_view(*bookinfo_objects(), Sidecar("bookinfo", "s", APP, egress=()))
    assert seen_by(view, ClientGroup("bookinfo", frozenset({APP}), gateway=True)) is view
    assert seen_by(view, ClientGroup("bookinfo")) is view
    mine = client_group(selectors_in_use(view, "bookinfo"), "bookinfo", {"app": "a"})
    assert seen_by(view, mine).services == {}
    assert selectors_in_use(view, "istio-system") == frozenset()


def test_a_rule_that_selects_clients_is_for_them_alone_and_comes_first() -> None:
    everybody = make_rule("all", host=DETAILS, mode=TlsMode.SIMPLE)
    some = replace(make_rule("some", host=DETAILS, mode=TlsMode.DISABLE), selector=APP)
    view = make_view(*bookinfo_objects(), everybody, some)
    service = view.services[DETAILS]

    def followed(group: ClientGroup) -> str:
        merged = seen_by(view, group).destination_rule(group.namespace, service)
        return str(merged.policy_from) if merged else ""

    mine = client_group(selectors_in_use(view, "bookinfo"), "bookinfo", {"app": "a"})
    assert followed(mine) == "DestinationRule bookinfo/some"
    assert followed(ClientGroup("bookinfo")) == "DestinationRule bookinfo/all"
    assert followed(ClientGroup("bookinfo", frozenset({APP}), gateway=True)) == "DestinationRule bookinfo/all"
    assert followed(ClientGroup("elsewhere", frozenset({APP}))) == "DestinationRule bookinfo/all"
