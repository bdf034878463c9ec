"""Which VirtualService counts for requests, and which for connections."""

import pytest

from hauberk.model.routing import HttpDestination, HttpRoute, TcpRoute, VirtualService
from hauberk.policy.virtual_services import choose_virtual_service, routes_connections, routes_requests

HOST = "db.bookinfo.svc.cluster.local"
TO = (HttpDestination(HOST),)
HTTP, TCP = (HttpRoute(TO),), (TcpRoute(TO),)
REQUESTS = VirtualService("bookinfo", "requests", (HOST,), http=HTTP)
CONNECTIONS = VirtualService("bookinfo", "connections", (HOST,), tcp=TCP, export_to=(".",))
BY_NAME = VirtualService("bookinfo", "by-name", (HOST,), tls=TCP)
WIDE = VirtualService("bookinfo", "wide", ("*.bookinfo.svc.cluster.local",), http=HTTP)
AT_GATEWAY = VirtualService("bookinfo", "at-gateway", (HOST,), ("bookinfo/gw",), http=HTTP)


@pytest.mark.parametrize(
    ("rules", "viewer", "chosen"),
    [
        ([], "bookinfo", None),
        ([CONNECTIONS, REQUESTS], "bookinfo", REQUESTS),
        ([WIDE, REQUESTS], "bookinfo", REQUESTS),
        ([WIDE], "bookinfo", WIDE),
        ([REQUESTS, VirtualService("bookinfo", "younger", (HOST,), http=HTTP)], "bookinfo", REQUESTS),
        ([AT_GATEWAY], "bookinfo", None),
        ([VirtualService("bookinfo", "private", (HOST,), http=HTTP, export_to=(".",)), WIDE], "other", WIDE),
    ],
)
def test_requests_follow_the_one_that_names_the_host_best_and_of_equals_the_oldest(
    rules: list[VirtualService], viewer: str, chosen: VirtualService | None
) -> None:
    assert choose_virtual_service(rules, HOST, viewer=viewer, routes=routes_requests) == chosen


def test_connections_follow_one_that_routes_connections_and_that_the_client_sees() -> None:
    def chosen(viewer: str) -> VirtualService | None:
        return choose_virtual_service([REQUESTS, CONNECTIONS, BY_NAME], HOST, viewer=viewer, routes=routes_connections)

    assert (chosen("bookinfo"), chosen("other")) == (CONNECTIONS, BY_NAME)
