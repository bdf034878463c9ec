"""Containers: what they see, what they may, how they end; as the kubelet starts them."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hauberk.node.linux import syscalls
from hauberk.node.linux.container import RunningContainer, StartError, exec_in_container, start_container
from hauberk.node.linux.network import NodeNetwork
from hauberk.node.linux.sandbox import CAP_NET_ADMIN, DEFAULT_PATH, Bind, ContainerSpec, etc_files

InNode = Callable[[Callable[[NodeNetwork], object]], None]
DEADLINE_SECONDS = 20.0


async def make_spec(network: NodeNetwork, argv: Sequence[str], **more: Any) -> ContainerSpec:
    pod = await network.create_pod("pod", "10.244.0.10", redirect=True)
    files = etc_files(hostname="web-0", address=pod.address, nameserver="10.96.0.10", search=["default.svc.cluster.local"])
    return ContainerSpec(argv=tuple(argv), netns=pod.netns, hostname="web-0", env=(("PATH", DEFAULT_PATH),), files=files, **more)


async def run(network: NodeNetwork, argv: Sequence[str], **more: Any) -> tuple[int, str]:
    """Exit status and output (both streams) of a container that ends by itself."""
    try:
        return await output_of(await make_spec(network, argv, **more))
    finally:
        await network.delete_pod("pod")


async def output_of(spec: ContainerSpec) -> tuple[int, str]:
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        container = await start_container(spec, stdout=writing, stderr=writing)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    with open(reading, "rb") as pipe:
        data = await asyncio.wait_for(asyncio.to_thread(pipe.read), DEADLINE_SECONDS)
    return await ended(container), data.decode()


async def ended(container: RunningContainer) -> int:
    return await asyncio.wait_for(container.wait(), DEADLINE_SECONDS)


async def python_says(network: NodeNetwork, program: str, **more: Any) -> Any:
    """What a Python program in a container prints as JSON."""
    status, output = await run(network, [sys.executable, "-c", f"import json, os, socket\n{program}"], **more)
    assert status == 0, output
    return json.loads(output)


STATUS = (
    "print(json.dumps({line.split(':')[0]: line.split()[1] for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNew'))}))"
)
NONE = "0" * 16
MARK = """
s = socket.socket()
try:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 1337)
    print('"marked"')
except OSError as error:
    print(json.dumps(error.errno))
"""


async def without_privileges(network: NodeNetwork) -> None:
    expected = {"CapInh": NONE, "CapPrm": NONE, "CapEff": NONE, "CapBnd": NONE, "CapAmb": NONE, "NoNewPrivs": "1"}
    for init in (True, False):
        assert await python_says(network, STATUS, init=init) == expected
    assert await python_says(network, MARK) == 1  # EPERM
    # A namespace of its own gives it no power over the pod's.
    escape = f"import ctypes\nprint(json.dumps(ctypes.CDLL(None).unshare(0x10000000)))\n{MARK}"
    status, output = await run(network, [sys.executable, "-c", f"import json, socket\n{escape}"])
    assert (status, output.split()[-1]) == (0, "1")


def test_an_application_has_no_capability_and_cannot_mark_its_sockets(in_node: InNode) -> None:
    in_node(without_privileges)


async def sidecar_privileges(network: NodeNetwork) -> None:
    keeps = f"{1 << syscalls.CAPABILITIES[CAP_NET_ADMIN]:016x}"
    said = await python_says(network, STATUS, capabilities=(CAP_NET_ADMIN,), init=False)
    assert said == {"CapInh": keeps, "CapPrm": keeps, "CapEff": keeps, "CapBnd": keeps, "CapAmb": keeps, "NoNewPrivs": "1"}
    assert await python_says(network, MARK, capabilities=(CAP_NET_ADMIN,)) == "marked"


def test_a_sidecar_keeps_one_capability_and_marks_its_sockets(in_node: InNode) -> None:
    in_node(sidecar_privileges)


LOOK = """
def tree(top):
    return sorted(os.listdir(top))
def writable(path):
    try:
        open(path, 'r+b' if os.path.exists(path) else 'wb').close()
        return True
    except OSError:
        return False
print(json.dumps({
    'hidden': [path for path in HIDDEN if os.path.exists(path)],
    'home': [path for path in ('/home', '/mnt', '/srv', '/boot', '/sys', '/run/hauberk', '/run/netns') if os.path.exists(path)],
    'pids': [name for name in os.listdir('/proc') if name.isdigit() and name not in ('1', str(os.getpid()))],
    'writable': [path for path in READ_ONLY if writable(path)],
    'own': [path for path in ('/tmp/x', '/run/x', '/var/run/y', '/dev/shm/x', '/dev/null', '/work/dir/x') if not writable(path)],
    'host': [socket.gethostname(), socket.gethostbyname('localhost'), socket.gethostbyname('web-0')],
    'links': sorted(name for _, name in socket.if_nameindex()),
    'cwd': os.getcwd(), 'env': dict(os.environ), 'umask': os.umask(0),
}))
"""


async def what_it_sees(network: NodeNetwork) -> None:
    secret = Path("/run/hauberk/pods/other/key.pem")
    secret.parent.mkdir(parents=True)
    secret.write_text("secret")
    state = Path.home() / ".local/state/hauberk"
    await network.create_pod("other", "10.244.0.99", redirect=False)
    read_only = ["/usr/x", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/hostname", "/etc/ld.so.cache", sys.prefix + "/x"]
    hidden = [str(secret), str(state), "/etc/shadow", "/etc/ssl/private", "/var/lib", str(Path(__file__))]
    program = f"READ_ONLY = {read_only!r}\nHIDDEN = {hidden!r}\n{LOOK}"
    assert await python_says(network, program, cwd="/work/dir") == {
        "hidden": [],
        "home": [],
        "pids": [],
        "writable": [],
        "own": [],
        "host": ["web-0", "127.0.0.1", "10.244.0.10"],
        "links": ["eth0", "lo"],
        "cwd": "/work/dir",
        "env": {"PATH": DEFAULT_PATH, "LC_CTYPE": "C.UTF-8"},  # the latter is Python's own (PEP 538)
        "umask": 0o022,
    }


def test_a_container_sees_its_own_pod_and_nothing_else_of_the_machine(in_node: InNode) -> None:
    in_node(what_it_sees)


async def binds(network: NodeNetwork) -> None:
    volume, config = Path("/run/hauberk/volume"), Path("/run/hauberk/config")
    volume.mkdir()
    config.write_text("given")
    shown = (
        Bind(str(volume), "/var/run/secrets/volume", readonly=False),
        Bind(str(volume), "/data"),
        Bind(str(config), "/etc/app/config"),
    )
    script = "cat /etc/app/config && echo -n kept > /run/secrets/volume/file && cat /data/file && ! touch /data/x 2>/dev/null"
    assert await run(network, ["sh", "-c", script], binds=shown) == (0, "givenkept")
    assert (volume / "file").read_text() == "kept"


def test_binds_are_shown_read_only_unless_said_otherwise(in_node: InNode) -> None:
    in_node(binds)


async def old_kernel(network: NodeNetwork) -> None:
    # A number that no kernel knows: ENOSYS, as mount_setattr before 5.12. The launcher is another process, so the flags are tried here.
    syscalls._SYS_MOUNT_SETATTR = 999  # type: ignore[misc]
    top = Path("/run/hauberk/top")
    (top / "inner").mkdir(parents=True)
    syscalls.mount("tmpfs", str(top), "tmpfs", syscalls.MS_NOSUID)
    (top / "inner").mkdir()
    syscalls.mount("tmpfs", str(top / "inner"), "tmpfs")
    syscalls.set_mount_flags(str(top), syscalls.MS_RDONLY | syscalls.MS_NODEV)
    flags = {line.split(" ")[4]: line.split(" ")[5] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    assert flags[str(top)] == "ro,nosuid,nodev,relatime"
    assert flags[str(top / "inner")] == "ro,nodev,relatime"


def test_kernels_without_mount_setattr_get_the_same_flags(in_node: InNode) -> None:
    in_node(old_kernel)


async def how_it_ends(network: NodeNetwork) -> None:
    assert await run(network, ["sh", "-c", "exit 3"]) == (3, "")
    assert await run(network, ["sh", "-c", "kill -KILL $$"]) == (137, "")
    assert await run(network, ["sh", "-c", "exit 3"], init=False) == (3, "")
    # An orphan is reaped, and its end does not end the container.
    orphan = "(sleep 0 & echo $! > /tmp/orphan); while [ -e /proc/$(cat /tmp/orphan) ]; do :; done; echo reaped; exit 4"
    assert await run(network, ["sh", "-c", orphan]) == (4, "reaped\n")


def test_the_exit_code_is_the_programs_own(in_node: InNode) -> None:
    in_node(how_it_ends)


TRAP = "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.05; done"


async def signals(network: NodeNetwork) -> None:
    spec = await make_spec(network, ["sh", "-c", TRAP])
    for init in (True, False):
        reading, writing = os.pipe2(os.O_CLOEXEC)
        container = await start_container(replace(spec, init=init), stdout=writing)
        os.close(writing)
        with open(reading, "rb") as pipe:
            assert await asyncio.to_thread(pipe.readline) == b"ready\n"
            container.signal(signal.SIGTERM)
            assert await ended(container) == 9
            assert pipe.read() == b"caught\n"
    # Under init, a program that does not handle SIGTERM ends by it; as PID 1 it would not.
    plain = await start_container(replace(spec, argv=("sleep", "1000")))
    plain.signal(signal.SIGTERM)
    assert {*await asyncio.gather(ended(plain), ended(plain))} == {143}
    plain.signal(signal.SIGTERM)  # nothing to signal, no error


def test_signals_reach_the_program(in_node: InNode) -> None:
    in_node(signals)


async def killed(network: NodeNetwork) -> None:
    reading, writing = os.pipe2(os.O_CLOEXEC)
    script = "sleep 1000 & (setsid sleep 1000 &) ; echo ready; wait"
    container = await start_container(await make_spec(network, ["sh", "-c", script]), stdout=writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert await asyncio.to_thread(pipe.readline) == b"ready\n"
        os.kill(container.pid, signal.SIGKILL)
        # The end of the pipe: everybody who held it is gone.
        assert await asyncio.wait_for(asyncio.to_thread(pipe.read), DEADLINE_SECONDS) == b""
    assert await ended(container) == 137


def test_kill_9_of_its_first_process_ends_everything_in_a_container(in_node: InNode) -> None:
    in_node(killed)


async def refused_starts(network: NodeNetwork) -> None:
    spec = await make_spec(network, ["true"])
    search = DEFAULT_PATH
    wrong = {
        f"exec: no such file: curl-9 (looked in {search})": (replace(spec, argv=("curl-9",)), 127),
        "exec: no such file: /nope/curl": (replace(spec, argv=("/nope/curl",)), 127),
        "exec: cannot execute /etc/passwd: Permission denied": (replace(spec, argv=("/etc/passwd",)), 126),
        "the pod's network namespace /run/netns/nope is gone": (replace(spec, netns="/run/netns/nope"), 128),
        "cannot show /nope to the container: mount bind on /run/hauberk/root/x: No such file or directory": (
            replace(spec, binds=(Bind("/nope", "/x"),)),
            128,
        ),
    }
    for text, (refused, status) in wrong.items():
        for init in (True, False):
            with pytest.raises(StartError) as caught:
                await start_container(replace(refused, init=init))
            assert (str(caught.value), caught.value.status) == (text, status)
    assert [pid for pid in os.listdir("/proc") if pid.isdigit()] == ["1", str(os.getpid())]


def test_a_failed_start_says_why_and_leaves_no_process(in_node: InNode) -> None:
    in_node(refused_starts)


async def executing(network: NodeNetwork) -> None:
    spec = await make_spec(network, ["sleep", "1000"], cwd="/srv/app")
    container = await start_container(spec)
    reading, writing = os.pipe2(os.O_CLOEXEC)
    stdin, feed = os.pipe2(os.O_CLOEXEC)
    script = "grep -E 'CapEff|NoNew' /proc/self/status; cat; pwd; hostname; echo $EXTRA; echo $(ls -d /proc/[0-9]* | wc -l) >&2; exit 5"
    process = await exec_in_container(container, ["sh", "-c", script], env=[("EXTRA", "more")], stdin=stdin, stdout=writing, stderr=writing)
    os.write(feed, b"fed\n")
    for descriptor in (stdin, feed, writing):
        os.close(descriptor)
    with open(reading, "rb") as pipe:
        output = await asyncio.wait_for(asyncio.to_thread(pipe.read), DEADLINE_SECONDS)
    # init, sleep, sh, ls, wc and the subshell of $( ): those of this container only.
    *said, processes = output.decode().splitlines()
    assert said == [f"CapEff:\t{NONE}", "NoNewPrivs:\t1", "fed", "/srv/app", "web-0", "more"]
    assert 4 <= int(processes) <= 6
    assert await ended(process) == 5
    with pytest.raises(StartError, match="no such file: nope"):
        await exec_in_container(container, ["nope"])
    container.signal(signal.SIGKILL)
    assert await ended(container) == 137
    with pytest.raises(StartError, match="not running any more"):
        await exec_in_container(container, ["true"])


def test_exec_runs_in_the_container_with_its_restrictions(in_node: InNode) -> None:
    in_node(executing)


async def terminals(network: NodeNetwork) -> None:
    spec = await make_spec(network, ["sh", "-c", "tty; read line; echo got $line"], tty=True)
    assert await talk(await start_container(spec)) == "hello\r\n/dev/pts/0\r\ngot hello\r\n"
    container = await start_container(replace(spec, argv=("sleep", "1000"), tty=False))
    process = await exec_in_container(container, ["sh", "-c", "tty; read line; echo got $line in $TERM"], tty=True)
    assert await talk(process) == "hello\r\n/dev/pts/0\r\ngot hello in xterm\r\n"


async def talk(process: RunningContainer) -> str:
    """Type a line and read to the end; echo comes first, since nothing is read before the line is typed."""
    assert process.terminal is not None
    os.write(process.terminal, b"hello\n")
    assert await ended(process) == 0
    data = b""
    with contextlib.suppress(OSError):  # EIO: nobody holds the other end any more
        while part := os.read(process.terminal, 1000):
            data += part
    os.close(process.terminal)
    return "hello\r\n" + data.decode().replace("hello\r\n", "", 1)


def test_a_program_gets_a_terminal_of_its_own_container(in_node: InNode) -> None:
    in_node(terminals)


async def cancelled_start(network: NodeNetwork) -> None:
    spec = await make_spec(network, ["sleep", "1000"])
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(start_container(spec))
        await asyncio.sleep(0)
        starting.cancel()
    # The launcher's thread goes on; waiting for the pool is waiting for it.
    await asyncio.get_running_loop().shutdown_default_executor()
    await asyncio.wait_for(no_child_left(), DEADLINE_SECONDS)


async def no_child_left() -> None:
    while True:
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        await asyncio.sleep(0)


def test_a_cancelled_start_leaves_no_container(in_node: InNode) -> None:
    in_node(cancelled_start)
