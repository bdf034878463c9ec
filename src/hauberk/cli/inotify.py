"""How many inotify instances are in use of those that a user may have: each Envoy takes two, and crashes where none is left."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

__all__ = ["InotifyUse"]

_LIMIT: Final = "sys/fs/inotify/max_user_instances"
_CLOSE: Final = 0.8


@dataclass(frozen=True, slots=True)
class InotifyUse:
    """What processes hold that we may look into, and the kernel's limit (0 where it is not said)."""

    used: int
    limit: int

    @classmethod
    def of(cls, proc: Path = Path("/proc")) -> Self:
        """As procfs has it.

        Namespaces that a user has made count for the user, so no process is left out. Root reads other users' too, and may be warned early.
        """
        try:
            limit = int((proc / _LIMIT).read_text())
        except (OSError, ValueError):
            limit = 0
        return cls(sum(_instances_of(process) for process in proc.glob("[0-9]*")), limit)

    @property
    def warning(self) -> str:
        """What to say where it is close, empty else."""
        if not self.limit or self.used < self.limit * _CLOSE:
            return ""
        return (
            f"{self.used} of {self.limit} inotify instances are in use, and each Envoy takes two: further sidecars will crash at their "
            f"start. sudo sysctl -w fs.inotify.max_user_instances={max(1024, 4 * self.limit)} allows more."
        )


def _instances_of(process: Path) -> int:
    """The instances that a process has open, none where it is gone or another user's."""
    count = 0
    try:
        for descriptor in (process / "fd").iterdir():
            count += str(descriptor.readlink()) == "anon_inode:inotify"
    except OSError:  # a descriptor that was closed meanwhile ends the count of its process, which is near enough
        return count
    return count
