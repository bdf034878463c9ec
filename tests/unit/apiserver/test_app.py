from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from hauberk.apiserver.request import User
from hauberk.client.http import ApiStatusError
from hauberk.k8s import core
from tests.unit.apiserver.builders import make_config_map, make_pod, make_service
from tests.unit.apiserver.servers import Running, run_server

POD = "/api/v1/namespaces/default/pods/p"
V5 = Subprotocol("v5.channel.k8s.io")
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


async def _debug(_request: Request) -> Response:
    return PlainTextResponse("inside")


def test_nobody_gets_in_without_proof(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.without_certificate() as client:
            for path in ("/version", "/healthz", "/nope", "/api", CONFIG_MAPS):
                answer = await client.get(path)
                assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized"), path

    run_server(tmp_path, story)


def test_a_token_is_proof_enough(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.without_certificate() as client:
            answer = await client.get("/version", headers={"authorization": "Bearer s3cret"})
            assert (answer.status_code, answer.json()["major"]) == (200, "1")
            refused = await client.get(CONFIG_MAPS, headers={"authorization": "Bearer s3cret"})
            expected = 'configmaps is forbidden: User "tool" cannot list resource "configmaps" in API group "" in the namespace "default"'
            assert (refused.status_code, refused.json()["message"]) == (403, expected)

    run_server(tmp_path, story, static_tokens={"s3cret": User("tool", ("system:authenticated",))})


def test_each_certificate_is_its_user(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        for user, name in (("admin", "admin"), ("control_plane", "system:hauberk:control-plane"), ("node", "system:node:local")):
            async with running.client(user) as client:
                answer = await client.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body={})
                assert answer["status"]["userInfo"]["username"] == name

    run_server(tmp_path, story)


def test_debug_routes_are_for_masters_and_the_control_plane(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        codes = {}
        for user in ("admin", "control_plane", "node"):
            async with running.client(user) as client:
                codes[user] = (await client.http.get("/debug/x")).status_code
        assert codes == {"admin": 200, "control_plane": 200, "node": 403}
        async with running.without_certificate() as client:
            assert (await client.get("/debug/x")).status_code == 401

    run_server(tmp_path, story, debug_routes=[Route("/debug/x", _debug)])


@pytest.mark.parametrize(
    ("path", "code", "content_type", "body"),
    [
        ("/nope", 404, "text/plain; charset=utf-8", "404 page not found\n"),
        ("/apis/nope.example.com/v1", 404, "text/plain; charset=utf-8", "404 page not found\n"),
        ("/apis/security.istio.io/v1/namespaces/default/nopes", 404, "text/plain; charset=utf-8", "404 page not found\n"),
        (
            "/api/v1/namespaces/default/nopes",
            404,
            "application/json",
            '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
            '"message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}\n',
        ),
        ("/healthz", 200, "text/plain; charset=utf-8", "ok"),
    ],
)
def test_paths_that_are_not_there_answer_as_upstream(tmp_path: Path, path: str, code: int, content_type: str, body: str) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            answer = await client.http.get(path)
            assert (answer.status_code, answer.headers["content-type"], answer.text) == (code, content_type, body)

    run_server(tmp_path, story)


def test_a_body_that_is_too_large_is_refused_when_it_was_sent(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            with pytest.raises(ApiStatusError) as caught:
                await client.create(core.CONFIG_MAP, make_config_map() | {"data": {"a": "x" * 3_200_000}})
            assert (caught.value.code, str(caught.value)) == (413, "Request entity too large: limit is 3145728")

    run_server(tmp_path, story)


def test_warnings_are_headers(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            answer = await client.http.get("/api/v1/namespaces/default/endpoints")
            assert answer.headers["warning"] == '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
            service: dict[str, Any] = make_service(nope='say "ä"')
            created = await client.http.post("/api/v1/namespaces/default/services?fieldValidation=Warn", json=service)
            assert (created.status_code, created.headers["warning"]) == (201, '299 - "unknown field \\"spec.nope\\""')

    run_server(tmp_path, story)


def test_tables_come_to_those_who_ask(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            headers = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
            table = (await client.http.get("/api/v1/namespaces", headers=headers)).json()
            assert table["rows"][0]["cells"][:2] == ["default", "Active"]
            assert (await client.http.get("/api/v1/namespaces", headers={"accept": "text/html"})).status_code == 406

    run_server(tmp_path, story)


def test_a_watch_streams_while_others_write(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            seen = []
            revision = (await client.list(core.CONFIG_MAP, "default")).resource_version
            await client.create(core.CONFIG_MAP, make_config_map("a"))
            async for event in client.watch(core.CONFIG_MAP, "default", resource_version=revision):
                seen.append((event.type, event.object["metadata"]["name"]))
                if len(seen) == 1:
                    await client.create(core.CONFIG_MAP, make_config_map("b"))
                elif len(seen) == 2:
                    await client.delete(core.CONFIG_MAP, "a", "default")
                else:
                    break
            assert seen == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]

    run_server(tmp_path, story)


def test_exec_without_a_websocket_says_what_is_needed_or_why_the_websocket_was_refused(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            await client.create(core.POD, make_pod(nodeName="local"))
            with pytest.raises(ApiStatusError) as caught:
                await client.request("POST", f"{POD}/exec", params={"command": "ls"})
            assert (caught.value.code, str(caught.value)[:30]) == (400, "exec needs a WebSocket upgrade")
            with pytest.raises(InvalidStatus):
                async with connect(f"wss://localhost:{running.port}{POD}/exec?command=ls", ssl=running.tls(), subprotocols=[V5]):
                    pass
            with pytest.raises(ApiStatusError, match="the node does not answer"):
                await client.request("POST", f"{POD}/exec", params={"command": "ls"})

    run_server(tmp_path, story)


def test_a_service_without_endpoints_cannot_be_proxied(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            await client.create(core.SERVICE, make_service())
            with pytest.raises(ApiStatusError) as caught:
                await client.request("GET", "/api/v1/namespaces/default/services/s:80/proxy/")
            assert (caught.value.code, str(caught.value)) == (503, 'no endpoints available for service "s"')

    run_server(tmp_path, story)


def test_kubectl_learns_which_custom_resources_there_are(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            answer = await client.request("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
            assert "gateways.networking.istio.io" in [item["metadata"]["name"] for item in answer["items"]]

    run_server(tmp_path, story)
