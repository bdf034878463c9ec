"""What a container is given: a frozen `ContainerSpec`, and what its root folder is made of. Pure.

The root is a tmpfs. Into it go read-only binds of what programs need of the machine (a whitelist: never /home, /root, /etc
as a whole, /var, nor the state folder), generated files in /etc, a private /proc, a minimal /dev, and the pod's own binds.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Final

__all__ = [
    "CAP_NET_ADMIN",
    "DEFAULT_PATH",
    "Bind",
    "ContainerSpec",
    "ExecSpec",
    "etc_files",
    "minimal_binds",
    "parse_spec",
    "render_exec",
    "render_spec",
]

CAP_NET_ADMIN: Final = "CAP_NET_ADMIN"
DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder of the node's mount namespace, shown to the container at `target`; it must exist when the container starts."""

    source: str
    target: str
    readonly: bool = True


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """All that the launcher is told about one container. Standard streams are handed over beside it, as descriptors."""

    argv: tuple[str, ...]
    netns: str
    """Path of the pod's network namespace (`PodNetwork.netns`)."""
    hostname: str
    env: tuple[tuple[str, str], ...] = ()
    """The whole environment; nothing is inherited. `argv[0]` without a slash is looked up in its PATH."""
    cwd: str = "/"
    """Made (empty, writable) where it is not there, as container runtimes do."""
    binds: tuple[Bind, ...] = ()
    """In this order, so that a later one may lie inside an earlier one."""
    files: tuple[tuple[str, str], ...] = ()
    """(path, text) of small generated files; see `etc_files`."""
    capabilities: tuple[str, ...] = ()
    """Kept as ambient capabilities, for example `(CAP_NET_ADMIN,)` for the sidecar, whose sockets carry a mark."""
    init: bool = True
    """Whether PID 1 is our small init (reaps orphans, passes signals on) and the program PID 2; without it the program is PID 1."""
    tty: bool = False
    """Whether the program gets a terminal of the container's own /dev/pts instead of the standard streams."""


@dataclass(frozen=True, slots=True)
class ExecSpec:
    """A further program in a running container: same namespaces, same restrictions."""

    argv: tuple[str, ...]
    join_pid: int
    """The container's PID 1, as the node numbers it."""
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = "/"
    capabilities: tuple[str, ...] = ()
    tty: bool = False


SYSTEM_FOLDERS: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
"""Programs and libraries; on most machines all but /usr are links into it."""

SYSTEM_FILES: Final = tuple(
    f"/etc/{name}"
    for name in (
        "ld.so.cache",
        "ld.so.conf",
        "ld.so.conf.d",
        "alternatives",
        "localtime",
        "ca-certificates",
        "ca-certificates.conf",
        # Not /etc/ssl and /etc/pki as a whole: they hold private keys, which root owns, and so would a container's root.
        "ssl/certs",
        "ssl/cert.pem",
        "ssl/openssl.cnf",
        "pki/ca-trust",
        "pki/tls/certs",
        "pki/tls/cert.pem",
        "pki/tls/openssl.cnf",
        "crypto-policies",
        "mime.types",
        "protocols",
        "services",
        "terminfo",
    )
)


def minimal_binds(folders: Iterable[str]) -> tuple[Bind, ...]:
    """`folders` (Python's prefixes, our own sources) read-only at their own paths, without those that lie in another or in the system's.

    Sorted, so that the outer of two comes first.
    """
    shown: list[PurePosixPath] = [PurePosixPath(folder) for folder in SYSTEM_FOLDERS]
    binds = []
    for path in sorted({PurePosixPath(folder) for folder in folders}):
        if not any(path.is_relative_to(outer) for outer in shown):
            shown.append(path)
            binds.append(Bind(str(path), str(path)))
    return tuple(binds)


def etc_files(*, hostname: str, address: str, nameserver: str, search: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(path, text) of the files in /etc that tell a container who and where it is; as kubelet and container runtimes write them."""
    return (
        ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"),
        ("/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"),
        ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
        ("/etc/hostname", f"{hostname}\n"),
        ("/etc/hosts", f"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{address}\t{hostname}\n"),
        ("/etc/resolv.conf", f"search {' '.join(search)}\nnameserver {nameserver}\noptions ndots:5\n"),
    )


def render_spec(spec: ContainerSpec, *, root: str, folders: Iterable[str]) -> str:
    """The launcher's JSON for a new container; `root` is the mount point of its root, `folders` what `minimal_binds` shows.

    Outer folders come before what lies in them: a volume at /tmp must not hide a virtual environment below /tmp.
    """
    told = asdict(spec)
    binds = sorted((*minimal_binds(folders), *spec.binds), key=lambda bind: PurePosixPath(bind.target).parts)
    told["binds"] = [asdict(bind) for bind in binds]
    return json.dumps({**told, "root": root, "system": [*SYSTEM_FOLDERS, *SYSTEM_FILES]})


def render_exec(spec: ExecSpec) -> str:
    """The launcher's JSON for a program in a running container."""
    return json.dumps(asdict(spec))


def parse_spec(text: str) -> ContainerSpec:
    """A `ContainerSpec` from the JSON that `json.dumps(asdict(spec))` makes."""
    told: dict[str, Any] = json.loads(text)
    told["binds"] = tuple(Bind(**bind) for bind in told["binds"])
    for name in ("argv", "capabilities"):
        told[name] = tuple(told[name])
    for name in ("env", "files"):
        told[name] = tuple((key, value) for key, value in told[name])
    return ContainerSpec(**told)
