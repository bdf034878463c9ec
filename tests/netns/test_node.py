"""The whole node in real namespaces: a pod, its probe, Service, DNS, log, Route and end. See run_whole_node.py."""

import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("run_whole_node.py")


def test_a_pod_is_run_reached_by_name_and_by_route_and_taken_away(tmp_path: Path) -> None:
    command = [sys.executable, str(RUNNER), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    if done.returncode == 3:
        pytest.skip(f"{done.stdout.strip()}. To debug: {' '.join(command)}")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nTo debug: {' '.join(command)}"
