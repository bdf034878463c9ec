"""What the node makes of the launcher's report; containers themselves are started in tests/netns."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hauberk.errors import BugError
from hauberk.node.linux import container
from hauberk.node.linux.container import RunningContainer, StartError, exec_in_container, python_folders
from hauberk.node.linux.sandbox import ContainerSpec, ExecSpec

SPEC = ContainerSpec(("true",), "/run/netns/pod", "pod")


def read_report(*parts: bytes, rights: int | None = None) -> tuple[dict[str, object], int | None]:
    ours, theirs = socket.socketpair()
    with ours:
        for part in parts:
            socket.send_fds(theirs, [part], [rights] if rights is not None else [])
        theirs.close()
        return container._read_report(ours)


def test_a_report_is_lines_however_they_arrive() -> None:
    assert read_report(b'{"pid": 7}\n{"err', b'or": "x", "status": 127}\n') == ({"pid": 7, "error": "x", "status": 127}, None)
    assert read_report() == ({}, None)


def test_a_terminal_comes_with_the_report() -> None:
    reading, writing = os.pipe()
    messages, terminal = read_report(b'{"terminal": true}\n', rights=writing)
    assert messages == {"terminal": True}
    assert terminal is not None
    os.write(terminal, b"through")
    assert os.read(reading, 10) == b"through"
    for descriptor in (reading, writing, terminal):
        os.close(descriptor)


def test_the_end_of_the_report_without_an_error_is_success() -> None:
    assert container._judge({"pid": 7}, None, 0) == (7, None)


def test_an_error_becomes_an_exception_with_its_status_and_the_process_is_reaped() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    with pytest.raises(StartError, match="exec: no such file: curl") as caught:
        container._judge({"pid": child.pid, "error": "exec: no such file: curl", "status": 127}, None, 0)
    assert caught.value.status == 127
    with pytest.raises(ChildProcessError):
        os.waitpid(child.pid, 0)
    child.returncode = 0  # Popen must not look for it


def test_a_launcher_that_says_nothing_is_our_fault() -> None:
    with pytest.raises(BugError, match="ended with status 1 and said nothing"):
        container._judge({}, None, 1)


def start(program: str) -> "subprocess.Popen[bytes]":
    """A process of ours, as if the launcher had made it."""
    return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)


async def follow(child: "subprocess.Popen[bytes]", number: int | None = None) -> int:
    running = RunningContainer(child.pid, None, spec=SPEC)
    assert running.running
    if number is not None:
        running.signal(number)
    child.stdin.close()  # type: ignore[union-attr]  # it is a pipe
    first, second = await asyncio.gather(running.wait(), running.wait())
    child.wait()  # finds nobody, and notes that it need not look again
    assert first == second == await running.wait()
    running.signal(signal.SIGTERM)  # nobody is there to get it
    with pytest.raises(StartError, match="not running any more"):
        await exec_in_container(running, ["true"])
    return first


def test_a_process_is_waited_for_and_signalled() -> None:
    for program, number, code in (
        ("import sys; sys.stdin.read(); sys.exit(3)", None, 3),
        ("import signal; signal.pause()", signal.SIGKILL, 137),
    ):
        assert asyncio.run(follow(start(program), number)) == code


async def execute_beside(child: "subprocess.Popen[bytes]") -> None:
    running = RunningContainer(child.pid, None, spec=ExecSpec(("sh",), child.pid))
    with pytest.raises(StartError):
        await exec_in_container(running, ["true"])
    child.stdin.close()  # type: ignore[union-attr]  # it is a pipe
    await running.wait()
    child.wait()


async def follow_what_others_reaped(child: "subprocess.Popen[bytes]") -> int:
    running = RunningContainer(child.pid, None, spec=SPEC)
    child.communicate()
    return await running.wait()


def test_a_status_that_somebody_else_took_is_255() -> None:
    assert asyncio.run(follow_what_others_reaped(start(""))) == 255


def test_a_program_beside_is_no_container_to_start_others_in() -> None:
    asyncio.run(execute_beside(start("import sys; sys.stdin.read()")))


def test_python_and_our_sources_are_shown_by_every_name() -> None:
    folders = python_folders()
    assert {sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix)} <= set(folders)
    assert any(Path(folder, "hauberk/node/linux/launch.py").exists() for folder in folders)
