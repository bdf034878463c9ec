"""An instance on disk: its folders, its lock, what runs and on which ports.

The lock (flock on `lock` in the state folder) is held by the supervisor for its whole life, so "is it up?" has an answer
that no stale file can spoil.
"""

import fcntl
import json
import os
import shutil
import socket
import stat
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hauberk.errors import ConfigError, EnvironmentProblem
from hauberk.settings import InstancePaths, Ports, Settings

__all__ = [
    "InstanceInfo",
    "InstanceLock",
    "bind_loopback",
    "dump_settings",
    "is_running",
    "is_up",
    "load_settings",
    "make_folders",
    "purge",
    "read_info",
    "write_info",
]

HTTP_PORTS = (80, 8080, 8081, 8082, 8083)
"""Where the ingress is offered, first free one wins; 80 needs root or net.ipv4.ip_unprivileged_port_start."""
API_PORTS = (6443,)


@dataclass(frozen=True, slots=True)
class InstanceInfo:
    """What runs: written by the supervisor, read by every command. `processes` maps a process' name to its pid."""

    name: str
    pid: int
    api_port: int
    http_port: int
    started: str
    processes: dict[str, int] = field(default_factory=dict)


class InstanceLock:
    """The instance's lock. Raises: ConfigError where another supervisor holds it."""

    def __init__(self, paths: InstancePaths, name: str) -> None:
        self._fd = os.open(paths.state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._fd)
            mend = f"Use it (hauberk status), stop it (hauberk down --name {name}), or take another --name."
            raise ConfigError(f"The instance {name!r} is already up. {mend}") from error

    def release(self) -> None:
        """Give the lock back; it also goes with the process."""
        os.close(self._fd)


def make_folders(paths: InstancePaths) -> None:
    """Make the instance's folders, private to the owner.

    Raises: EnvironmentProblem where a folder is there but belongs to somebody else (/tmp is everybody's).
    """
    for folder in (paths.state, paths.pki, paths.logs, paths.pod_logs, paths.run.parent, paths.run, paths.run / "m"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.stat()
        if facts.st_uid != os.geteuid():
            raise EnvironmentProblem(
                f"{folder} belongs to uid {facts.st_uid}, not to you. Remove it, or set XDG_STATE_HOME to a shorter path."
            )
        if stat.S_IMODE(facts.st_mode) & 0o077:
            folder.chmod(0o700)


def is_up(paths: InstancePaths) -> bool:
    """Whether a supervisor holds the lock."""
    try:
        fd = os.open(paths.state / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended; one that only waits to be reaped has (proc(5), state Z)."""
    try:
        stat_line = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat_line.rpartition(")")[2].split()[0] not in ("Z", "X")


def read_info(paths: InstancePaths) -> InstanceInfo | None:
    """What was last written about the instance, or None where it never ran."""
    try:
        return InstanceInfo(**json.loads(paths.instance.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_info(paths: InstancePaths, info: InstanceInfo) -> None:
    """Write it whole or not at all."""
    fresh = paths.instance.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(info)))
    fresh.replace(paths.instance)


def purge(paths: InstancePaths) -> None:
    """Remove everything that the instance kept. The caller has made sure that it is down."""
    shutil.rmtree(paths.run, ignore_errors=True)
    shutil.rmtree(paths.state, ignore_errors=True)


def bind_loopback(preferred: Iterable[int]) -> socket.socket:
    """A listening TCP socket on 127.0.0.1, at the first of `preferred` that is free and allowed, else anywhere."""
    for port in (*preferred, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(1024)
        except OSError:
            listener.close()
            continue
        return listener
    raise EnvironmentProblem("No TCP port could be bound on 127.0.0.1. Bring the loopback interface up (ip link set lo up).")


def dump_settings(settings: Settings) -> str:
    """Settings for a child process' command line; they hold no secret."""
    return json.dumps(
        {
            "name": settings.name,
            "state": str(settings.paths.state),
            "run": str(settings.paths.run),
            "api": settings.ports.api,
            "http": settings.ports.http,
        }
    )


def load_settings(text: str) -> Settings:
    """The reverse of `dump_settings`."""
    value = json.loads(text)
    paths = InstancePaths(state=Path(value["state"]), run=Path(value["run"]))
    return Settings(name=value["name"], paths=paths, ports=Ports(api=value["api"], http=value["http"]))
