import os
import signal
import sys
from pathlib import Path

import pytest

from hauberk.cli.down import down, stop_instance
from hauberk.cli.options import paths_of
from hauberk.runtime.instance import make_folders

HOLDER = """
import os, sys
from hauberk.runtime.instance import InstanceInfo, InstanceLock, make_folders, write_info
from hauberk.cli.options import paths_of
paths = paths_of("one")
make_folders(paths)
lock = InstanceLock(paths, "one")
write_info(paths, InstanceInfo("one", os.getpid(), 1, 2, "now"))
print("up", flush=True)
import signal
signal.pause()
"""


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def hold_instance() -> int:
    """A real process that holds the lock as a supervisor does; answers its pid once it does."""
    reader, writer = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, writer, 1)]
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", HOLDER], os.environ, file_actions=actions)
    os.close(writer)
    with os.fdopen(reader) as output:
        assert output.readline() == "up\n"
    return pid


def test_down_ends_the_supervisor_and_keeps_the_objects() -> None:
    pid = hold_instance()
    assert stop_instance(paths_of("one")) is True
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
    assert paths_of("one").state.exists()


def test_down_of_an_instance_that_is_not_up_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    down("one")
    assert capsys.readouterr().out == "The instance 'one' was not up.\n"


def test_purge_removes_what_was_kept() -> None:
    make_folders(paths_of("one"))
    assert stop_instance(paths_of("one"), purge_state=True) is False
    assert not paths_of("one").state.exists()
