"""Views after changes."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hauberk.model.security import MtlsMode
from hauberk.model.traffic import Gateway, TlsMode, VirtualService
from hauberk.view.apply import apply
from hauberk.view.changes import Affected, Change, Delete, ModelObject, Put
from hauberk.view.mesh_view import MeshView, empty_view
from tests.unit.model.builders import ROOT, make_policy, make_rule, make_service, make_settings, make_slice, make_workload
from tests.unit.view.builders import DETAILS, REVIEWS, bookinfo_objects, make_view


def indexes(view: MeshView) -> tuple[object, ...]:
    return (
        view.services,
        {host: sorted(pieces, key=lambda piece: piece.name) for host, pieces in view.slices.items()},
        view.endpoints,
        view.workloads,
        view.addresses,
        view.peer_authentications,
        {namespace: rules for namespace, rules in view.destination_rules.namespaces.items() if rules.local},
        view.virtual_services,
        view.gateways,
    )


def test_objects_are_indexed() -> None:
    view = make_view(*bookinfo_objects())
    assert set(view.services) == {DETAILS, REVIEWS}
    assert [endpoint.address for endpoint in view.endpoints_of(REVIEWS)] == ["10.244.0.2", "10.244.0.3"]
    assert set(view.workloads) == {("bookinfo", "details-1"), ("bookinfo", "reviews-v1"), ("bookinfo", "reviews-v2")}


def test_what_did_not_change_is_shared() -> None:
    before = make_view(*bookinfo_objects())
    after, _ = apply(before, [Put(make_policy(mode=MtlsMode.STRICT))])
    assert after.services is before.services
    assert after.endpoints is before.endpoints
    assert after.workloads is before.workloads
    assert after.destination_rules is before.destination_rules


def test_a_change_that_changes_nothing_gives_the_same_view() -> None:
    before = make_view(*bookinfo_objects())
    assert apply(before, [Put(make_service()), Delete(make_policy().ref)]) == (before, Affected())
    after, _ = apply(before, [Put(make_service()), Delete(make_policy().ref)])
    assert after is before


def test_an_object_made_and_deleted_in_one_batch_never_was() -> None:
    before = make_view()
    after, affected = apply(before, [Put(make_service()), Delete(make_service().ref)])
    assert (after, affected) == (before, Affected())


def test_namespaces_outside_the_mesh_do_not_show() -> None:
    view = make_view(make_service("x", "outside"), make_workload("x-1", "outside"), make_policy("p", "outside", MtlsMode.STRICT))
    assert indexes(view) == indexes(make_view())


def test_a_namespace_that_joins_brings_what_is_in_it_and_takes_it_away_again() -> None:
    alone = make_view(*bookinfo_objects(), settings=make_settings())
    assert alone.services == {}
    joined, affected = apply(alone, [Put(make_settings("bookinfo"))])
    assert affected == Affected(everything=True)
    assert indexes(joined) == indexes(make_view(*bookinfo_objects()))
    left, _ = apply(joined, [Put(make_settings())])
    assert indexes(left) == indexes(alone)


def test_a_pod_that_is_seen_after_its_slice_becomes_an_endpoint_then() -> None:
    workload = make_workload()
    view = make_view(make_service(), make_slice("details", workload))
    assert view.endpoints_of(DETAILS) == ()
    view, affected = apply(view, [Put(workload)])
    assert [endpoint.workload for endpoint in view.endpoints_of(DETAILS)] == [workload]
    assert affected.endpoints == {DETAILS}


def test_a_service_that_is_seen_after_its_slice_has_its_endpoints() -> None:
    workload = make_workload()
    view = make_view(workload, make_slice("details", workload))
    assert view.endpoints == {}
    view, _ = apply(view, [Put(make_service())])
    assert len(view.endpoints_of(DETAILS)) == 1
    view, _ = apply(view, [Delete(make_service().ref)])
    assert view.endpoints == {}


def test_two_slices_of_one_service_are_one_list() -> None:
    one, two = make_workload("details-1", address="10.244.0.1"), make_workload("details-2", address="10.244.0.2")
    second = replace(make_slice("details", two), name="details-y")
    view = make_view(make_service(), one, two, make_slice("details", one), second)
    assert [endpoint.address for endpoint in view.endpoints_of(DETAILS)] == ["10.244.0.1", "10.244.0.2"]
    view, _ = apply(view, [Delete(second.ref)])
    assert [endpoint.address for endpoint in view.endpoints_of(DETAILS)] == ["10.244.0.1"]


def test_an_address_that_goes_to_another_pod_in_one_batch_is_the_new_pods() -> None:
    old, new = make_workload("details-1"), make_workload("details-2")
    view, _ = apply(make_view(old), [Put(new), Delete(old.ref)])
    assert view.addresses == {new.address: new}


OBJECTS: list[ModelObject] = [
    *bookinfo_objects(),
    make_workload("details-1", address="10.244.0.7", sidecar=False),
    make_service(vip="", age=1),
    make_slice("details"),
    make_policy(mode=MtlsMode.STRICT),
    make_policy(mode=MtlsMode.DISABLE),
    make_policy("w", "bookinfo", MtlsMode.DISABLE, selector={"app": "details"}),
    make_rule(mode=TlsMode.DISABLE),
    make_rule("mesh", ROOT, "*.local", TlsMode.ISTIO_MUTUAL),
    VirtualService("bookinfo", "v", (DETAILS,)),
    Gateway("bookinfo", "g"),
    make_settings("bookinfo"),
    make_settings("bookinfo", "more"),
]
CHANGES = st.lists(st.sampled_from(OBJECTS).flatmap(lambda obj: st.sampled_from([Put(obj), Put(obj), Delete(obj.ref)])), max_size=25)


@settings(deadline=None)
@given(CHANGES, st.data())
def test_one_by_one_or_in_batches_the_view_is_that_of_the_last_state(changes: list[Change], data: st.DataObject) -> None:
    start = empty_view(make_settings("bookinfo"))
    stepwise = start
    for change in changes:
        stepwise, _ = apply(stepwise, [change])
    cut = data.draw(st.integers(0, len(changes)))
    batched, _ = apply(apply(start, changes[:cut])[0], changes[cut:])
    assert indexes(stepwise) == indexes(batched)
    state = {change.obj.ref if isinstance(change, Put) else change.ref: change for change in changes}
    fresh, _ = apply(empty_view(stepwise.settings), [change for change in state.values() if isinstance(change, Put)])
    assert indexes(fresh) == indexes(stepwise)
