import asyncio
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hauberk.agent.ca_client import MeshAddress
from hauberk.agent.workload import PublishedTrust
from hauberk.client.http import ApiClient
from hauberk.errors import ConfigError
from hauberk.model.identity import TrustDomain
from hauberk.runtime.agent_ports import ApiAgentPorts, envoy_binary, mesh_address
from hauberk.settings import InstancePaths

PATHS = InstancePaths(Path("/s"), Path("/r"))
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "books", "uid": "u1", "annotations": {"hauberk.io/mesh": "istio-system/basic"}},
    "spec": {
        "serviceAccountName": "reader",
        "containers": [
            {"name": "app", "image": "hauberk/echo"},
            {"name": "istio-proxy", "image": "x", "args": ["proxy", "sidecar"], "env": [{"name": "TRUST_DOMAIN", "value": "example.org"}]},
        ],
    },
    "status": {"phase": "Pending", "podIP": "10.244.0.9"},
}


def client_of(*routes: Route) -> ApiClient:
    """A client of an API that is a few routes."""
    return ApiClient(httpx2.AsyncClient(transport=httpx2.ASGITransport(app=Starlette(routes=list(routes))), base_url="http://api"))


def test_the_mesh_is_what_injection_wrote_with_the_sidecars_trust_domain() -> None:
    expected = MeshAddress("istio-system", "basic", TrustDomain("example.org"), PATHS.mesh_run("istio-system", "basic"))
    assert mesh_address(POD, PATHS) == expected


@pytest.mark.parametrize("annotation", ["", "basic", "/basic", "istio-system/"])
def test_a_pod_without_a_usable_annotation_is_named(annotation: str) -> None:
    pod = POD | {"metadata": POD["metadata"] | {"annotations": {"hauberk.io/mesh": annotation}}}
    with pytest.raises(ConfigError, match=r"Pod books/p: annotation hauberk\.io/mesh"):
        mesh_address(pod, PATHS)


def test_the_token_is_bound_to_the_pod_and_for_the_ca_alone() -> None:
    asked: list[Any] = []

    async def answer(request: Request) -> JSONResponse:
        asked.append((request.url.path, orjson.loads(await request.body())["spec"]))
        return JSONResponse({"status": {"token": "t"}}, 201)

    client = client_of(Route("/{path:path}", answer, methods=["POST"]))
    assert asyncio.run(ApiAgentPorts(client, PATHS).token(POD)) == "t"
    bound = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u1"}
    expected = {"audiences": ["istio-ca"], "expirationSeconds": 600, "boundObjectRef": bound}
    assert asked == [("/api/v1/namespaces/books/serviceaccounts/reader/token", expected)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"metadata": {}, "data": {"root-cert.pem": "PEM"}}, PublishedTrust("PEM")),
        (
            {"metadata": {"annotations": {"hauberk.io/ca-issuer": "ab"}}, "data": {"root-cert.pem": "PEM", "ca-crl.pem": "CRL"}},
            PublishedTrust("PEM", "CRL", "ab"),
        ),
        ({"data": {}}, None),
        (None, None),
    ],
    ids=["roots", "roots, lists and issuer", "no roots", "no ConfigMap"],
)
def test_trust_is_the_namespaces_config_map_or_not_there_yet(answer: Any, expected: PublishedTrust | None) -> None:
    async def reply(_request: Request) -> JSONResponse:
        status = {"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"}
        return JSONResponse(status, 404) if answer is None else JSONResponse(answer)

    client = client_of(Route("/api/v1/namespaces/books/configmaps/istio-ca-root-cert", reply))
    assert asyncio.run(ApiAgentPorts(client, PATHS).trust("books")) == expected


@pytest.mark.parametrize(("role", "kind"), [("sidecar", "sidecar"), ("router", "router")])
def test_the_bootstrap_names_the_pod_and_whether_it_is_a_gateway(role: str, kind: str) -> None:
    containers = [POD["spec"]["containers"][1] | {"args": ["proxy", role]}]
    pod = POD | {"spec": POD["spec"] | {"containers": containers}}
    bootstrap = orjson.loads(asyncio.run(ApiAgentPorts(client_of(), PATHS).bootstrap(pod)))
    assert bootstrap["node"]["id"] == f"{kind}~10.244.0.9~p.books~books.svc.cluster.local"


def test_a_pod_without_an_address_has_no_bootstrap_yet() -> None:
    with pytest.raises(ConfigError, match="has no address yet"):
        asyncio.run(ApiAgentPorts(client_of(), PATHS).bootstrap(POD | {"status": {"phase": "Pending"}}))


def test_envoy_is_found_by_the_wheels_own_list_of_files() -> None:
    binary = envoy_binary()
    assert binary.name == "envoy"
    assert binary.stat().st_mode & 0o100


def test_a_warning_is_an_event_about_the_sidecar() -> None:
    written: list[Any] = []

    async def answer(request: Request) -> JSONResponse:
        written.append((request.url.path, orjson.loads(await request.body())))
        return JSONResponse(written[0][1], 201)

    client = client_of(Route("/{path:path}", answer, methods=["POST"]))
    asyncio.run(ApiAgentPorts(client, PATHS).warn(POD, "CertificateNearsEnd", "soon"))
    ((path, event),) = written
    assert path == "/api/v1/namespaces/books/events"
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "CertificateNearsEnd", "soon")
    assert (event["involvedObject"]["uid"], event["involvedObject"]["fieldPath"]) == ("u1", "spec.containers{istio-proxy}")
