"""A real API server for the verbs, one a test worker, and `hauberk` as it is typed."""

import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

from hauberk.cli.app import main

SERVE = Path(__file__).parents[2] / "conformance" / "serve_api.py"


@dataclass(frozen=True)
class Typed:
    """What a command printed, and its exit code."""

    out: str
    err: str = ""
    code: int = 0


Hauberk = Callable[..., Typed]


@pytest.fixture
def hauberk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hauberk:
    """`hauberk("get", "pods", stdin="...")`."""

    def type_it(*words: str, stdin: str = "") -> Typed:
        monkeypatch.setattr(sys, "argv", ["hauberk", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return Typed(printed.out, printed.err, code)

    return type_it


@pytest.fixture(scope="session")
def _server() -> Iterator[Path]:
    state = Path(mkdtemp(prefix="api"))  # a short path, for its sockets
    process = subprocess.Popen([sys.executable, str(SERVE), str(state)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    while line := process.stdout.readline():
        if line.strip().isdigit():
            break
    yield state / "kubeconfig"
    process.terminate()
    process.wait(20)
    process.stdout.close()
    shutil.rmtree(state)


@pytest.fixture
def namespace(_server: Path, hauberk: Hauberk, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A fresh namespace in the API that KUBECONFIG points at."""
    monkeypatch.setenv("KUBECONFIG", str(_server))
    name = f"ns-{abs(hash(request.node.nodeid)) % 10**9}"
    assert hauberk("create", "namespace", name) == Typed(f"namespace/{name} created\n")
    return name
