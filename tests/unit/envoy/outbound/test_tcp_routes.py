"""Where connections go."""

import pytest

from hauberk.envoy.outbound.tcp_routes import TcpTargets, routed_targets, tcp_chains
from hauberk.model.routing import HttpDestination, TcpMatch, TcpRoute, VirtualService
from tests.unit.envoy.builders import as_dict
from tests.unit.model.builders import make_service
from tests.unit.view.builders import make_view

DB = "db.bookinfo.svc.cluster.local"
OWN = f"outbound|3306||{DB}"
V1, V2 = HttpDestination(DB, "v1", weight=80), HttpDestination(DB, "v2", weight=20)
VIEW = make_view(make_service("db", "bookinfo", ("tcp", 3306, 3306)))


def targets(*tcp: TcpRoute, tls: tuple[TcpRoute, ...] = ()) -> TcpTargets:
    return routed_targets(VIEW, VirtualService("bookinfo", "db", (DB,), tcp=tcp, tls=tls), "10.96.0.1", 3306, OWN)


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        (TcpMatch(), True),
        (TcpMatch(port=3306), True),
        (TcpMatch(port=1), False),
        (TcpMatch(destination_subnets=("10.0.0.0/8",)), True),
        (TcpMatch(destination_subnets=("192.0.2.1",)), False),
        (TcpMatch(gateways=("mesh",)), True),
        (TcpMatch(gateways=("a/b",)), False),
    ],
)
def test_a_route_is_taken_where_its_conditions_hold(match: TcpMatch, holds: bool) -> None:
    found = targets(TcpRoute((V1, V2), (match,)))
    assert found.otherwise == (((f"outbound|3306|v1|{DB}", 80), (f"outbound|3306|v2|{DB}", 20)) if holds else ((OWN, 1),))


def test_without_a_virtual_service_connections_go_to_the_service() -> None:
    assert routed_targets(VIEW, None, "10.96.0.1", 3306, OWN) == TcpTargets(((OWN, 1),))


def test_server_names_choose_chains_and_the_rest_goes_on() -> None:
    found = targets(tls=(TcpRoute((V1,), (TcpMatch(("a.example", "*.b")),)),))
    named, rest = (as_dict(chain) for chain in tcp_chains(found))
    assert named["filter_chain_match"] == {"server_names": ["a.example", "*.b"], "transport_protocol": "tls"}
    assert [chain["filters"][0]["typed_config"]["cluster"] for chain in (named, rest)] == [f"outbound|3306|v1|{DB}", OWN]


def test_shares_become_weighted_clusters() -> None:
    (chain,) = tcp_chains(TcpTargets((("a", 1), ("b", 2))))
    clusters = as_dict(chain)["filters"][0]["typed_config"]["weighted_clusters"]["clusters"]
    assert clusters == [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}]


def test_a_route_without_weight_is_passed_over() -> None:
    nobody = HttpDestination(DB, "v1", weight=0)
    found = targets(TcpRoute((nobody,)), tls=(TcpRoute((nobody,), (TcpMatch(("a.example",)),)),))
    assert found == TcpTargets(((OWN, 1),))
