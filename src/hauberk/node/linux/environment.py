"""Whether this machine lets us make namespaces, and if not, what to say. Pure: facts in, text out.

Sources: user_namespaces(7), Debian's kernel.unprivileged_userns_clone, Ubuntu 24.04's AppArmor restriction, mount(2) on
/proc in a user namespace ("mount_too_revealing" in fs/namespace.c), Docker's default seccomp profile.
"""

import errno
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Facts", "Step", "explain_refusal"]


class Step(StrEnum):
    """What was being done when the kernel refused."""

    UNSHARE_USER = "create a user namespace"
    UNSHARE = "create network, mount and PID namespaces"
    MAP_IDS = "map this user to root of its user namespace"
    MOUNT_PROC = "mount /proc in a PID namespace"
    MOUNT = "mount a private tmpfs"


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read from the machine."""

    uid: int = 0
    sysctls: dict[str, str] = field(default_factory=dict)
    """Values by dotted name; those that the kernel does not have are left out."""
    container: str = ""
    """The container runtime that we are in (`docker`, `podman`, ...), empty where there is no sign of one."""
    seccomp: bool = False
    """Whether system calls of this process are filtered."""
    masked_proc: tuple[str, ...] = ()
    """Mounts below /proc that hide parts of it."""


_ROOT = "or start hauberk as root"

_SYSCTLS = (
    ("user.max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ("user.max_net_namespaces", "0", "user.max_net_namespaces=15000"),
    ("user.max_mnt_namespaces", "0", "user.max_mnt_namespaces=15000"),
    ("user.max_pid_namespaces", "0", "user.max_pid_namespaces=15000"),
    # Debian's and old Ubuntu's patch.
    ("kernel.unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
    # Ubuntu 23.10 and later: the namespace is made, but without capabilities in it.
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
)
"""(name, the value that forbids, what to set instead), in the order in which the kernel asks them."""


def explain_refusal(facts: Facts, step: Step, number: int) -> str:
    """One line for a user: what cannot be done, which setting of this machine forbids it, and how to allow it.

    `number` is the errno. The first line printed by `hauberk up` on such a machine.
    """
    what = f"Cannot {step} ({errno.errorcode.get(number, number)})"
    if step is Step.MOUNT_PROC and facts.masked_proc:
        where = f"{_runtime(facts)} hides parts of /proc ({', '.join(facts.masked_proc[:3])})"
        return f"{what}: {where}. {_allow_container(facts, 'systempaths=unconfined')}"
    for name, forbids, setting in _SYSCTLS:
        if facts.sysctls.get(name) == forbids and _is_asked(name, facts, step):
            return f"{what}: sysctl {name}={forbids} forbids it. Allow it with `sudo sysctl -w {setting}`, {_ROOT}."
    if step is Step.MAP_IDS and facts.uid == 0:
        # Since Linux 5.12 a map of the outer root needs CAP_SETFCAP outside.
        mend = "Start hauberk as an ordinary user, or give it CAP_SYS_ADMIN or CAP_SETFCAP."
        return f"{what}: this root user lacks the capabilities for it. {mend}"
    return f"{what}: {_reason(facts, number)}"


def _reason(facts: Facts, number: int) -> str:
    """What the errno alone tells, where no setting explains the refusal."""
    if number == errno.ENOSPC:
        return f"the limit of namespaces is reached (sysctl user.max_*_namespaces, here or in an outer user namespace). Raise it, {_ROOT}."
    if number in {errno.EINVAL, errno.ENOSYS}:
        return (
            f"this kernel is built without it (CONFIG_USER_NS, CONFIG_NET_NS, CONFIG_PID_NS). Use a distribution's stock kernel, {_ROOT}."
        )
    if facts.container or facts.seccomp:
        return f"{_runtime(facts)} forbids it. {_allow_container(facts, 'seccomp=unconfined')}"
    if number == errno.EUSERS:
        return "user namespaces are nested too deeply. Start hauberk in an outer one."
    hint = "`journalctl -k` may name it. Allow it there"
    return f"a security module (AppArmor, SELinux, ...) or an outer namespace forbids it; {hint}, {_ROOT}."


def _is_asked(name: str, facts: Facts, step: Step) -> bool:
    """Whether that sysctl matters: those of the kernel.* tree ask unprivileged users only."""
    if name.startswith("kernel."):
        return facts.uid != 0
    return step in {Step.UNSHARE, Step.UNSHARE_USER}


def _runtime(facts: Facts) -> str:
    return f"the container runtime ({facts.container})" if facts.container else "a filter of system calls (seccomp)"


def _allow_container(facts: Facts, option: str) -> str:
    if facts.container in {"docker", "podman", "containerd", ""}:
        runtime = facts.container or "docker"
        return f"Start the container with `{runtime} run --security-opt {option}` (or `--privileged`), or run hauberk on the host."
    return f"Start the container unconfined ({option}, or privileged), or run hauberk on the host."
