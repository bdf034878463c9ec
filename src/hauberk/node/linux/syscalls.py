"""Linux calls that Python's os module lacks (or has only from 3.12 on), by ctypes.

Standard library only and quick to import: the launcher uses it in a bare interpreter (`-I -S`). Every function raises
OSError with the errno and the call's name. Sources: mount(2), mount_setattr(2), pivot_root(2), capabilities(7), clone(2).
"""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from typing import Final

__all__ = [
    "CAPABILITIES",
    "clone_to_parent",
    "drop_privileges",
    "enter_netns",
    "make_private",
    "mount",
    "pivot_to",
    "set_death_signal",
    "set_hostname",
    "set_mount_flags",
    "setns",
    "unmount",
    "unshare",
]

CLONE_PARENT: Final = 0x8000
CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000

MS_RDONLY: Final = 1
MS_NOSUID: Final = 2
MS_NODEV: Final = 4
MS_NOEXEC: Final = 8
MS_REMOUNT: Final = 32
MS_BIND: Final = 4096
MS_REC: Final = 16384
MS_PRIVATE: Final = 1 << 18
MNT_DETACH: Final = 2

_AT_FDCWD: Final = -100
_AT_RECURSIVE: Final = 0x8000
_MOUNT_ATTR: Final = {MS_RDONLY: 1, MS_NOSUID: 2, MS_NODEV: 4, MS_NOEXEC: 8}

_CAPABILITY_VERSION_3: Final = 0x20080522
_PR_SET_PDEATHSIG: Final = 1
_PR_CAPBSET_DROP: Final = 24
_PR_SET_SECUREBITS: Final = 28
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_SECUREBITS_ALL_LOCKED: Final = 0b11101111
"""NOROOT, NO_SETUID_FIXUP, NO_CAP_AMBIENT_RAISE, each with its lock, and KEEP_CAPS locked off: uid 0 gains nothing by exec."""

CAPABILITIES: Final = {"CAP_NET_BIND_SERVICE": 10, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_SYS_ADMIN": 21, "CAP_SETFCAP": 31}
"""Numbers of those capabilities that a container may keep or that we ask about (linux/capability.h)."""

_SYS_MOUNT_SETATTR: Final = 442
_SYS_PIVOT_ROOT: Final = {"x86_64": 155, "ppc64le": 203}.get(os.uname().machine, 41)
_SYS_CLONE: Final = {"x86_64": 56, "ppc64le": 120}.get(os.uname().machine, 220)
"""Those of the generic table (aarch64, riscv64) where the machine has none of its own."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc_with_gil = ctypes.PyDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` (CLONE_NEW*) for new ones; new PID namespaces are for children only."""
    _check(_libc.unshare(flags), "unshare")


def setns(fd: int, kind: int = 0) -> None:
    """Join the namespace that `fd` refers to; `kind` (CLONE_NEW*) makes sure it is of that kind."""
    _check(_libc.setns(fd, kind), "setns")


@contextlib.contextmanager
def enter_netns(path: str) -> Iterator[None]:
    """Be in the network namespace at `path`, with this thread only, and come back in any case.

    Sockets made inside stay there for ever. No await may happen inside: other tasks would run in the wrong namespace.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            setns(there, CLONE_NEWNET)
        finally:
            os.close(there)
        try:
            yield
        finally:
            setns(home, CLONE_NEWNET)
    finally:
        os.close(home)


def mount(source: str, target: str, kind: str = "", flags: int = 0, *, options: str = "") -> None:
    """Mount something; `flags` are MS_*. The error names the target."""
    result = _libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode() or None)
    _check(result, f"mount {kind or 'bind'} on {target}")


def unmount(target: str) -> None:
    """Detach what is mounted on `target`, also while it is in use."""
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def make_private() -> None:
    """Cut this mount namespace off: mounts made here are not seen outside, nor the other way round."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def set_mount_flags(target: str, flags: int) -> None:
    """Add `flags` (MS_RDONLY, MS_NOSUID, ...) to the mount on `target` and every mount below it.

    Kernels before 5.12 have no mount_setattr (ENOSYS): there each mount is remounted with its own flags and these.
    """
    attributes = _MountAttr(attr_set=sum(attr for flag, attr in _MOUNT_ATTR.items() if flags & flag))
    result = _libc.syscall(
        _SYS_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(target), _AT_RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes)
    )
    if result == 0:
        return
    if ctypes.get_errno() not in {38, 1}:  # ENOSYS; EPERM is what old seccomp filters answer for calls they do not know
        _check(result, f"mount_setattr {target}")
    _remount_each(target, flags)


def _remount_each(target: str, flags: int) -> None:
    top = os.path.realpath(target)
    with open("/proc/thread-self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        fields = [line.split(" ") for line in lines]
    for entry in fields:
        point = entry[4].replace("\\040", " ")
        if point == top or point.startswith(f"{top.rstrip('/')}/"):
            mount("none", point, flags=MS_BIND | MS_REMOUNT | flags | remount_flags(entry[5]))


def remount_flags(options: str) -> int:
    """The flags that a remount must repeat, from mountinfo's per-mount options (`rw,nosuid,relatime`), or the kernel refuses it."""
    known = {
        "ro": MS_RDONLY,
        "nosuid": MS_NOSUID,
        "nodev": MS_NODEV,
        "noexec": MS_NOEXEC,
        "noatime": 1024,
        "nodiratime": 2048,
        "relatime": 1 << 21,
    }
    return sum(known.get(option, 0) for option in options.split(","))


def pivot_to(root: str) -> None:
    """Make `root` (a mount point) the root of this mount namespace, and let go of the old one with all its mounts."""
    os.chdir(root)
    # The old root is put over the new one and detached: no folder for it is needed (pivot_root(2), "pivot_root(".", ".")").
    _check(_libc.syscall(_SYS_PIVOT_ROOT, b".", b"."), f"pivot_root {root}")
    unmount(".")
    os.chdir("/")


def set_death_signal(signal_number: int) -> None:
    """Have the kernel send this process `signal_number` when the thread that made it ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl PR_SET_PDEATHSIG")


def set_hostname(name: str) -> None:
    """The host name of this UTS namespace."""
    data = name.encode()
    _check(_libc.sethostname(data, ctypes.c_size_t(len(data))), "sethostname")


def clone_to_parent() -> int:
    """Fork a sibling: the child's parent is our own parent, so that we may end and it is still waited for.

    Returns 0 in the child, its pid (in our PID namespace) in us. For single-threaded processes.
    """
    ctypes.pythonapi.PyOS_BeforeFork()
    # With the interpreter lock held: the child starts as its holder, as after os.fork.
    pid: int = _libc_with_gil.syscall(_SYS_CLONE, CLONE_PARENT | 17, 0, 0, 0, 0)  # 17: SIGCHLD to that parent
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0
    number = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, f"clone: {os.strerror(number)}")
    return pid


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def _capset(permitted: int, inheritable: int) -> None:
    header = _CapabilityHeader(version=_CAPABILITY_VERSION_3, pid=0)
    low = [word & 0xFFFFFFFF for word in (permitted, permitted, inheritable)]
    high = [word >> 32 for word in (permitted, permitted, inheritable)]
    _check(_libc.capset(ctypes.byref(header), (ctypes.c_uint32 * 6)(*low, *high)), "capset")


def _permitted() -> int:
    header = _CapabilityHeader(version=_CAPABILITY_VERSION_3, pid=0)
    data = (ctypes.c_uint32 * 6)()
    _check(_libc.capget(ctypes.byref(header), data), "capget")
    return data[1] | data[4] << 32


def drop_privileges(keep: tuple[str, ...] = ()) -> None:
    """Give up every capability but `keep`, for good: bounding, permitted, inheritable and ambient sets, and by exec of anything.

    What is kept is ambient, so it outlives exec. The order matters: the bounding set and the securebits need CAP_SETPCAP,
    and raising an ambient capability must come before the bit that forbids it.
    """
    numbers = [CAPABILITIES[name] for name in keep]
    mask = sum(1 << number for number in numbers)
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl PR_SET_NO_NEW_PRIVS")
    _check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl PR_CAP_AMBIENT")
    for number in range(64):
        if number not in numbers and _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) < 0 and ctypes.get_errno() == 22:
            break  # EINVAL: past the last capability that this kernel knows
    _capset(_permitted(), mask)
    for number in numbers:
        _check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, number, 0, 0), "prctl PR_CAP_AMBIENT_RAISE")
    _check(_libc.prctl(_PR_SET_SECUREBITS, _SECUREBITS_ALL_LOCKED, 0, 0, 0), "prctl PR_SET_SECUREBITS")
    _capset(mask, mask)
