import stat
import sys
from pathlib import Path

import pytest

from hauberk.cli import up as module
from hauberk.cli.options import paths_of
from hauberk.cli.up import start_detached, up
from hauberk.errors import EnvironmentProblem

SUPERVISOR = """#!{python}
import json, os, sys
spec = json.loads(sys.argv[3])
told = os.fdopen(spec["progress_fd"], "w")
for line in {lines!r}:
    told.write(json.dumps(line) + "\\n")
"""


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def supervisor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *lines: dict[str, object]) -> None:
    """A real process in the supervisor's place that tells `lines` on the pipe, and ends."""
    program = tmp_path / "supervisor"
    program.write_text(SUPERVISOR.format(python=sys.executable, lines=lines))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(module.sys, "executable", str(program))


def test_each_process_is_told_when_it_is_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ready = {"stage": "ready", "process": "node", "message": "", "seconds": 1.25}
    supervisor(monkeypatch, tmp_path, ready, ready | {"stage": "up", "process": ""})
    start_detached("one", paths_of("one"))
    assert capsys.readouterr().out == "  node ready after 1.2 s\n"


def test_a_process_that_cannot_start_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    supervisor(monkeypatch, tmp_path, {"stage": "failed", "process": "node", "message": "no veth here", "seconds": 0.1})
    with pytest.raises(EnvironmentProblem, match="no veth here"):
        start_detached("one", paths_of("one"))


def test_a_supervisor_that_ends_without_a_word_is_named_with_its_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    supervisor(monkeypatch, tmp_path)
    with pytest.raises(EnvironmentProblem, match=r"supervisor\.log"):
        start_detached("one", paths_of("one"))


def test_where_namespaces_are_forbidden_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden() -> None:
        raise EnvironmentProblem("Cannot create a user namespace.")

    monkeypatch.setattr("hauberk.node.linux.namespaces.check_environment", forbidden)
    with pytest.raises(EnvironmentProblem, match="Cannot create a user namespace"):
        up("one", detach=True)
    assert not paths_of("one").state.exists()
