import os
import socket
import stat
from pathlib import Path

import pytest

from hauberk.errors import ConfigError
from hauberk.runtime.instance import (
    InstanceInfo,
    InstanceLock,
    bind_loopback,
    dump_settings,
    is_running,
    is_up,
    load_settings,
    make_folders,
    purge,
    read_info,
    write_info,
)
from hauberk.settings import InstancePaths, Ports, Settings


@pytest.fixture
def paths(tmp_path: Path) -> InstancePaths:
    made = InstancePaths(state=tmp_path / "state", run=tmp_path / "state" / "run")
    make_folders(made)
    return made


def test_every_folder_is_private_to_the_owner(paths: InstancePaths) -> None:
    folders = [paths.state, paths.pki, paths.logs, paths.pod_logs, paths.run, paths.run / "m"]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_folder_that_was_open_to_others_is_closed(paths: InstancePaths) -> None:
    paths.state.chmod(0o755)
    make_folders(paths)
    assert stat.S_IMODE(paths.state.stat().st_mode) == 0o700


def test_an_instance_is_up_exactly_while_its_lock_is_held(paths: InstancePaths) -> None:
    assert not is_up(paths)
    lock = InstanceLock(paths, "one")
    assert is_up(paths)
    lock.release()
    assert not is_up(paths)


def test_a_second_supervisor_is_told_how_to_go_on(paths: InstancePaths) -> None:
    lock = InstanceLock(paths, "one")
    with pytest.raises(ConfigError, match="hauberk down --name one"):
        InstanceLock(paths, "one")
    lock.release()


def test_what_was_written_about_an_instance_is_read_back(paths: InstancePaths) -> None:
    info = InstanceInfo("one", 4242, 6443, 8080, "2026-11-25T00:00:00+00:00", {"node": 4243})
    assert read_info(paths) is None
    write_info(paths, info)
    assert read_info(paths) == info


def test_a_spoiled_file_reads_as_never_ran(paths: InstancePaths) -> None:
    paths.instance.write_text('{"name": 1')
    assert read_info(paths) is None
    paths.instance.write_text('{"unknown": 1}')
    assert read_info(paths) is None


def test_purge_leaves_nothing(paths: InstancePaths) -> None:
    paths.database.write_text("objects")
    purge(paths)
    assert not paths.state.exists()
    assert not paths.run.exists()


def test_the_first_free_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with bind_loopback((port,)) as listener:
            assert listener.getsockname()[0] == "127.0.0.1"
            assert listener.getsockname()[1] != port


def test_a_port_that_is_not_allowed_is_passed_over() -> None:
    # Port 1 is privileged for users and free for root: both answer a listener on loopback.
    with bind_loopback((1,)) as listener:
        assert (listener.getsockname()[1] == 1) is (os.geteuid() == 0)


def test_settings_survive_the_command_line() -> None:
    settings = Settings("one", InstancePaths(Path("/s p"), Path("/r")), Ports(api=1, http=2))
    assert load_settings(dump_settings(settings)) == settings


def test_a_process_that_only_waits_to_be_reaped_is_not_running() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], os.environ)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{pid}").exists()
    assert not is_running(pid)
    os.waitpid(pid, 0)
    assert not is_running(pid)
    assert is_running(os.getpid())
