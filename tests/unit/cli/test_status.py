import json
import os
from pathlib import Path

import pytest
import typer
import yaml

from hauberk.cli.options import paths_of
from hauberk.cli.status import status
from hauberk.runtime.instance import InstanceInfo, InstanceLock, make_folders, write_info


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_an_instance_that_is_down_exits_with_1_and_says_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        status("one")
    assert ended.value.exit_code == 1
    assert capsys.readouterr().out == "one: down. Start it: hauberk up --detach --name one\n"


@pytest.fixture
def running() -> InstanceInfo:
    paths = paths_of("one")
    make_folders(paths)
    info = InstanceInfo("one", os.getpid(), 6443, 8080, "2026-11-25T00:00:00+00:00", {"node": 4_194_304})
    write_info(paths, info)
    lock = InstanceLock(paths, "one")
    yield info
    lock.release()


def test_processes_are_listed_with_their_memory(running: InstanceInfo, capsys: pytest.CaptureFixture[str]) -> None:
    status("one", "json")
    facts = json.loads(capsys.readouterr().out)
    assert facts["up"] is True
    assert facts["api"] == f"https://127.0.0.1:{running.api_port}"
    assert facts["routes"] == "http://<route host>:8080/"
    supervisor, node = facts["processes"]
    assert supervisor["resident_kib"] > 0
    assert node == {"name": "node", "pid": 4_194_304, "resident_kib": 0}


def test_yaml_and_the_table_say_the_same(running: InstanceInfo, capsys: pytest.CaptureFixture[str]) -> None:
    status("one", "yaml")
    facts = yaml.safe_load(capsys.readouterr().out)
    status("one")
    table = capsys.readouterr().out
    assert table.startswith(f"one: up since {running.started}\n")
    assert all(str(facts[key]) in table for key in ("api", "routes", "kubeconfig", "logs"))
