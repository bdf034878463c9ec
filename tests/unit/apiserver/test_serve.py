import asyncio
import ssl
from pathlib import Path

import httpx2
import pytest
import yaml

from hauberk.apiserver.credentials import CLIENTS, issue_client, make_ca, new_key, pem_key
from hauberk.apiserver.serve import ApiServer, ApiSettings, system_source
from hauberk.errors import EnvironmentProblem
from hauberk.k8s import core
from hauberk.settings import InstancePaths
from tests.unit.apiserver.builders import make_config_map
from tests.unit.apiserver.servers import Running, listener, run_server


def test_the_same_api_is_on_both_sockets(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        async with running.client() as client:
            await client.create(core.CONFIG_MAP, make_config_map())
        async with httpx2.AsyncClient(verify=running.tls(), base_url=f"https://127.0.0.1:{running.port}") as http:
            answer = await http.get("/api/v1/namespaces/default/configmaps/c")
            assert answer.json()["data"] == {"a": "b"}

    run_server(tmp_path, story)


def test_what_was_written_is_there_after_a_restart_on_the_same_port(tmp_path: Path) -> None:
    async def write(running: Running) -> None:
        async with running.client() as client:
            await client.create(core.CONFIG_MAP, make_config_map())

    async def read(running: Running) -> None:
        async with running.client() as client:
            assert (await client.get(core.CONFIG_MAP, "c", "default"))["data"] == {"a": "b"}

    run_server(tmp_path, write)
    run_server(tmp_path, read)


def test_the_kubeconfig_leads_to_the_server(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        config = yaml.safe_load(running.paths.kubeconfig.read_text())
        assert config["clusters"][0]["cluster"]["server"] == f"https://127.0.0.1:{running.port}"
        assert config["current-context"] == "demo"

    run_server(tmp_path, story, name="demo")


def test_a_certificate_of_a_stranger_ends_the_handshake(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        now = system_source().now()
        stranger = make_ca(new_key(), now=now)
        forged = issue_client(stranger, new_key(), CLIENTS[0], now=now)
        (tmp_path / "forged.crt").write_bytes(forged.pem)
        (tmp_path / "forged.key").write_bytes(pem_key(forged.key))
        context = ssl.create_default_context(cafile=str(running.server.credentials.ca))
        context.load_cert_chain(tmp_path / "forged.crt", tmp_path / "forged.key")
        async with httpx2.AsyncClient(verify=context) as http:
            with pytest.raises(httpx2.TransportError):
                await http.get(f"https://127.0.0.1:{running.port}/version")

    run_server(tmp_path, story)


def test_a_second_server_on_the_same_state_is_told(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        with pytest.raises(EnvironmentProblem, match="Another process may be using it"):
            async with ApiServer(ApiSettings(running.paths), listener()):
                pass
        async with running.client() as client:  # the first one is not disturbed
            await client.list(core.NAMESPACE)

    run_server(tmp_path, story)


def test_a_stop_ends_watches_and_closes_both_sockets(tmp_path: Path) -> None:
    async def run() -> None:
        paths, tcp, stop = InstancePaths(state=tmp_path, run=tmp_path / "r"), listener(), asyncio.Event()
        server = ApiServer(ApiSettings(paths), tcp)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            serving = group.create_task(server.run(stop))
            await server.ready.wait()
            async with Running(server, paths, tcp.getsockname()[1]).client() as client:
                seen = []
                async for event in client.watch(core.NAMESPACE, resource_version="0"):
                    seen.append(event.type)
                    stop.set()
                assert seen == ["ADDED"] * 4
            await serving
        assert not paths.api_socket.exists()

    asyncio.run(run())


def test_sockets_of_a_server_that_was_killed_are_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "api.sock").touch()

    async def story(running: Running) -> None:
        assert running.paths.api_socket.stat().st_mode & 0o777 == 0o600
        async with running.client() as client:
            await client.list(core.NAMESPACE)

    run_server(tmp_path, story)


def test_a_folder_that_nobody_can_write_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()

    async def run() -> None:
        async with ApiServer(ApiSettings(InstancePaths(state=tmp_path, run=tmp_path / "r")), listener()):
            pass

    with pytest.raises(EnvironmentProblem, match=r"state\.db"):
        asyncio.run(run())


def test_uids_and_suffixes_do_not_repeat() -> None:
    source = system_source()
    assert len({source.uid() for _ in range(100)}) == 100
    assert all(len(source.suffix()) == 5 and not set(source.suffix()) & set("aeiou013") for _ in range(100))
