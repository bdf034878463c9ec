"""What a change affects, and what it does not."""

from dataclasses import dataclass, replace

import pytest

from hauberk.model.authorization import AuthorizationPolicy
from hauberk.model.mesh import InboundProtocol, NamespaceOptions
from hauberk.model.security import MtlsMode
from hauberk.model.traffic import Gateway, HttpDestination, HttpRoute, TlsMode, VirtualService
from hauberk.view.apply import apply
from hauberk.view.changes import Affected, Change, Delete, Put
from hauberk.view.impact import slice_host
from tests.unit.model.builders import ROOT, make_policy, make_rule, make_service, make_slice, make_workload
from tests.unit.view.builders import DETAILS, REVIEWS, bookinfo_objects, make_view

ALL = frozenset({("bookinfo", "details-1"), ("bookinfo", "reviews-v1"), ("bookinfo", "reviews-v2")})
BOTH = frozenset({DETAILS, REVIEWS})
ONE = frozenset({("bookinfo", "details-1")})
SECOND = make_workload("details-2", address="10.244.0.9", account="bookinfo-details")
STRANGER = make_workload("details-2", address="10.244.0.9", account="other")


@dataclass(frozen=True)
class Row:
    name: str
    changes: list[Change]
    affected: Affected
    before: tuple[Change, ...] = ()


SLICE = make_slice("details", make_workload("details-1"))
ROWS = [
    Row(
        "one more endpoint: one load assignment",
        [Put(make_slice("details", make_workload("details-1"), SECOND))],
        Affected(endpoints=frozenset({DETAILS})),
        (Put(SECOND),),
    ),
    Row(
        "an endpoint of a new account: the cluster's identities too",
        [Put(make_slice("details", make_workload("details-1"), STRANGER))],
        Affected(endpoints=frozenset({DETAILS}), clusters=frozenset({DETAILS})),
        (Put(STRANGER),),
    ),
    Row(
        "the last endpoint goes: nobody is known to answer for it",
        [Put(make_slice("details"))],
        Affected(endpoints=frozenset({DETAILS}), clusters=frozenset({DETAILS})),
    ),
    Row("a slice written anew with the same in it", [Put(replace(SLICE, name="details-x"))], Affected()),
    Row("a pod that nobody selects: its own side", [Put(SECOND)], Affected(workloads=frozenset({("bookinfo", "details-2")}))),
    Row(
        "a pod loses its sidecar",
        [Put(make_workload("details-1", sidecar=False))],
        Affected(endpoints=frozenset({DETAILS}), workloads=ONE),
    ),
    Row("mesh-wide STRICT: inbound sides only", [Put(make_policy(mode=MtlsMode.STRICT))], Affected(workloads=ALL)),
    Row(
        "mesh-wide PERMISSIVE: another object decides the same",
        [Put(make_policy(mode=MtlsMode.PERMISSIVE))],
        Affected(workloads=ALL),
    ),
    Row(
        "mesh-wide DISABLE: clients too",
        [Put(make_policy(mode=MtlsMode.DISABLE))],
        Affected(workloads=ALL, endpoints=BOTH, clusters=BOTH),
    ),
    Row("a workload's STRICT", [Put(make_policy("w", "bookinfo", MtlsMode.STRICT, selector={"app": "details"}))], Affected(workloads=ONE)),
    Row(
        "a workload's port DISABLE: its endpoint",
        [Put(make_policy("w", "bookinfo", MtlsMode.STRICT, selector={"app": "details"}, ports={9080: MtlsMode.DISABLE}))],
        Affected(workloads=ONE, endpoints=frozenset({DETAILS})),
    ),
    Row("a selector in the root namespace: nothing", [Put(make_policy("s", ROOT, MtlsMode.STRICT, selector={"app": "x"}))], Affected()),
    Row(
        "a rule for one host",
        [Put(make_rule(mode=TlsMode.DISABLE))],
        Affected(clusters=frozenset({DETAILS}), endpoints=frozenset({DETAILS})),
    ),
    Row("a rule for all hosts", [Put(make_rule("mesh", ROOT, "*.local", TlsMode.ISTIO_MUTUAL))], Affected(clusters=BOTH, endpoints=BOTH)),
    Row(
        "a rule that is taken away",
        [Delete(make_rule().ref)],
        Affected(clusters=frozenset({DETAILS}), endpoints=frozenset({DETAILS})),
        (Put(make_rule(mode=TlsMode.DISABLE)),),
    ),
    Row("a rule for a host that nobody knows", [Put(make_rule(host="x.y.svc"))], Affected()),
    Row(
        "a virtual service: its hosts' virtual hosts",
        [Put(VirtualService("bookinfo", "v", (REVIEWS,)))],
        Affected(virtual_hosts=frozenset({REVIEWS}), routers=True),
    ),
    Row("a gateway", [Put(Gateway("bookinfo", "g"))], Affected(routers=True)),
    Row(
        "a new service",
        [Put(make_service("extra", "bookinfo", ("http", 80, 9080), selector={"app": "details"}))],
        Affected(
            clusters=frozenset({"extra.bookinfo.svc.cluster.local"}),
            endpoints=frozenset({"extra.bookinfo.svc.cluster.local"}),
            listeners=frozenset({80}),
            virtual_hosts=frozenset({"extra.bookinfo.svc.cluster.local"}),
            workloads=ONE,
            routers=True,
        ),
    ),
    Row(
        "a service that another host's requests go to: what it declares may decide over their port",
        [Put(make_service("details", "bookinfo", ("http", 9080, 9081)))],
        Affected(
            clusters=frozenset({DETAILS}),
            endpoints=frozenset({DETAILS}),
            listeners=frozenset({9080}),
            virtual_hosts=BOTH,
            workloads=ONE,
            routers=True,
        ),
        (Put(VirtualService("bookinfo", "v", (REVIEWS,), http=(HttpRoute((HttpDestination(DETAILS),)),))),),
    ),
    Row(
        "an authorization policy of one workload",
        [Put(AuthorizationPolicy("bookinfo", "p", selector=(("app", "details"),)))],
        Affected(workloads=frozenset({("bookinfo", "details-1")})),
    ),
    Row(
        "a namespace that chooses how what comes in is read",
        [Put(NamespaceOptions("bookinfo", InboundProtocol.HTTP))],
        Affected(workloads=frozenset({("bookinfo", "details-1"), ("bookinfo", "reviews-v1"), ("bookinfo", "reviews-v2")})),
    ),
    Row("a namespace outside the mesh", [Put(make_service("x", "outside")), Put(make_policy("x", "outside", MtlsMode.STRICT))], Affected()),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_change_affects_what_it_must_and_no_more(row: Row) -> None:
    before, _ = apply(make_view(*bookinfo_objects()), row.before)
    _, affected = apply(before, row.changes)
    assert affected == row.affected


def test_headless_tcp_follows_its_endpoints_with_cluster_and_listeners() -> None:
    headless = make_service("db", "bookinfo", ("tcp", 3306, 3306), vip="")
    pod = make_workload("db-0")
    before = make_view(headless, pod)
    _, affected = apply(before, [Put(make_slice("db", pod, ports={"tcp": 3306}))])
    assert affected == Affected(
        clusters=frozenset({headless.hostname}), endpoints=frozenset({headless.hostname}), listeners=frozenset({3306})
    )


def test_headless_tcp_follows_what_its_endpoints_take() -> None:
    headless = make_service("db", "bookinfo", ("tcp", 3306, 3306), vip="")
    pod = make_workload("db-0")
    before = make_view(headless, pod, make_slice("db", pod, ports={"tcp": 3306}))
    _, affected = apply(before, [Put(make_policy("w", "bookinfo", MtlsMode.DISABLE, selector={"app": "db"}))])
    assert affected.clusters == {headless.hostname}


def test_a_slice_belongs_to_a_host() -> None:
    assert slice_host(SLICE) == DETAILS
