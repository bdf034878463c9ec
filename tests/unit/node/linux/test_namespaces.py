"""What is read and decided; the namespaces themselves are made in tests/netns."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hauberk.node.linux import namespaces
from hauberk.node.linux.environment import Facts
from hauberk.node.linux.namespaces import has_sys_admin, read_facts

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
90 22 0:50 / /proc/sys/fs/binfmt_misc rw,relatime - autofs systemd-1 rw
91 22 0:51 / /proc/acpi ro,relatime - tmpfs tmpfs ro
92 22 0:5 /null /proc/kcore rw,nosuid - devtmpfs udev rw
93 27 0:52 / /processes rw - tmpfs tmpfs rw
"""


def status(effective: int) -> str:
    return f"Name:\tpython\nCapPrm:\t{0:016x}\nCapEff:\t{effective:016x}\nCapBnd:\t{0:016x}\n"


@pytest.mark.parametrize(
    ("uid", "effective", "expected"),
    [(0, 1 << 21, True), (0, (1 << 41) - 1, True), (0, 0, False), (0, 1 << 12, False), (1000, 1 << 21, False), (1000, 0, False)],
)
def test_only_root_with_cap_sys_admin_goes_without_a_user_namespace(uid: int, effective: int, expected: bool) -> None:
    assert has_sys_admin(status(effective), uid=uid) is expected


def test_a_status_without_capabilities_has_none() -> None:
    assert not has_sys_admin("Name:\tpython\n", uid=0)


def test_what_hides_parts_of_proc_is_found_but_not_binfmt_misc() -> None:
    assert namespaces._masked_proc(MOUNTS) == ["/proc/acpi", "/proc/kcore"]


def test_facts_are_of_this_machine() -> None:
    facts = read_facts()
    assert isinstance(facts, Facts)
    assert facts.uid == os.geteuid()
    limit = Path("/proc/sys/user/max_user_namespaces")
    if limit.exists():
        assert facts.sysctls["user.max_user_namespaces"] == limit.read_text().strip()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return 7", 7),
        ("raise SystemExit(9)", 9),
        ("raise SystemExit('said')", 1),
        ("raise SystemExit", 0),
        ("raise ValueError('boom')", 1),
        ("raise KeyboardInterrupt", 1),
    ],
)
def test_the_node_ends_with_the_status_of_its_main(body: str, expected: int, run_python: RunPython) -> None:
    program = f"from hauberk.node.linux.namespaces import _exit_with\ndef main():\n    {body}\n_exit_with(main)"
    done = run_python(program)
    assert done.returncode == expected
    if "boom" in body:
        assert done.stderr.endswith("ValueError: boom\n")
