"""The node's own namespaces: user (unless root), network, mount, PID, IPC and UTS, gone when any of three processes ends.

    supervisor
      └ stub   waits in the host's PID namespace, passes SIGTERM and SIGINT on, ends with the node's status
          └ init   PID 1: reaps orphans, so that the node's own child watching is not disturbed
              └ node   PID 2: `main()`

Killing the stub kills init (parent death signal), killing init makes the kernel kill everything in its PID namespace, and
with the last process go mounts, links and rules: nothing is left on the host, however the node dies.

Started in a fresh process without threads; imports little, since stub and init keep their memory for as long as the node runs.
"""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NoReturn

from hauberk.errors import EnvironmentProblem
from hauberk.node.linux import syscalls
from hauberk.node.linux.environment import Facts, Step, explain_refusal
from hauberk.node.linux.reaper import block_forwarded, reap_until, unblock_all

__all__ = ["NODE_RUN", "check_environment", "run_in_node_namespaces"]

NODE_RUN: Final = "/run/hauberk"
"""Private to the node (tmpfs, 0700): secrets and volumes of pods, the mount point of containers' roots."""

_CAP_SYS_ADMIN: Final = 1 << syscalls.CAPABILITIES["CAP_SYS_ADMIN"]
_NAMESPACES: Final = (
    syscalls.CLONE_NEWNET | syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS
)  # fmt: skip
_SYSCTLS: Final = (
    "user.max_user_namespaces",
    "user.max_net_namespaces",
    "user.max_mnt_namespaces",
    "user.max_pid_namespaces",
    "kernel.unprivileged_userns_clone",
    "kernel.apparmor_restrict_unprivileged_userns",
)


class _RefusedError(Exception):
    """The kernel refused a step; args are the step and the errno."""

    def __init__(self, step: Step, number: int) -> None:
        super().__init__(step, number)
        self.step = step
        self.number = number


def run_in_node_namespaces(main: Callable[[], int], *, inherit_fds: Sequence[int] = (), keep: Sequence[Path] = ()) -> int:
    """Run `main` as root of fresh namespaces, and wait for it.

    Returns: main's exit status, 128+n where a signal ended it; in the stub, which then should exit with it.
    `inherit_fds` are main's alone: closed in stub and init, so that readers see their end. `keep` are existing folders below
    /run that main needs, since a private tmpfs covers /run.
    Raises: EnvironmentProblem - the machine forbids namespaces; says how to allow them.
    """
    parent = os.getppid()
    block_forwarded()
    try:
        _unshare_node()
        syscalls.set_death_signal(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the kernel knew of our wish
        errors, report = os.pipe2(os.O_CLOEXEC)
        alive, _held_by_stub = os.pipe2(os.O_CLOEXEC)
        init = os.fork()
        if init == 0:
            os.close(_held_by_stub)
            _be_init(main, inherit_fds, keep, report=report, stub=alive)
        for fd in (report, alive, *inherit_fds):
            os.close(fd)
        refusal = os.read(errors, 100).decode()
        if refusal:
            step, _, number = refusal.partition(":")
            os.waitpid(init, 0)
            raise _RefusedError(Step[step], int(number))
    except _RefusedError as refused:
        raise EnvironmentProblem(explain_refusal(read_facts(), refused.step, refused.number)) from None
    return reap_until(init)


def check_environment() -> None:
    """Try in a throw-away child what the node will do: namespaces, id maps, a private /proc.

    Raises: EnvironmentProblem - the first thing that is refused, and how to allow it.
    """
    errors, report = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        with _reporting_refusals(report):
            _unshare_node()
            grandchild = os.fork()
            if grandchild == 0:
                with _reporting_refusals(report):
                    _prepare_mounts(())
                os._exit(0)
            os.waitpid(grandchild, 0)
        os._exit(0)
    os.close(report)
    with open(errors, "rb") as pipe:  # noqa: PTH123 - a descriptor
        refusal = pipe.read().decode()
    os.waitpid(child, 0)
    if refusal:
        step, _, number = refusal.partition(":")
        raise EnvironmentProblem(explain_refusal(read_facts(), Step[step], int(number)))


@contextlib.contextmanager
def _step(step: Step) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _RefusedError(step, error.errno or 0) from error


@contextlib.contextmanager
def _reporting_refusals(report: int) -> Iterator[None]:
    """End this process by a line `STEP:errno` in the pipe where a step is refused."""
    try:
        yield
    except _RefusedError as refused:
        os.write(report, f"{refused.step.name}:{refused.number}".encode())
        os._exit(1)


def _unshare_node() -> None:
    uid, gid = os.geteuid(), os.getegid()
    if not has_sys_admin(Path("/proc/self/status").read_text(), uid=uid):
        with _step(Step.UNSHARE_USER):
            syscalls.unshare(syscalls.CLONE_NEWUSER)
        with _step(Step.MAP_IDS):
            # A group map may be written by ourselves only once setgroups is given up (user_namespaces(7)).
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
            Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    with _step(Step.UNSHARE):
        syscalls.unshare(_NAMESPACES)


def has_sys_admin(status: str, *, uid: int) -> bool:
    """Whether /proc/PID/status shows root with CAP_SYS_ADMIN, who needs no user namespace."""
    effective = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    return uid == 0 and bool(int(effective, 16) & _CAP_SYS_ADMIN)


def _prepare_mounts(keep: Sequence[Path]) -> None:
    """Private mounts: nothing spreads to the host, /proc shows our PID namespace, /run is an empty tmpfs but for `keep`."""
    with _step(Step.MOUNT):
        syscalls.make_private()
    with _step(Step.MOUNT_PROC):
        syscalls.mount("proc", "/proc", "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    with _step(Step.MOUNT):
        kept = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in keep if path.is_relative_to("/run")]
        syscalls.mount("tmpfs", "/run", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, options="mode=0755")
        for path, fd in kept:
            path.mkdir(parents=True, exist_ok=True)
            syscalls.mount(f"/proc/self/fd/{fd}", str(path), flags=syscalls.MS_BIND | syscalls.MS_REC)
            os.close(fd)
        Path(NODE_RUN).mkdir(mode=0o700)


def _be_init(main: Callable[[], int], inherit_fds: Sequence[int], keep: Sequence[Path], *, report: int, stub: int) -> NoReturn:
    syscalls.set_death_signal(signal.SIGKILL)
    if select.select([stub], [], [], 0)[0]:
        os._exit(1)  # the stub died before the kernel knew of our wish: its end of the pipe is closed
    # Out of the terminal's process group: a Ctrl-C there reaches the stub only, which passes it on once.
    os.setsid()
    with _reporting_refusals(report):
        _prepare_mounts(keep)
    node = os.fork()
    if node == 0:
        os.close(report)
        os.close(stub)
        unblock_all()
        _exit_with(main)
    for fd in (report, *inherit_fds):
        os.close(fd)
    os._exit(reap_until(node))


def _exit_with(main: Callable[[], int]) -> NoReturn:
    status = 1
    try:
        status = main()
    except SystemExit as leave:
        status = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def read_facts() -> Facts:
    """What decides whether namespaces are allowed here."""
    status = Path("/proc/self/status").read_text()
    return Facts(
        uid=os.geteuid(),
        sysctls={name: value for name in _SYSCTLS if (value := _read(Path("/proc/sys") / name.replace(".", "/"))) is not None},
        container=_container(),
        seccomp="\nSeccomp:\t2" in status,
        masked_proc=tuple(_masked_proc(Path("/proc/self/mountinfo").read_text())),
    )


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _container() -> str:
    if Path("/.dockerenv").exists():
        return "docker"
    if Path("/run/.containerenv").exists():
        return "podman"
    return os.environ.get("container", "")  # set by systemd-nspawn, lxc, podman  # noqa: SIM112


def _masked_proc(mountinfo: str) -> list[str]:
    points = [line.split(" ")[4] for line in mountinfo.splitlines()]
    # binfmt_misc is a mount of its own on most hosts and hides nothing.
    return [point for point in points if point.startswith("/proc/") and not point.startswith("/proc/sys/fs/binfmt_misc")]
