"""Tests in real namespaces, as root or as an ordinary user: each body runs in a node of its own that ends with it."""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).with_name("run_in_node.py")
Body = Callable[[Any], Awaitable[None]]


@pytest.fixture
def in_node() -> Callable[[Body], None]:
    """Calls `body(network)`, a function of the test's module, as PID 2 of a fresh node."""

    def run(body: Body) -> None:
        command = [sys.executable, str(RUNNER), body.__code__.co_filename, body.__name__]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 3:
            pytest.skip(f"{done.stdout.strip()}. To debug: {' '.join(command)}")
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\nTo debug: {' '.join(command)}"

    return run
