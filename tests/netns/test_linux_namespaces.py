"""The node's own namespaces: what is in them, what is left of them, and what is said where they are forbidden."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hauberk.errors import EnvironmentProblem
from hauberk.node.linux.namespaces import check_environment

DEADLINE_MS = 20_000

NODE = """
import asyncio, json, os, signal, sys
from hauberk.node.linux.namespaces import run_in_node_namespaces

def main():
    async def body():
        from hauberk.node.linux.container import start_container
        from hauberk.node.linux.network import NodeNetwork
        from hauberk.node.linux.sandbox import ContainerSpec
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        network = NodeNetwork()
        await network.start()
        pod = await network.create_pod("pod", "10.244.0.10", redirect=True)
        container = await start_container(ContainerSpec(("sleep", "1000"), pod.netns, "pod", env=(("PATH", "/usr/bin:/bin"),)))
        print(json.dumps({"pid": os.getpid(), "parent": os.getppid(), "container": container.pid}), flush=True)
        await stop.wait()
        await network.close()
    asyncio.run(body())
    return 42

sys.exit(run_in_node_namespaces(main))
"""


@pytest.fixture(autouse=True)
def allowed() -> None:
    """Skips where this machine forbids namespaces, and says why."""
    try:
        check_environment()
    except EnvironmentProblem as problem:
        pytest.skip(str(problem))


def children(pid: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def descendants(pid: int) -> list[int]:
    return [found for child in children(pid) for found in (child, *descendants(child))]


def links_and_mounts() -> tuple[object, str]:
    return socket.if_nameindex(), Path("/proc/self/mountinfo").read_text()


def namespaces_of(pid: int) -> set[str]:
    return {os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("net", "mnt", "pid", "ipc", "uts", "user")}


@contextlib.contextmanager
def held(pids: list[int]) -> Iterator[set[str]]:
    """The namespaces of `pids` that are not ours, kept open, or their numbers would be given to others that run beside us."""
    kinds = ("net", "mnt", "pid", "ipc", "uts", "user")
    with contextlib.ExitStack() as stack:
        for pid in pids:
            for kind in kinds:
                stack.enter_context(open(f"/proc/{pid}/ns/{kind}", "rb"))
        yield {name for pid in pids for name in namespaces_of(pid)} - namespaces_of(os.getpid())


def all_namespaces() -> set[str]:
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            found |= namespaces_of(int(pid))
    return found


def start(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextlib.contextmanager
def watching(pids: list[int]) -> Iterator[list[int]]:
    descriptors = [os.pidfd_open(pid) for pid in pids]
    try:
        yield descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def wait_for_end(pidfds: list[int]) -> None:
    poll = select.poll()
    for pidfd in pidfds:
        poll.register(pidfd, select.POLLIN)
    left = set(pidfds)
    while left:
        ended = poll.poll(DEADLINE_MS)
        assert ended, "processes outlive the node"
        for pidfd, _event in ended:
            poll.unregister(pidfd)
            left.discard(pidfd)


@pytest.mark.parametrize("victim", ["stub", "init", "node", "supervisor"])
def test_kill_9_leaves_no_process_namespace_mount_or_link(victim: str) -> None:
    before = links_and_mounts()
    supervise = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {NODE!r}]).returncode)"
    with start([sys.executable, "-c", supervise]) as supervisor:
        assert supervisor.stdout
        assert json.loads(supervisor.stdout.readline()) == {"pid": 2, "parent": 1, "container": pytest.approx(4, abs=3)}
        (stub,) = children(supervisor.pid)
        (init,) = children(stub)
        (node,) = children(init)
        everything = [stub, *descendants(stub)]
        assert len(everything) >= 5  # and a container's init with its program
        with held(everything) as made, watching(everything) as pidfds:
            assert len(made) >= 5
            os.kill({"stub": stub, "init": init, "node": node, "supervisor": supervisor.pid}[victim], signal.SIGKILL)
            wait_for_end(pidfds)
            assert made & all_namespaces() == set()
        if victim != "supervisor":
            assert supervisor.wait() == {"stub": -9 % 256, "init": 137, "node": 137}[victim]
    assert links_and_mounts() == before


def test_sigterm_at_the_stub_ends_the_node_in_order() -> None:
    with start([sys.executable, "-c", NODE]) as stub:
        assert stub.stdout
        stub.stdout.readline()
        stub.send_signal(signal.SIGTERM)
        assert stub.wait(DEADLINE_MS / 1000) == 42


INSIDE = """
import json, os, sys
from pathlib import Path
from hauberk.node.linux.namespaces import run_in_node_namespaces

kept, reading, writing = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def main():
    if os.fork() == 0:
        if os.fork() == 0:
            os.read(reading, 1)  # lives on as an orphan until told
        os._exit(0)
    os.wait()
    orphan = max(int(pid) for pid in os.listdir("/proc") if pid.isdigit())
    parent = Path(f"/proc/{orphan}/stat").read_text().split()[3]
    os.write(writing, b"x")
    while Path(f"/proc/{orphan}").exists():
        os.sched_yield()
    print(json.dumps({
        "uid": os.getuid(), "pids": sorted(pid for pid in os.listdir("/proc") if pid.isdigit()), "orphan's parent": parent,
        "run": sorted(os.listdir("/run")), "mode": oct(os.stat("/run/hauberk").st_mode), "links": os.listdir("/proc/sys/net/ipv4/conf"),
        "kept": [str(path) for path in kept.iterdir()] if kept.is_relative_to("/run") else None,
    }))
    raise SystemExit(7)

sys.exit(run_in_node_namespaces(main, inherit_fds=(reading, writing), keep=(kept,)))
"""


def test_the_node_is_root_of_private_namespaces_and_orphans_are_reaped(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-c", INSIDE, str(tmp_path), str(reading), str(writing)]
    done = subprocess.run(command, pass_fds=(reading, writing), capture_output=True, text=True, timeout=60, check=False)
    os.close(reading)
    os.close(writing)
    assert done.returncode == 7, done.stderr
    assert json.loads(done.stdout) == {
        "uid": 0,
        "pids": ["1", "2"],
        "orphan's parent": "1",
        "run": ["hauberk"],
        "mode": "0o40700",
        "links": ["all", "default", "lo"],
        "kept": None,
    }


KEEP = """
import os, sys
from pathlib import Path
from hauberk.node.linux import syscalls
from hauberk.node.linux.namespaces import run_in_node_namespaces

def outer():
    # In a node of its own, /run can be written even by an ordinary user.
    kept = Path("/run/user/1000/hauberk")
    kept.mkdir(parents=True)
    (kept / "api.sock").touch()
    return run_in_node_namespaces(lambda: print(os.listdir("/run"), os.listdir(kept)) or 0, keep=(kept, Path("/usr")))

sys.exit(run_in_node_namespaces(outer))
"""


def test_kept_folders_stay_visible_below_run_and_nodes_nest() -> None:
    done = subprocess.run([sys.executable, "-c", KEEP], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "['hauberk', 'user'] ['api.sock']\n", "")


FORBIDDEN = """
import os, sys
from pathlib import Path
from hauberk.errors import EnvironmentProblem
from hauberk.node.linux import syscalls
from hauberk.node.linux.namespaces import check_environment, run_in_node_namespaces

uid, gid = os.getuid(), os.getgid()
syscalls.unshare(syscalls.CLONE_NEWUSER)
Path("/proc/self/setgroups").write_text("deny")
Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
Path(f"/proc/sys/user/{sys.argv[1]}").write_text("0")
if sys.argv[2] == "ordinary":
    syscalls.drop_privileges(("CAP_SETFCAP",))
for attempt in (check_environment, lambda: run_in_node_namespaces(lambda: 0)):
    try:
        attempt()
    except EnvironmentProblem as problem:
        print(problem)
"""


@pytest.mark.parametrize(
    ("sysctl", "who", "step"),
    [
        ("max_user_namespaces", "ordinary", "create a user namespace"),
        ("max_net_namespaces", "root", "create network, mount and PID namespaces"),
    ],
)
def test_where_namespaces_are_forbidden_the_message_names_the_setting(sysctl: str, who: str, step: str) -> None:
    done = subprocess.run([sys.executable, "-c", FORBIDDEN, sysctl, who], capture_output=True, text=True, timeout=60, check=False)
    expected = (
        f"Cannot {step} (ENOSPC): sysctl user.{sysctl}=0 forbids it. "
        f"Allow it with `sudo sysctl -w user.{sysctl}=15000`, or start hauberk as root.\n"
    )
    assert done.stdout == expected * 2, done.stderr


POWERLESS = """
from hauberk.errors import EnvironmentProblem
from hauberk.node.linux import syscalls
from hauberk.node.linux.namespaces import check_environment, run_in_node_namespaces

def inside():
    syscalls.drop_privileges()
    try:
        check_environment()
    except EnvironmentProblem as problem:
        print(problem)
    return 0

run_in_node_namespaces(inside)
"""


def test_root_without_capabilities_is_told_which_one_it_needs() -> None:
    done = subprocess.run([sys.executable, "-c", POWERLESS], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == (
        "Cannot map this user to root of its user namespace (EPERM): this root user lacks the capabilities for it. "
        "Start hauberk as an ordinary user, or give it CAP_SYS_ADMIN or CAP_SETFCAP.\n"
    )


MASKED = """
import os
from pathlib import Path
from hauberk.errors import EnvironmentProblem
from hauberk.node.linux import syscalls
from hauberk.node.linux.namespaces import check_environment, run_in_node_namespaces

def inside():
    # As container runtimes do; then what root meets there, who has no CAP_SYS_ADMIN.
    syscalls.mount("tmpfs", "/proc/acpi" if os.path.exists("/proc/acpi") else "/proc/bus", "tmpfs", syscalls.MS_RDONLY)
    syscalls.drop_privileges(("CAP_SETFCAP",))
    try:
        check_environment()
    except EnvironmentProblem as problem:
        print(problem)
    return 0

run_in_node_namespaces(inside)
"""


def test_a_masked_proc_is_named() -> None:
    done = subprocess.run([sys.executable, "-c", MASKED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith("Cannot mount /proc in a PID namespace (EPERM): "), done.stdout + done.stderr
    assert "hides parts of /proc (/proc/" in done.stdout
    assert "--security-opt systempaths=unconfined" in done.stdout
