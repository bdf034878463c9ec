"""Logs of containers: lines in CRI's format, in files that rotate, read back by tail and time, and followed.

    2026-11-25T02:30:00.123456000Z stdout F the line
    <RFC 3339, nanoseconds>        stream   F: whole, P: part of a longer one

Text in and out is pure; `ContainerLog` is the edge, and writes to the page cache only, so it is called from the event loop.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["ContainerLog", "LogLine", "LogQuery", "LogSplitter", "format_line", "parse_line", "read_log", "render_lines"]

PART_LIMIT_BYTES = 16 * 1024
"""A line longer than this is written in parts, as containerd does."""
ROTATE_AT_BYTES = 10 * 1024 * 1024
FOLLOWER_LIMIT_LINES = 10_000
"""A follower that lags this far is cut off, not waited for."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line as a container wrote it; `text` has no newline, `whole` is False for a part that goes on in the next."""

    time: str
    stream: str
    text: bytes
    whole: bool = True

    def render(self, *, timestamps: bool) -> bytes:
        """As `kubectl logs` shows it."""
        head = f"{self.time} ".encode() if timestamps else b""
        return head + self.text + (b"\n" if self.whole else b"")


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines are wanted: the last `tail`, none before `since`."""

    tail: int | None = None
    since: datetime | None = None
    timestamps: bool = False


def format_line(line: LogLine) -> bytes:
    """The line as it stands in the file."""
    return f"{line.time} {line.stream} {'F' if line.whole else 'P'} ".encode() + line.text + b"\n"


def parse_line(data: bytes) -> LogLine | None:
    """A line of the file, without its newline; None where it was cut off."""
    parts = data.split(b" ", 3)
    if len(parts) != 4:
        return None
    time, stream, tag, text = parts
    return LogLine(time.decode(), stream.decode(), text, tag == b"F")


def render_time(now: datetime) -> str:
    """RFC 3339 with nine digits, as CRI's log format wants."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"


def render_lines(lines: Iterable[LogLine], query: LogQuery) -> bytes:
    """The wanted lines, as `kubectl logs` shows them; parts count as one line together."""
    since = render_time(query.since) if query.since else ""
    wanted: Iterator[LogLine] = (line for line in lines if line.time >= since)  # one format, so text compares as time does
    if query.tail is not None:
        wanted = _last(wanted, query.tail)
    return b"".join(line.render(timestamps=query.timestamps) for line in wanted)


def _last(lines: Iterable[LogLine], count: int) -> Iterator[LogLine]:
    kept: deque[list[LogLine]] = deque(maxlen=count)
    group: list[LogLine] = []
    for line in lines:
        group.append(line)
        if line.whole:
            kept.append(group)
            group = []
    if group:
        kept.append(group)
    return (line for kept_group in kept for line in kept_group)


class LogSplitter:
    """Bytes of one stream cut into lines."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._rest = b""

    def feed(self, data: bytes, now: datetime) -> list[LogLine]:
        """The lines, and parts of overlong ones, that `data` completes."""
        time = render_time(now)
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines: list[LogLine] = []
        for text in whole:
            *parts, last = _pieces(text)
            lines += [LogLine(time, self._stream, part, whole=False) for part in parts]
            lines.append(LogLine(time, self._stream, last))
        while len(self._rest) >= PART_LIMIT_BYTES:
            part, self._rest = self._rest[:PART_LIMIT_BYTES], self._rest[PART_LIMIT_BYTES:]
            lines.append(LogLine(time, self._stream, part, whole=False))
        return lines

    def end(self, now: datetime) -> list[LogLine]:
        """What is left at the end of the stream: a line without a newline."""
        rest, self._rest = self._rest, b""
        return [LogLine(render_time(now), self._stream, rest, whole=False)] if rest else []


def _pieces(text: bytes) -> list[bytes]:
    return [text[at : at + PART_LIMIT_BYTES] for at in range(0, len(text), PART_LIMIT_BYTES)] or [b""]


def read_log(path: Path) -> Iterator[LogLine]:
    """All lines of a log, the rotated file first; nothing where there is no such log."""
    for part in (_rotated(path), path):
        with suppress(FileNotFoundError), part.open("rb") as file:
            for data in file:
                line = parse_line(data.removesuffix(b"\n"))
                if line is not None:
                    yield line


def _rotated(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


class ContainerLog:
    """The log of one run of a container: written by its streams, read and followed by whoever asks."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._file = path.open("ab")
        self._size_bytes = self._file.tell()
        self._followers: set[asyncio.Queue[LogLine | None]] = set()

    def write(self, lines: Iterable[LogLine]) -> None:
        """Append lines, rotate at ROTATE_AT_BYTES, and hand them to the followers."""
        for line in lines:
            data = format_line(line)
            self._file.write(data)
            self._size_bytes += len(data)
            for follower in list(self._followers):
                self._hand_on(follower, line)
        self._file.flush()
        if self._size_bytes >= ROTATE_AT_BYTES:
            self._file.close()
            self.path.replace(_rotated(self.path))
            self._file = self.path.open("ab")
            self._size_bytes = 0

    def _hand_on(self, follower: asyncio.Queue[LogLine | None], line: LogLine) -> None:
        if follower.qsize() >= FOLLOWER_LIMIT_LINES:
            self._followers.discard(follower)
            follower.put_nowait(None)
        else:
            follower.put_nowait(line)

    async def follow(self, query: LogQuery) -> AsyncIterator[bytes]:
        """What is there, then what comes, until the run ends or the reader lags too far."""
        follower: asyncio.Queue[LogLine | None] = asyncio.Queue()
        if not self._file.closed:
            self._followers.add(follower)
        else:
            follower.put_nowait(None)
        try:
            yield render_lines(read_log(self.path), query)
            while (line := await follower.get()) is not None:
                yield line.render(timestamps=query.timestamps)
        finally:
            self._followers.discard(follower)

    def close(self) -> None:
        """The run has ended; followers come to their end."""
        self._file.close()
        for follower in self._followers:
            follower.put_nowait(None)
        self._followers.clear()
