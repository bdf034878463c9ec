import asyncio
from pathlib import Path

import httpx2
import pytest
import typer
import yaml

from hauberk.cli.session import describe, open_session, run
from hauberk.client.http import ApiStatusError
from hauberk.errors import NotFoundError
from tests.unit.client.conftest import Answer, ScriptedServer

NOT_FOUND = {"kind": "Status", "code": 404, "reason": "NotFound", "message": 'pods "x" not found'}


def write_kubeconfig(path: Path, server: str = "http://127.0.0.1:1", namespace: str = "books") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    config = {
        "current-context": "c",
        "clusters": [{"name": "k", "cluster": {"server": server}}],
        "contexts": [{"name": "c", "context": {"cluster": "k", "namespace": namespace}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path


async def namespace_of(instance: str | None = None, namespace: str | None = None) -> tuple[str, bool]:
    async with open_session(instance, namespace) as session:
        return session.namespace, session.namespace_given


def test_the_environments_kubeconfig_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_kubeconfig(tmp_path / "config")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'none'}:{path}")
    assert asyncio.run(namespace_of()) == ("books", False)
    assert asyncio.run(namespace_of(namespace="mine")) == ("mine", True)


def test_an_instance_that_is_named_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "config")))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    write_kubeconfig(tmp_path / "hauberk" / "mine" / "kubeconfig", namespace="instance")
    assert asyncio.run(namespace_of("mine")) == ("instance", False)


def test_without_both_the_default_instance_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(NotFoundError, match="hauberk/default/kubeconfig"):
        asyncio.run(namespace_of())


def test_warnings_of_the_api_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    warning = '299 - "spec.trafficPolicy.tls.sni: \\"ISTIO_MUTUAL\\" ignores it"'

    async def story() -> None:
        server = ScriptedServer(lambda _: Answer({}, headers={"Warning": warning}))
        listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        async with open_session(None, None) as session:
            await session.client.request("GET", "/")
        listener.close()

    asyncio.run(story())
    assert capsys.readouterr().err == 'Warning: spec.trafficPolicy.tls.sni: "ISTIO_MUTUAL" ignores it\n'


async def _raise(error: Exception) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (ApiStatusError(NOT_FOUND), ['Error from server (NotFound): pods "x" not found']),
        (httpx2.ConnectError("refused"), ["Unable to connect to the server: refused. Is it up? (hauberk status)"]),
        (httpx2.ReadTimeout(""), ["Unable to connect to the server: ReadTimeout. Is it up? (hauberk status)"]),
        (ExceptionGroup("g", [ApiStatusError(NOT_FOUND)]), ['Error from server (NotFound): pods "x" not found']),
    ],
)
def test_failures_of_requests_are_told_and_leave_with_1(error: Exception, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as raised:
        run(_raise(error))
    assert (raised.value.exit_code, capsys.readouterr().err.splitlines()) == (1, lines)


def test_other_failures_are_not_swallowed() -> None:
    with pytest.raises(LookupError):
        describe(LookupError("a bug"))
    with pytest.raises(LookupError):
        run(_raise(ExceptionGroup("g", [LookupError("a bug")])))


def test_a_commands_own_exit_code_is_kept() -> None:
    async def command() -> int:
        return 7

    with pytest.raises(typer.Exit) as raised:
        run(command())
    assert raised.value.exit_code == 7
