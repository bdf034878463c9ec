"""Slices joined with pods."""

from dataclasses import replace

from hauberk.model.service import Endpoint, EndpointSlice, SliceAddress
from hauberk.view.endpoints import join_endpoints
from tests.unit.model.builders import make_slice, make_workload

ONE, TWO = make_workload("details-1", address="10.244.0.1"), make_workload("details-2", address="10.244.0.2")
KNOWN = {("bookinfo", workload.name): workload for workload in (ONE, TWO)}
PORTS = {"http": 9080}


def test_endpoints_come_sorted_with_their_workloads() -> None:
    assert join_endpoints([make_slice("details", TWO, ONE)], KNOWN) == (
        Endpoint("10.244.0.1", PORTS, ONE),
        Endpoint("10.244.0.2", PORTS, TWO),
    )


def test_an_address_whose_pod_is_not_known_yet_is_held_back() -> None:
    assert join_endpoints([make_slice("details", ONE, TWO)], {("bookinfo", "details-1"): ONE}) == (Endpoint("10.244.0.1", PORTS, ONE),)


def test_an_address_without_a_pod_is_an_endpoint_without_a_sidecar() -> None:
    piece = EndpointSlice("bookinfo", "x", "details", (SliceAddress("192.0.2.1"),), PORTS)
    assert join_endpoints([piece], KNOWN) == (Endpoint("192.0.2.1", PORTS, None),)


def test_an_address_that_is_not_ready_is_left_out() -> None:
    piece = make_slice("details", ONE)
    unready = replace(piece, addresses=(replace(piece.addresses[0], ready=False),))
    assert join_endpoints([unready], KNOWN) == ()


def test_an_address_in_several_slices_has_the_ports_of_all() -> None:
    pieces = [make_slice("details", ONE), replace(make_slice("details", ONE, ports={"metrics": 9090}), name="details-y")]
    assert join_endpoints(pieces, KNOWN) == (Endpoint("10.244.0.1", {"http": 9080, "metrics": 9090}, ONE),)
