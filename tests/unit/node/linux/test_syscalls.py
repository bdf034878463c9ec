"""What needs no privilege; the rest is in tests/netns."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hauberk.node.linux import syscalls


def test_a_refused_call_raises_with_its_errno_and_its_name(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(OSError, match=f"mount tmpfs on {missing}") as caught:
        syscalls.mount("tmpfs", missing, "tmpfs")
    assert caught.value.errno in {errno.ENOENT, errno.EPERM}
    with pytest.raises(OSError, match=f"umount {missing}") as caught:
        syscalls.unmount(missing)
    assert caught.value.errno in {errno.ENOENT, errno.EPERM}
    descriptor = os.open("/dev/null", os.O_RDONLY)
    with pytest.raises(OSError, match="setns: Invalid argument"):
        syscalls.setns(descriptor, syscalls.CLONE_NEWNET)
    os.close(descriptor)


def where_we_are() -> tuple[Path, int]:
    """Our network namespace, and how many descriptors are open."""
    return Path("/proc/thread-self/ns/net").readlink(), len(list(Path("/proc/self/fd").iterdir()))


def test_a_namespace_that_is_gone_leaves_us_where_we_are(tmp_path: Path) -> None:
    before = where_we_are()
    with pytest.raises(FileNotFoundError), syscalls.enter_netns(str(tmp_path / "gone")):
        pass
    assert where_we_are() == before


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ("rw,relatime", 1 << 21),
        ("ro,nosuid,nodev,noexec", syscalls.MS_RDONLY | syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC),
        ("rw,noatime,nodiratime", 1024 | 2048),
        ("rw,something-new", 0),
    ],
)
def test_a_remount_repeats_the_flags_of_the_mount(options: str, flags: int) -> None:
    assert syscalls.remount_flags(options) == flags


DROPPED = """
import sys
from hauberk.node.linux import syscalls
try:
    syscalls.drop_privileges()
except PermissionError as error:  # the securebits need CAP_SETPCAP, which only somebody with something to lose has
    print(error)
print({line.split(":")[0]: line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapPrm", "NoNew"))})
"""


def test_dropping_privileges_leaves_none_or_fails_loudly() -> None:
    done = subprocess.run([sys.executable, "-c", DROPPED], capture_output=True, text=True, timeout=60, check=True)
    none = "0" * 16
    *refused, status = done.stdout.splitlines()
    assert status == str({"CapPrm": none, "CapEff": none, "NoNewPrivs": "1"})
    assert refused in ([], ["[Errno 1] prctl PR_SET_SECUREBITS: Operation not permitted"])


SIBLING = """
import os
from hauberk.node.linux import syscalls
reading, writing = os.pipe()
middle = os.fork()
if middle == 0:
    pid = syscalls.clone_to_parent()
    if pid == 0:
        os.write(writing, str(os.getppid()).encode())
        os._exit(3)
    os._exit(0)
os.waitpid(middle, 0)
child, status = os.waitpid(-1, 0)
print(child != middle, os.waitstatus_to_exitcode(status), os.read(reading, 20).decode() == str(os.getpid()))
"""


def test_a_sibling_is_the_child_of_our_own_parent() -> None:
    done = subprocess.run([sys.executable, "-c", SIBLING], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "True 3 True\n"


ORPHAN = """
import os, signal, sys
from hauberk.node.linux import syscalls
reading, writing = os.pipe()
if os.fork() == 0:
    syscalls.set_death_signal(signal.SIGKILL)
    os.write(writing, b"x")
    signal.pause()
os.read(reading, 1)
"""


def test_a_death_signal_ends_the_child_with_its_parent() -> None:
    # The child holds standard output open: run() returns only once it is gone.
    done = subprocess.run([sys.executable, "-c", ORPHAN], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("", "")
