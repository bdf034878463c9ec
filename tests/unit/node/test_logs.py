"""Logs of containers."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.node import logs
from hauberk.node.logs import ContainerLog, LogLine, LogQuery, LogSplitter, format_line, parse_line, read_log, render_lines

NOW = datetime(2026, 11, 25, 2, 30, 0, 123456, tzinfo=UTC)
TIME = "2026-11-25T02:30:00.123456000Z"


def line(text: bytes, *, whole: bool = True, time: str = TIME) -> LogLine:
    return LogLine(time, "stdout", text, whole)


def test_lines_stand_in_the_file_as_cri_wants() -> None:
    assert format_line(line(b"a b")) == b"2026-11-25T02:30:00.123456000Z stdout F a b\n"
    assert format_line(line(b"a", whole=False)) == b"2026-11-25T02:30:00.123456000Z stdout P a\n"


@given(st.binary().filter(lambda text: b"\n" not in text), st.booleans())
def test_lines_are_read_as_they_were_written(text: bytes, whole: bool) -> None:
    assert parse_line(format_line(line(text, whole=whole)).removesuffix(b"\n")) == line(text, whole=whole)


def test_a_line_that_was_cut_off_is_left_out() -> None:
    assert parse_line(b"2026-11-25T02:30:00.1") is None


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_however_output_arrives_the_log_shows_the_same_bytes(chunks: list[bytes]) -> None:
    splitter = LogSplitter("stdout")
    lines = [found for chunk in chunks for found in splitter.feed(chunk, NOW)] + splitter.end(NOW)
    assert render_lines(lines, LogQuery()) == b"".join(chunks)


def test_an_overlong_line_is_written_in_parts_and_shown_whole() -> None:
    splitter = LogSplitter("stdout")
    text = b"x" * (logs.PART_LIMIT_BYTES + 1)
    lines = splitter.feed(text, NOW) + splitter.feed(b"y\n", NOW)
    assert [(len(found.text), found.whole) for found in lines] == [(logs.PART_LIMIT_BYTES, False), (2, True)]
    assert render_lines(lines, LogQuery()) == text + b"y\n"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (LogQuery(), b"1\n2a2b\n3"),
        (LogQuery(tail=0), b""),
        (LogQuery(tail=1), b"3"),
        (LogQuery(tail=2), b"2a2b\n3"),
        (LogQuery(tail=9), b"1\n2a2b\n3"),
        (LogQuery(since=NOW), b"1\n2a2b\n3"),
        (LogQuery(since=NOW + timedelta(microseconds=1)), b""),
        (LogQuery(tail=1, timestamps=True), f"{TIME} 3".encode()),
    ],
)
def test_queries_choose_lines(query: LogQuery, shown: bytes) -> None:
    lines = [line(b"1"), line(b"2a", whole=False), line(b"2b"), line(b"3", whole=False)]
    assert render_lines(lines, query) == shown


def test_a_log_is_read_across_its_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "ROTATE_AT_BYTES", 100)
    path = tmp_path / "app" / "0.log"
    log = ContainerLog(path)
    for number in range(5):
        log.write([line(b"%d" % number)])
    log.close()
    assert sorted(part.name for part in path.parent.iterdir()) == ["0.log", "0.log.1"]
    assert [found.text for found in read_log(path)] == [b"0", b"1", b"2", b"3", b"4"]
    assert list(read_log(tmp_path / "none.log")) == []


def test_a_follower_gets_what_was_and_what_comes_until_the_end(tmp_path: Path) -> None:
    async def story() -> list[bytes]:
        log = ContainerLog(tmp_path / "0.log")
        log.write([line(b"0"), line(b"1")])
        following = log.follow(LogQuery(tail=1))
        got = [await anext(following)]
        log.write([line(b"2")])
        log.close()
        return got + [data async for data in following]

    assert asyncio.run(story()) == [b"1\n", b"2\n"]


def test_a_log_that_has_ended_is_followed_to_its_end(tmp_path: Path) -> None:
    async def story() -> list[bytes]:
        log = ContainerLog(tmp_path / "0.log")
        log.write([line(b"0")])
        log.close()
        return [data async for data in log.follow(LogQuery())]

    assert asyncio.run(story()) == [b"0\n"]


def test_a_follower_that_lags_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FOLLOWER_LIMIT_LINES", 2)

    async def story() -> list[bytes]:
        log = ContainerLog(tmp_path / "0.log")
        following = log.follow(LogQuery())
        got = [await anext(following)]
        log.write([line(b"%d" % number) for number in range(5)])
        got += [data async for data in following]
        log.close()
        return got

    assert asyncio.run(story()) == [b"", b"0\n", b"1\n"]
