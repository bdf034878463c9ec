"""Starts one program in a sandbox: the small process between the node and a container, which runs in a bare interpreter.

    node ── launcher: joins the pod's network, leaves the node's mounts and PIDs
     └───── sibling of the launcher (so the node waits for it itself), PID 1 of the container:
            builds the root, drops every privilege, becomes the program or (init) reaps for it

Standard library only, and few of its modules: it must start in milliseconds. Told by a JSON object (`sandbox.render_spec`,
`sandbox.render_exec`) in one descriptor; answers in another (a stream socket), a JSON object a line: `{"pid": n}` as the node
numbers it, `{"terminal": true}` together with the terminal's descriptor, `{"error": text, "status": n}`. The end of that
stream without an error means that the program was executed.
"""

import json
import os
import signal
import sys
from typing import Any, Final, NoReturn

from hauberk.node.linux import syscalls
from hauberk.node.linux.reaper import fork_and_reap

__all__ = ["main"]

_SETUP_FAILED: Final = 128
_CANNOT_EXECUTE: Final = 126
_NO_SUCH_FILE: Final = 127
"""As shells and container runtimes have them."""

_DEVICES: Final = ("null", "zero", "full", "random", "urandom", "tty")
_PROC_READONLY: Final = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi")
_PROC_HIDDEN: Final = ("kcore", "keys", "timer_list", "latency_stats", "sched_debug", "kallsyms")
"""uid 0 without capabilities still owns files of /proc that change or show the machine, so they are covered, as container runtimes do."""


class _LaunchError(Exception):
    """Why the program was not started; args are the text and the exit status that stands for it."""

    def __init__(self, text: str, status: int = _SETUP_FAILED) -> None:
        super().__init__(text, status)
        self.text = text
        self.status = status


def main(spec_fd: int, report_fd: int) -> NoReturn:
    """Read the specification and start the program; this process ends as soon as the program's first process is made."""
    os.set_inheritable(report_fd, False)
    try:
        with open(spec_fd, "rb") as source:
            spec = json.load(source)
        _join(spec) if "join_pid" in spec else _leave(spec)
        pid = syscalls.clone_to_parent()
        if pid:
            _report(report_fd, {"pid": pid})
            os._exit(0)
        _become_program(spec, report_fd)
    except _LaunchError as error:
        _report(report_fd, {"error": error.text, "status": error.status})
    except Exception as error:
        _report(report_fd, {"error": f"{type(error).__name__}: {error}", "status": _SETUP_FAILED})
    os._exit(_SETUP_FAILED)


def _report(fd: int, message: dict[str, Any]) -> None:
    os.write(fd, json.dumps(message).encode() + b"\n")


def _join(spec: dict[str, Any]) -> None:
    """Into the namespaces of a running container, by its PID 1; the mount namespace last, since /proc is another one there."""
    kinds = {
        "net": syscalls.CLONE_NEWNET,
        "ipc": syscalls.CLONE_NEWIPC,
        "uts": syscalls.CLONE_NEWUTS,
        "pid": syscalls.CLONE_NEWPID,
        "mnt": syscalls.CLONE_NEWNS,
    }
    try:
        descriptors = {kind: os.open(f"/proc/{spec['join_pid']}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in kinds}
    except FileNotFoundError:
        raise _LaunchError("the container is not running any more") from None
    for kind, flag in kinds.items():
        syscalls.setns(descriptors[kind], flag)
        os.close(descriptors[kind])


def _leave(spec: dict[str, Any]) -> None:
    """Into the pod's network namespace, and out of the node's mounts, PIDs, IPC and host name."""
    try:
        netns = os.open(spec["netns"], os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _LaunchError(f"the pod's network namespace {spec['netns']} is gone") from None
    syscalls.setns(netns, syscalls.CLONE_NEWNET)
    os.close(netns)
    syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS)
    syscalls.make_private()


def _become_program(spec: dict[str, Any], report_fd: int) -> NoReturn:
    os.umask(0o022)
    if "join_pid" not in spec:
        _build_root(spec)
        syscalls.pivot_to(spec["root"])
        syscalls.set_hostname(spec["hostname"])
    if spec["tty"]:
        _take_terminal(report_fd)
    else:
        os.setsid()
    syscalls.drop_privileges(tuple(spec["capabilities"]))

    def program() -> NoReturn:
        _execute(spec, report_fd)

    if spec.get("init"):
        fork_and_reap(program, release=lambda: os.close(report_fd))
    program()


def _take_terminal(report_fd: int) -> None:
    """A terminal of the container's own /dev/pts as controlling terminal and standard streams; its other end goes to the node."""
    import _socket  # noqa: PLC0415 - only terminals need it; the socket module proper takes 5 ms

    master, slave = os.openpty()
    rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, master.to_bytes(4, sys.byteorder))
    connection = _socket.socket(fileno=report_fd)
    connection.sendmsg([b'{"terminal": true}\n'], [rights])
    connection.detach()
    os.close(master)
    os.login_tty(slave)  # setsid, TIOCSCTTY, dup2


def _execute(spec: dict[str, Any], report_fd: int) -> NoReturn:
    argv, environment = spec["argv"], dict(spec["env"])
    # Python ignores these, and ignored signals stay so over exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    status = _CANNOT_EXECUTE
    try:
        os.chdir(spec["cwd"])
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - no shell
    except FileNotFoundError:
        status = _NO_SUCH_FILE
        text = f"exec: no such file: {argv[0]}"
        if not os.path.isdir(spec["cwd"]):
            text = f"exec: no such working directory: {spec['cwd']}"
        elif "/" not in argv[0]:
            text += f" (looked in {environment.get('PATH', os.defpath)})"
    except OSError as error:
        text = f"exec: cannot execute {argv[0]}: {error.strerror}"
    _report(report_fd, {"error": text, "status": status})
    os._exit(status)


# -- The root folder --------------------------------------------------------------------------------------------------
def _build_root(spec: dict[str, Any]) -> None:
    root = spec["root"]
    os.makedirs(root, 0o700, exist_ok=True)
    syscalls.mount("tmpfs", root, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, options="mode=0755")
    for folder, mode in (("tmp", 0o1777), ("var/tmp", 0o1777), ("run", 0o755), ("root", 0o700), ("etc", 0o755)):
        os.makedirs(f"{root}/{folder}", exist_ok=True)
        os.chmod(f"{root}/{folder}", mode)
    # Relative: an absolute link would lead to the node's own /run while the root is being built.
    os.symlink("../run", f"{root}/var/run")
    for path in spec["system"]:
        _show(root, path)
    _mount_proc(root)
    _make_dev(root)
    for bind in spec["binds"]:
        _bind(bind["source"], root + bind["target"], readonly=bind["readonly"])
    for path, text in spec["files"]:
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        with open(root + path, "w", encoding="utf-8") as file:
            file.write(text)
    if not os.path.isdir(root + spec["cwd"]):
        os.makedirs(root + spec["cwd"])


def _show(root: str, path: str) -> None:
    """The machine's own `path` where it has one: a link as the same link, anything else bound read-only."""
    if os.path.islink(path):
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        os.symlink(os.readlink(path), root + path)
    elif os.path.exists(path):
        _bind(path, root + path, readonly=True)


def _bind(source: str, target: str, *, readonly: bool) -> None:
    try:
        if os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
        elif not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        syscalls.mount(source, target, flags=syscalls.MS_BIND | syscalls.MS_REC)
        syscalls.set_mount_flags(target, syscalls.MS_NOSUID | syscalls.MS_NODEV | (syscalls.MS_RDONLY if readonly else 0))
    except OSError as error:
        raise _LaunchError(f"cannot show {source} to the container: {error.strerror or error}") from error


def _mount_proc(root: str) -> None:
    proc = f"{root}/proc"
    os.mkdir(proc)
    syscalls.mount("proc", proc, "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    for name in _PROC_READONLY:
        path = f"{proc}/{name}"
        if os.path.exists(path):
            syscalls.mount(path, path, flags=syscalls.MS_BIND | syscalls.MS_REC)
            syscalls.set_mount_flags(path, syscalls.MS_RDONLY | syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    for name in _PROC_HIDDEN:
        if os.path.exists(f"{proc}/{name}"):
            syscalls.mount("/dev/null", f"{proc}/{name}", flags=syscalls.MS_BIND)


def _make_dev(root: str) -> None:
    dev = f"{root}/dev"
    os.mkdir(dev)
    for name in _DEVICES:
        # Bound, not made: mknod is not for user namespaces.
        os.close(os.open(f"{dev}/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
        syscalls.mount(f"/dev/{name}", f"{dev}/{name}", flags=syscalls.MS_BIND)
    os.mkdir(f"{dev}/pts")
    syscalls.mount("devpts", f"{dev}/pts", "devpts", syscalls.MS_NOSUID | syscalls.MS_NOEXEC, options="newinstance,ptmxmode=0666,mode=0620")
    os.mkdir(f"{dev}/shm")
    os.chmod(f"{dev}/shm", 0o1777)  # noqa: S103 - as /dev/shm is
    links = {
        "ptmx": "pts/ptmx",
        "fd": "/proc/self/fd",
        "stdin": "/proc/self/fd/0",
        "stdout": "/proc/self/fd/1",
        "stderr": "/proc/self/fd/2",
    }
    for name, target in links.items():
        os.symlink(target, f"{dev}/{name}")
