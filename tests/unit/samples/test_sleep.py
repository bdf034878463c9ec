"""The sleeper ends when its time is over, and at once when it is told to."""

import signal
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-I", "-m", "hauberk.samples.sleep"]


def test_it_ends_when_its_time_is_over() -> None:
    assert subprocess.run([*COMMAND, "0.01"], timeout=30, check=False).returncode == 0


@pytest.mark.parametrize("arguments", [[], ["infinity"], ["1000"]])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_when_it_is_told_to(arguments: list[str], number: signal.Signals) -> None:
    # Blocked from its start on, so that a signal sent before it waits is kept for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        process = subprocess.Popen([*COMMAND, *arguments])
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    process.send_signal(number)
    assert process.wait(30) == 0
