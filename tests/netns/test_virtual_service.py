"""VirtualServices on the client's real Envoy."""

import contextlib
import http.client
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hauberk.node.linux.network import NodeNetwork, PodNetwork
from tests.netns.envoy_pod import Authority, call, echo, make_view, running_envoy, scrape, serve_in
from tests.netns.manifests import make_http_service, make_pod

pytestmark = pytest.mark.slow
InNode = Callable[[Callable[[NodeNetwork], object]], None]
CLIENT, SERVER, VIP = "10.244.0.10", "10.244.0.11", "10.96.0.1"


def world(*routes: dict[str, Any]) -> list[dict[str, Any]]:
    """`server` without a sidecar behind one Service, `client` with one, and a VirtualService with `routes`."""
    spec = {"hosts": ["server"], "http": list(routes)}
    rule = {"kind": "VirtualService", "metadata": {"name": "server", "namespace": "bookinfo"}, "spec": spec}
    pods = [make_pod("client", CLIENT), make_pod("server", SERVER, sidecar=False)]
    return [*pods, *make_http_service("server", VIP, {"server": SERVER}), rule]


def ask(client: PodNetwork, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], Any]:
    with call(client, VIP, 80) as raw:
        connection = http.client.HTTPConnection("server")
        connection.sock = raw
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
    with contextlib.suppress(ValueError):
        body = json.loads(body)
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


ROUTE = {"route": [{"destination": {"host": "server"}}]}
ROUTES: list[dict[str, Any]] = [
    {"match": [{"uri": {"exact": "/teapot"}}], "directResponse": {"status": 418, "body": {"string": "short and stout"}}},
    {"match": [{"uri": {"prefix": "/old"}}], "redirect": {"uri": "%PREFIX()%/new", "authority": "other", "redirectCode": 307}},
    {"match": [{"uri": {"prefix": "/fails"}}], "fault": {"abort": {"httpStatus": 555}}, **ROUTE},
    {"match": [{"uri": {"prefix": "/slow"}}], "fault": {"delay": {"fixedDelay": "0.3s"}}, **ROUTE},
    {"match": [{"uri": {"prefix": "/api"}}], "rewrite": {"uri": "/", "authority": "inside"}, **ROUTE},
    {"match": [{"uri": {"prefix": "/v"}}], "rewrite": {"uriRegexRewrite": {"match": "^/v([0-9]+)/(.*)", "rewrite": r"/\2/\1"}}, **ROUTE},
    {"match": [{"headers": {"x-user": {"exact": "jason"}}, "queryParams": {"q": {"regex": "a+"}}}], "directResponse": {"status": 201}},
    {"match": [{"withoutHeaders": {"x-key": {}}, "method": {"exact": "POST"}}], "directResponse": {"status": 202}},
    {"match": [{"sourceLabels": {"app": "other"}}], "directResponse": {"status": 203}},
    {"match": [{"uri": {"prefix": "/mine"}, "sourceLabels": {"app": "client"}}], "directResponse": {"status": 204}},
    {"match": [{"uri": {"prefix": "/cors"}}], "corsPolicy": {"allowOrigins": [{"exact": "http://a"}], "allowMethods": ["GET"]}, **ROUTE},
    {"headers": {"request": {"set": {"x-set": "1"}, "remove": ["x-gone"]}, "response": {"add": {"x-back": "2"}}}, **ROUTE},
]


async def requests(network: NodeNetwork) -> None:
    authority = Authority()
    client = await network.create_pod("client", CLIENT, redirect=True)
    server = await network.create_pod("server", SERVER, redirect=False)
    serve_in(server, 80, echo)
    view = make_view(world(*ROUTES))
    with tempfile.TemporaryDirectory() as root, running_envoy(client, view, ("bookinfo", "client"), authority, Path(root)):
        assert ask(client, "/teapot")[0::2] == (418, b"short and stout")
        status, headers, _ = ask(client, "/old/a")
        assert (status, headers["location"]) == (307, "http://other/new/a")
        assert ask(client, "/fails")[0] == 555
        assert ask(client, "/slow")[0] == 200
        assert "DI" in {labels["response_flags"] for labels, _ in scrape(client, "requests_total")}  # delay injected
        status, _, seen = ask(client, "/api/x")
        assert (status, seen[":path"], seen["host"]) == (200, "/x", "inside")
        assert ask(client, "/v12/books")[2][":path"] == "/books/12"
        assert ask(client, "/?q=aa", x_user="jason")[0] == 201
        assert ask(client, "/?q=b", x_user="jason")[0] == 200
        assert (ask(client, "/", "POST")[0], ask(client, "/", "POST", x_key="1")[0]) == (202, 200)
        assert ask(client, "/mine")[0] == 204
        preflight = {"Origin": "http://a", "Access-Control-Request-Method": "GET"}
        status, headers, _ = ask(client, "/cors", "OPTIONS", **preflight)
        assert (status, headers["access-control-allow-origin"], headers["access-control-allow-methods"]) == (200, "http://a", "GET")
        status, headers, seen = ask(client, "/", x_gone="1")
        assert (status, headers["x-back"], seen["x-set"], "x-gone" in seen) == (200, "2", "1", False)


def test_conditions_and_actions_do_what_they_say(in_node: InNode) -> None:
    in_node(requests)
