"""The exception tree, split by blame, and numbered findings.

    HauberkError
    ├── ConfigError        the user's input: a manifest, a flag, a file     exit 2, HTTP 422
    │   └── NotFoundError  it names something that is not there            exit 1, HTTP 404
    ├── EnvironmentProblem the machine lacks something that we need        exit 3, HTTP 503
    ├── PeerError          the other side of a connection misbehaved       exit 1, HTTP 502
    └── BugError           we did                                          exit 70, HTTP 500

Findings about objects are data (`Finding`), never exceptions. This module does no I/O; anyone may import it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

__all__ = [
    "BugError",
    "ConfigError",
    "EnvironmentProblem",
    "Finding",
    "HauberkError",
    "Level",
    "NotFoundError",
    "PeerError",
]


class HauberkError(Exception):
    """What went wrong, where, and how to mend it; `str()` of it is fit for a user and holds no secret."""

    status_hint: ClassVar[int] = 500
    exit_code: ClassVar[int] = 70


class ConfigError(HauberkError):
    """The user's input cannot be used; nothing was changed by it."""

    status_hint = 422
    exit_code = 2


class NotFoundError(ConfigError):
    """The input names something that does not exist."""

    status_hint = 404
    exit_code = 1


class EnvironmentProblem(HauberkError):
    """The machine lacks something; the message says how to provide it."""

    status_hint = 503
    exit_code = 3


class PeerError(HauberkError):
    """The other side of a connection broke the protocol or went away."""

    status_hint = 502
    exit_code = 1


class BugError(HauberkError):
    """Our own fault; worth a report."""


class Level(StrEnum):
    """How much a finding matters."""

    ERROR = "Error"
    WARNING = "Warning"
    INFO = "Info"


@dataclass(frozen=True, slots=True)
class Finding:
    """A numbered remark about one object.

    `code` is `HBK` and four digits; `subject` is `Kind namespace/name`; `path` is the field as in a manifest
    (`spec.mtls.mode`), empty where the whole object is meant; `fix` says what to write instead.
    """

    code: str
    level: Level
    subject: str
    path: str
    message: str
    fix: str

    def __str__(self) -> str:
        """One line: `HBK0101 PeerAuthentication bookinfo/default, spec.mtls.mode: ... Write ...`."""
        where = f"{self.subject}, {self.path}" if self.path else self.subject
        return f"{self.code} {where}: {self.message} {self.fix}".rstrip()
