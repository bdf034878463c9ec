import subprocess
import sys

import pytest

from hauberk.cli.app import app
from hauberk.errors import BugError, ConfigError, EnvironmentProblem
from tests.unit.cli.conftest import Hauberk, Typed


def test_help_lists_every_command(hauberk: Hauberk) -> None:
    typed = hauberk("--help")
    names = [command.name for command in app.registered_commands]
    assert {"get", "apply", "create", "patch", "delete", "logs", "exec", "wait", "up", "down"} <= set(names)
    assert (typed.code, [name for name in names if name and name not in typed.out]) == (0, [])


@pytest.mark.parametrize("name", [command.name for command in app.registered_commands])
def test_every_commands_help_shows_an_example(hauberk: Hauberk, name: str) -> None:
    typed = hauberk(name, "--help")
    assert typed.code == 0
    assert "Example: " in typed.out.replace("\n", " ")


@pytest.mark.parametrize(
    ("error", "typed"),
    [
        (ConfigError("no such flag"), Typed("", "error: no such flag\n", 2)),
        (EnvironmentProblem("no namespaces"), Typed("", "error: no namespaces\n", 3)),
        (BugError("ours"), Typed("", "error: ours\n", 70)),
        (KeyboardInterrupt(), Typed("", "", 130)),
    ],
)
def test_failures_leave_with_their_code_and_without_a_traceback(
    hauberk: Hauberk, monkeypatch: pytest.MonkeyPatch, error: BaseException, typed: Typed
) -> None:
    def fail(**_options: object) -> None:
        raise error

    monkeypatch.setattr("hauberk.cli.app.app", fail)
    assert hauberk("get") == typed


def test_a_bug_is_told_with_its_place(hauberk: Hauberk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_options: object) -> None:
        raise LookupError("nobody thought of this")

    monkeypatch.setattr("hauberk.cli.app.app", fail)
    typed = hauberk("get")
    assert typed.err.startswith("bug: LookupError: nobody thought of this (test_app.py:")
    assert (typed.out, typed.code) == ("", 70)


def test_help_loads_nothing_that_only_commands_need() -> None:
    heavy = ["httpx2", "lightkube", "yaml", "grpc", "cryptography", "pyroute2", "starlette", "structlog", "kubernetes_validate"]
    code = f"import sys, hauberk.cli.app; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
