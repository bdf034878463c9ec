"""kubectl's remote command protocol over WebSocket: frames, and the Status that ends it. No I/O.

A binary message is one byte, the channel, and its data. Source: Kubernetes v1.36
staging/src/k8s.io/apimachinery/pkg/util/remotecommand (v4, v5), kubelet's pkg/kubelet/server/remotecommand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import orjson

from hauberk.k8s.kind import Manifest

__all__ = [
    "V4",
    "V5",
    "Channel",
    "Frame",
    "build_exit_status",
    "build_start_failure",
    "choose_protocol",
    "parse_frame",
    "parse_resize",
    "render_frame",
]

V5 = "v5.channel.k8s.io"
V4 = "v4.channel.k8s.io"


class Channel(IntEnum):
    """What a frame is about."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    ERROR = 3
    """Status as JSON, once, at the end."""
    RESIZE = 4
    CLOSE = 255
    """v5: the channel named by the one byte of data has ended."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    channel: Channel
    data: bytes = b""


def choose_protocol(offered: Sequence[str]) -> str | None:
    """The newest protocol that both sides speak."""
    return next((protocol for protocol in (V5, V4) if protocol in offered), None)


def parse_frame(message: bytes) -> Frame | None:
    """A message as a frame; None for an empty one or an unknown channel, which are to be ignored."""
    if not message or message[0] not in set(Channel):
        return None
    return Frame(Channel(message[0]), message[1:])


def render_frame(channel: Channel, data: bytes) -> bytes:
    """A frame as a message."""
    return bytes([channel]) + data


def parse_resize(data: bytes) -> tuple[int, int] | None:
    """(columns, rows) of a terminal; None where it cannot be understood."""
    try:
        size = orjson.loads(data)
        columns, rows = int(size["Width"]), int(size["Height"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    return (columns, rows) if 0 < columns < 65536 and 0 < rows < 65536 else None


def build_exit_status(code: int) -> Manifest:
    """The Status of a command that ended."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def build_start_failure(message: str, code: int) -> Manifest:
    """The Status of a command that could not be started; `code` is a shell's (126 cannot execute, 127 not found)."""
    status = build_exit_status(code)
    return status | {"message": f"cannot start the command: {message}"}
