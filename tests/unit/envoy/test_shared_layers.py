"""The layers of one namespace, kept in step."""

from dataclasses import replace

import pytest

from hauberk import names
from hauberk.envoy.resources import Builder, Layers
from hauberk.envoy.shared_layers import SharedLayers
from hauberk.model.security import MtlsMode
from hauberk.model.traffic import TlsMode
from hauberk.view.apply import apply
from hauberk.view.changes import Affected, Change, Delete, Put
from hauberk.view.mesh_view import MeshView
from tests.unit.model.builders import make_policy, make_rule, make_service, make_slice, make_workload
from tests.unit.view.builders import DETAILS, REVIEWS, bookinfo_objects, make_view

TYPES = (names.TYPE_CLUSTER, names.TYPE_ENDPOINT, names.TYPE_LISTENER, names.TYPE_ROUTE, names.TYPE_VIRTUAL_HOST)


def same_types(before: Layers, after: Layers) -> list[str]:
    """The types whose layer is still the same object."""
    return [type_url.rpartition(".")[2] for type_url in TYPES if before[type_url] is after[type_url]]


def step(view: MeshView, shared: SharedLayers, *changes: Change) -> Layers:
    after, affected = apply(view, changes)
    shared.update(after, affected)
    return shared.sidecar


def test_a_sidecar_has_every_service_and_the_fixed_resources() -> None:
    shared = SharedLayers("bookinfo", make_view(*bookinfo_objects()), Builder())
    assert set(shared.sidecar[names.TYPE_CLUSTER]) == {
        "PassthroughCluster",
        "BlackHoleCluster",
        f"outbound|9080||{DETAILS}",
        f"outbound|9080||{REVIEWS}",
    }
    assert set(shared.sidecar[names.TYPE_ENDPOINT]) == {f"outbound|9080||{DETAILS}", f"outbound|9080||{REVIEWS}"}
    assert set(shared.sidecar[names.TYPE_LISTENER]) == {"virtualOutbound", "0.0.0.0_9080"}
    assert set(shared.sidecar[names.TYPE_ROUTE]) == {"9080"}
    assert set(shared.sidecar[names.TYPE_VIRTUAL_HOST]) == {f"9080/{DETAILS}:9080", f"9080/{REVIEWS}:9080"}


def test_a_router_has_clusters_and_endpoints_only() -> None:
    shared = SharedLayers("bookinfo", make_view(*bookinfo_objects()), Builder())
    assert set(shared.router) == {names.TYPE_CLUSTER, names.TYPE_ENDPOINT}
    assert shared.router[names.TYPE_CLUSTER] is shared.sidecar[names.TYPE_CLUSTER]


@pytest.mark.parametrize(
    ("name", "change", "kept"),
    [
        ("STRICT for the mesh", Put(make_policy(mode=MtlsMode.STRICT)), list("CELRV")),
        ("an endpoint goes", Put(make_slice("reviews", make_workload("reviews-v1"))), list("CLRV")),
        ("a rule", Put(make_rule(mode=TlsMode.DISABLE)), list("ELRV")),
        ("a service", Put(make_service("new", vip="10.96.0.8")), list("LR")),
        ("a TCP service", Put(make_service("db", "bookinfo", ("tcp", 3306, 3306), vip="10.96.0.8")), list("RV")),
        ("a service goes", Delete(make_service("details").ref), list("LR")),
    ],
)
def test_a_change_leaves_the_other_types_alone(name: str, change: Change, kept: list[str]) -> None:
    view = make_view(*bookinfo_objects())
    shared = SharedLayers("bookinfo", view, Builder())
    before = shared.sidecar
    after = step(view, shared, change)
    long = {"C": "Cluster", "E": "ClusterLoadAssignment", "L": "Listener", "R": "RouteConfiguration", "V": "VirtualHost"}
    assert same_types(before, after) == [long[letter] for letter in kept], name


def test_resources_that_did_not_change_keep_their_identity() -> None:
    view = make_view(*bookinfo_objects())
    shared = SharedLayers("bookinfo", view, Builder())
    before = shared.sidecar[names.TYPE_CLUSTER]
    after = step(view, shared, Put(make_rule(mode=TlsMode.DISABLE)))[names.TYPE_CLUSTER]
    assert after[f"outbound|9080||{REVIEWS}"] is before[f"outbound|9080||{REVIEWS}"]
    assert after[f"outbound|9080||{DETAILS}"] is not before[f"outbound|9080||{DETAILS}"]


def test_what_is_rebuilt_but_equal_changes_nothing() -> None:
    view = make_view(*bookinfo_objects())
    shared = SharedLayers("bookinfo", view, Builder())
    before = shared.sidecar
    shared.update(view, Affected(everything=True))
    assert len(same_types(before, shared.sidecar)) == 5


def test_a_service_that_moves_to_another_port_takes_its_listener_along() -> None:
    view = make_view(make_service("details", "bookinfo", ("tcp", 1000, 1000), vip="10.96.0.1"))
    shared = SharedLayers("bookinfo", view, Builder())
    assert "10.96.0.1_1000" in shared.sidecar[names.TYPE_LISTENER]
    moved = make_service("details", "bookinfo", ("tcp", 2000, 2000), vip="10.96.0.1")
    after = step(view, shared, Put(replace(moved)))
    assert set(after[names.TYPE_LISTENER]) == {"virtualOutbound", "10.96.0.1_2000"}
    assert set(after[names.TYPE_CLUSTER]) >= {f"outbound|2000||{DETAILS}"}
    assert f"outbound|1000||{DETAILS}" not in after[names.TYPE_CLUSTER]


@pytest.mark.parametrize("port", [names.OUTBOUND_PORT, names.INBOUND_PORT, names.STATUS_PORT, names.PROMETHEUS_PORT])
def test_a_service_takes_no_port_of_the_sidecars_own_listeners(port: int) -> None:
    http, tcp = make_service("web", "bookinfo", ("http", port, port)), make_service("db", "bookinfo", ("tcp", port, port), vip="10.96.0.9")
    shared = SharedLayers("bookinfo", make_view(http, tcp), Builder())
    assert set(shared.sidecar[names.TYPE_LISTENER]) == {"virtualOutbound", f"10.96.0.9_{port}"}
