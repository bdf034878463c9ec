"""Lookups."""

from dataclasses import replace

from hauberk.model.identity import TrustDomain
from hauberk.model.security import MtlsMode
from hauberk.model.traffic import Gateway, TlsMode
from hauberk.view.mesh_view import empty_view
from tests.unit.model.builders import ROOT, make_policy, make_rule, make_service, make_settings, make_slice, make_workload
from tests.unit.view.builders import DETAILS, REVIEWS, bookinfo_objects, make_view


def test_an_empty_view_knows_nothing() -> None:
    view = empty_view(make_settings())
    assert view.endpoints_of(DETAILS) == ()
    assert view.identities(DETAILS) == ()
    assert view.workload("bookinfo", "details-1") is None
    assert view.destination_rule("bookinfo", make_service()) is None


def test_the_identities_of_a_service_are_those_of_its_endpoints_accounts() -> None:
    one = make_workload("details-1", address="10.244.0.1", account="b")
    two = make_workload("details-2", address="10.244.0.2", account="a")
    three = make_workload("details-3", address="10.244.0.3", account="a")
    view = make_view(make_service(), one, two, three, make_slice("details", one, two, three))
    assert view.identities(DETAILS) == ("spiffe://cluster.local/ns/bookinfo/sa/a", "spiffe://cluster.local/ns/bookinfo/sa/b")


def test_decisions_are_asked_of_the_policies_in_the_view() -> None:
    view = make_view(*bookinfo_objects(), make_policy(mode=MtlsMode.STRICT), make_rule("mesh", ROOT, "*.local", TlsMode.ISTIO_MUTUAL))
    assert view.modes(view.workloads["bookinfo", "details-1"]).workload.mode is MtlsMode.STRICT
    rule = view.destination_rule("bookinfo", view.services[REVIEWS])
    assert rule is not None
    assert rule.host == "*.local"


def test_the_services_of_a_workload_come_oldest_first() -> None:
    young, old = make_service("young", selector={"app": "details"}), make_service("old", selector={"app": "details"}, age=1)
    view = make_view(young, old, make_service("reviews"), workload := make_workload())
    assert view.services_of(workload) == (old, young)


def test_gateways_select_routers_by_their_labels() -> None:
    one, every = Gateway("bookinfo", "a", {"istio": "ingressgateway"}), Gateway("bookinfo", "b")
    view = make_view(one, every)
    assert view.gateways_of({"istio": "ingressgateway", "app": "x"}) == (one, every)
    assert view.gateways_of({}) == (every,)


def test_workloads_are_found_by_namespace_and_by_address() -> None:
    workload, other = make_workload(), make_workload("gw-1", ROOT, address="10.244.9.9")
    view = make_view(workload, other)
    assert list(view.workloads_in(["bookinfo"])) == [workload]
    assert sorted(found.name for found in view.workloads_in()) == ["details-1", "gw-1"]
    assert view.addresses["10.244.9.9"] == other


def test_an_account_is_expected_in_every_trust_domain_of_the_mesh() -> None:
    settings = replace(make_settings("bookinfo"), trust_domain_aliases=(TrustDomain("old.local"),))
    found = make_view(*bookinfo_objects(), settings=settings).identities(DETAILS)
    assert found == tuple(f"spiffe://{domain}/ns/bookinfo/sa/bookinfo-details" for domain in ("cluster.local", "old.local"))
