"""The parts of the launcher that need no namespace; the rest is in tests/netns."""

import errno
import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hauberk.node.linux import launch

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]

EXECUTE = """
import json, os, sys
from hauberk.node.linux.launch import _execute
_execute(json.loads(sys.argv[1]), 2)
"""


def execute(run_python: RunPython, *argv: str, cwd: str = "/", path: str = "/usr/bin:/bin") -> tuple[int, str, str]:
    done = run_python(EXECUTE, json.dumps({"argv": argv, "env": [["PATH", path], ["A", "b"]], "cwd": cwd}))
    return done.returncode, done.stdout, done.stderr


def test_the_program_replaces_the_launcher_with_the_given_environment_only(run_python: RunPython) -> None:
    assert execute(run_python, "sh", "-c", "pwd; env | grep -vE '^(_|PWD|SHLVL|OLDPWD)=' | sort", cwd="/usr") == (
        0,
        "/usr\nA=b\nPATH=/usr/bin:/bin\n",
        "",
    )


def test_signals_that_python_ignores_are_not_ignored_by_the_program(run_python: RunPython) -> None:
    status, output, _errors = execute(run_python, "grep", "SigIgn", "/proc/self/status")
    ignored = int(output.removeprefix("SigIgn:\t"), 16)
    by_python = {signal.SIGPIPE, signal.SIGXFSZ}  # others may be whoever started the tests' own
    assert (status, {number for number in by_python if ignored >> (number - 1) & 1}) == (0, set())


@pytest.mark.parametrize(
    ("argv", "cwd", "status", "text"),
    [
        (("curl-9",), "/", 127, "exec: no such file: curl-9 (looked in /usr/bin:/bin)"),
        (("/nope/curl",), "/", 127, "exec: no such file: /nope/curl"),
        (("true",), "/nope", 127, "exec: no such working directory: /nope"),
        (("/usr",), "/", 126, "exec: cannot execute /usr: Permission denied"),
    ],
)
def test_what_cannot_be_executed_is_reported(run_python: RunPython, argv: tuple[str, ...], cwd: str, status: int, text: str) -> None:
    code, output, errors = execute(run_python, *argv, cwd=cwd)
    assert (code, output, json.loads(errors)) == (status, "", {"error": text, "status": status})


MAIN = """
import os, sys
from hauberk.node.linux.launch import main
spec = os.memfd_create("spec")
os.write(spec, sys.argv[1].encode())
os.lseek(spec, 0, os.SEEK_SET)
main(spec, 1)
"""


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ('{"netns": "/nope"}', "the pod's network namespace /nope is gone"),
        ('{"join_pid": 4194304}', "the container is not running any more"),
        ('{"argv": []}', "KeyError: 'netns'"),
        ("{", "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
)
def test_whatever_goes_wrong_is_reported(run_python: RunPython, spec: str, text: str) -> None:
    done = run_python(MAIN, spec)
    assert (done.returncode, json.loads(done.stdout)) == (128, {"error": text, "status": 128})


def test_a_link_of_the_machine_is_the_same_link_in_the_root(tmp_path: Path) -> None:
    link = tmp_path / "bin"
    link.symlink_to("usr/bin")
    root = tmp_path / "root"
    root.mkdir()
    launch._show(str(root), str(link))
    assert Path(f"{root}{link}").readlink() == Path("usr/bin")
    launch._show(str(root), str(tmp_path / "not-there"))
    assert list(Path(f"{root}{tmp_path}").iterdir()) == [Path(f"{root}{link}")]


def test_a_bind_that_cannot_be_made_names_its_source(tmp_path: Path) -> None:
    with pytest.raises(launch._LaunchError, match="cannot show /nope to the container") as caught:
        launch._bind("/nope", str(tmp_path / "target"), readonly=True)
    assert caught.value.status == 128
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno in {errno.ENOENT, errno.EPERM}
