"""Tests that fork, exec or set signals do so in an interpreter of their own."""

import subprocess
import sys
from collections.abc import Callable

import pytest


@pytest.fixture
def run_python() -> "Callable[..., subprocess.CompletedProcess[str]]":
    """Runs a program with arguments in a fresh interpreter."""

    def run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60, check=False)

    return run
