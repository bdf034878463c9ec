import errno

import pytest

from hauberk.node.linux.environment import Facts, Step, explain_refusal

ROWS = [
    (
        Facts(uid=1000, sysctls={"user.max_user_namespaces": "0"}),
        Step.UNSHARE_USER,
        errno.ENOSPC,
        "Cannot create a user namespace (ENOSPC): sysctl user.max_user_namespaces=0 forbids it. "
        "Allow it with `sudo sysctl -w user.max_user_namespaces=15000`, or start hauberk as root.",
    ),
    (
        Facts(uid=1000, sysctls={"user.max_user_namespaces": "96365", "kernel.unprivileged_userns_clone": "0"}),
        Step.UNSHARE_USER,
        errno.EPERM,
        "Cannot create a user namespace (EPERM): sysctl kernel.unprivileged_userns_clone=0 forbids it. "
        "Allow it with `sudo sysctl -w kernel.unprivileged_userns_clone=1`, or start hauberk as root.",
    ),
    (
        # Ubuntu 24.04: the namespace is made, but what comes next is refused.
        Facts(uid=1000, sysctls={"user.max_user_namespaces": "96365", "kernel.apparmor_restrict_unprivileged_userns": "1"}),
        Step.MAP_IDS,
        errno.EACCES,
        "Cannot map this user to root of its user namespace (EACCES): sysctl kernel.apparmor_restrict_unprivileged_userns=1 forbids it. "
        "Allow it with `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or start hauberk as root.",
    ),
    (
        # The same sysctl does not concern root.
        Facts(uid=0, sysctls={"kernel.apparmor_restrict_unprivileged_userns": "1"}),
        Step.UNSHARE,
        errno.EPERM,
        "Cannot create network, mount and PID namespaces (EPERM): "
        "a security module (AppArmor, SELinux, ...) or an outer namespace forbids it; "
        "`journalctl -k` may name it. Allow it there, or start hauberk as root.",
    ),
    (
        Facts(uid=1000, container="docker", seccomp=True),
        Step.UNSHARE_USER,
        errno.EPERM,
        "Cannot create a user namespace (EPERM): the container runtime (docker) forbids it. "
        "Start the container with `docker run --security-opt seccomp=unconfined` (or `--privileged`), or run hauberk on the host.",
    ),
    (
        Facts(uid=1000, container="lxc"),
        Step.UNSHARE_USER,
        errno.EPERM,
        "Cannot create a user namespace (EPERM): the container runtime (lxc) forbids it. "
        "Start the container unconfined (seccomp=unconfined, or privileged), or run hauberk on the host.",
    ),
    (
        Facts(uid=1000, seccomp=True),
        Step.UNSHARE_USER,
        errno.EPERM,
        "Cannot create a user namespace (EPERM): a filter of system calls (seccomp) forbids it. "
        "Start the container with `docker run --security-opt seccomp=unconfined` (or `--privileged`), or run hauberk on the host.",
    ),
    (
        Facts(uid=1000, container="podman", masked_proc=("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list")),
        Step.MOUNT_PROC,
        errno.EPERM,
        "Cannot mount /proc in a PID namespace (EPERM): "
        "the container runtime (podman) hides parts of /proc (/proc/acpi, /proc/kcore, /proc/keys). "
        "Start the container with `podman run --security-opt systempaths=unconfined` (or `--privileged`), or run hauberk on the host.",
    ),
    (
        Facts(uid=0, container="docker"),
        Step.MAP_IDS,
        errno.EPERM,
        "Cannot map this user to root of its user namespace (EPERM): this root user lacks the capabilities for it. "
        "Start hauberk as an ordinary user, or give it CAP_SYS_ADMIN or CAP_SETFCAP.",
    ),
    (
        Facts(uid=1000, sysctls={"user.max_net_namespaces": "0"}),
        Step.UNSHARE,
        errno.ENOSPC,
        "Cannot create network, mount and PID namespaces (ENOSPC): sysctl user.max_net_namespaces=0 forbids it. "
        "Allow it with `sudo sysctl -w user.max_net_namespaces=15000`, or start hauberk as root.",
    ),
    (
        Facts(uid=1000, sysctls={"user.max_net_namespaces": "7"}),
        Step.UNSHARE,
        errno.ENOSPC,
        "Cannot create network, mount and PID namespaces (ENOSPC): the limit of namespaces is reached "
        "(sysctl user.max_*_namespaces, here or in an outer user namespace). Raise it, or start hauberk as root.",
    ),
    (
        Facts(uid=1000),
        Step.UNSHARE_USER,
        errno.EINVAL,
        "Cannot create a user namespace (EINVAL): this kernel is built without it (CONFIG_USER_NS, CONFIG_NET_NS, CONFIG_PID_NS). "
        "Use a distribution's stock kernel, or start hauberk as root.",
    ),
    (
        Facts(uid=1000),
        Step.UNSHARE_USER,
        errno.EUSERS,
        "Cannot create a user namespace (EUSERS): user namespaces are nested too deeply. Start hauberk in an outer one.",
    ),
    (
        Facts(uid=1000),
        Step.MOUNT,
        9999,
        "Cannot mount a private tmpfs (9999): a security module (AppArmor, SELinux, ...) or an outer namespace forbids it; "
        "`journalctl -k` may name it. Allow it there, or start hauberk as root.",
    ),
]


@pytest.mark.parametrize(("facts", "step", "number", "text"), ROWS)
def test_a_refusal_names_what_forbids_and_how_to_allow(facts: Facts, step: Step, number: int, text: str) -> None:
    assert explain_refusal(facts, step, number) == text
