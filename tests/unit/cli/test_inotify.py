"""How close a user is to the limit of inotify instances: by a procfs of the test's own, and by the real one."""

import ctypes
import os
from pathlib import Path

import pytest

from hauberk.cli.inotify import InotifyUse


def proc_with(folder: Path, limit: str, *links: tuple[str, ...]) -> Path:
    sysctl = folder / "sys" / "fs" / "inotify" / "max_user_instances"
    sysctl.parent.mkdir(parents=True)
    sysctl.write_text(limit)
    for pid, targets in enumerate(links, start=1):
        (folder / str(pid) / "fd").mkdir(parents=True)
        for number, target in enumerate(targets):
            (folder / str(pid) / "fd" / str(number)).symlink_to(target)
    (folder / "99").mkdir()  # of another user, or gone
    return folder


def test_instances_of_all_processes_are_counted(tmp_path: Path) -> None:
    proc = proc_with(
        tmp_path, "128\n", ("anon_inode:inotify", "/dev/null", "anon_inode:inotify"), ("anon_inode:[eventfd]", "anon_inode:inotify")
    )
    assert InotifyUse.of(proc) == InotifyUse(3, 128)


def test_where_the_kernel_says_no_limit_nothing_is_said(tmp_path: Path) -> None:
    use = InotifyUse.of(tmp_path)
    assert (use, use.warning) == (InotifyUse(0, 0), "")


@pytest.mark.parametrize(("used", "close"), [(0, False), (102, False), (103, True), (200, True)])
def test_it_is_said_from_four_fifths_of_the_limit_on(used: int, close: bool) -> None:
    assert bool(InotifyUse(used, 128).warning) is close


def test_the_warning_says_what_to_do() -> None:
    assert "sudo sysctl -w fs.inotify.max_user_instances=1024 allows more." in InotifyUse(128, 128).warning
    assert "max_user_instances=8192" in InotifyUse(2000, 2048).warning


def test_a_real_instance_counts() -> None:
    descriptor = ctypes.CDLL(None).inotify_init()
    if descriptor < 0:
        pytest.skip("this machine has no inotify instance left")
    try:
        assert InotifyUse.of().used >= 1
        assert InotifyUse.of().limit > 0
    finally:
        os.close(descriptor)
