"""Frames of kubectl's remote command protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.node.server.remotecommand import (
    V4,
    V5,
    Channel,
    Frame,
    build_exit_status,
    build_start_failure,
    choose_protocol,
    parse_frame,
    parse_resize,
    render_frame,
)


@pytest.mark.parametrize(
    ("offered", "chosen"), [([V4, V5], V5), ([V4], V4), (["v3.channel.k8s.io", V4], V4), (["base64.channel.k8s.io"], None), ([], None)]
)
def test_the_newest_protocol_that_both_speak_is_chosen(offered: list[str], chosen: str | None) -> None:
    assert choose_protocol(offered) == chosen


@given(st.sampled_from(Channel), st.binary())
def test_frames_are_read_as_they_were_written(channel: Channel, data: bytes) -> None:
    assert parse_frame(render_frame(channel, data)) == Frame(channel, data)


@pytest.mark.parametrize("message", [b"", b"\x05x", b"\xfe"])
def test_what_is_no_frame_is_ignored(message: bytes) -> None:
    assert parse_frame(message) is None


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b'{"Width":80,"Height":24}', (80, 24)),
        (b'{"Width":0,"Height":24}', None),
        (b'{"Width":70000,"Height":24}', None),
        (b'{"Width":80}', None),
        (b"[]", None),
        (b"80x24", None),
    ],
)
def test_a_terminals_size(data: bytes, size: tuple[int, int] | None) -> None:
    assert parse_resize(data) == size


def test_the_status_at_the_end_tells_the_exit_code() -> None:
    assert build_exit_status(0) == {"metadata": {}, "status": "Success"}
    assert build_exit_status(5) == {
        "metadata": {},
        "status": "Failure",
        "message": "command terminated with non-zero exit code: exit status 5",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "5"}]},
    }
    assert build_start_failure("no such file", 127)["message"] == "cannot start the command: no such file"
    assert build_start_failure("no such file", 127)["details"] == {"causes": [{"reason": "ExitCode", "message": "127"}]}
