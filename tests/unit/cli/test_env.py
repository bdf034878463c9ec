from pathlib import Path

import pytest

from hauberk.cli.env import env
from hauberk.errors import NotFoundError


def test_env_prints_a_line_for_the_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "with space"))
    kubeconfig = tmp_path / "with space" / "hauberk" / "one" / "kubeconfig"
    kubeconfig.parent.mkdir(parents=True)
    kubeconfig.touch()
    env("one")
    assert capsys.readouterr().out == f"export KUBECONFIG='{kubeconfig}'\n"


def test_env_says_how_to_start_an_instance_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(NotFoundError, match="hauberk up --detach --name one"):
        env("one")
