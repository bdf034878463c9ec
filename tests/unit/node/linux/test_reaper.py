import signal
import subprocess
import sys

import pytest

from hauberk.node.linux.reaper import exit_status


@pytest.mark.parametrize(
    ("wait_status", "code"),
    [(0, 0), (3 << 8, 3), (255 << 8, 255), (signal.SIGKILL, 137), (signal.SIGTERM, 143), (signal.SIGSEGV | 0x80, 139)],
)
def test_a_signal_counts_from_128(wait_status: int, code: int) -> None:
    assert exit_status(wait_status) == code


INIT = """
import ctypes, os, signal, sys
from hauberk.node.linux.reaper import fork_and_reap

ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans come to us, as to PID 1

def main():
    {main}
    os._exit(5)

fork_and_reap(main, release=lambda: os.write(1, b"released\\n"))
"""


def start_init(main: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", INIT.format(main=main)], stdout=subprocess.PIPE, text=True)


def test_init_ends_with_its_programs_status() -> None:
    with start_init("pass") as init:
        assert init.wait(60) == 5
    with start_init("os.kill(os.getpid(), signal.SIGKILL)") as init:
        assert init.wait(60) == 137


def test_init_reaps_orphans_and_goes_on() -> None:
    # The orphan (child of a child that ends at once) is gone from /proc only when it was reaped.
    main = """
    if (middle := os.fork()) == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)
    os.waitpid(middle, 0)
    while open(f"/proc/{os.getppid()}/task/{os.getppid()}/children").read().split() != [str(os.getpid())]:
        os.sched_yield()
    os.write(1, b"alone\\n")"""
    with start_init(main) as init:
        assert init.stdout
        assert sorted(init.stdout.read().split()) == ["alone", "released"]
        assert init.wait(60) == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGWINCH])
def test_init_passes_signals_on(number: signal.Signals) -> None:
    main = f"""
    signal.pthread_sigmask(signal.SIG_BLOCK, [{number.value}])
    os.write(1, b"ready\\n")
    os._exit(40 + signal.sigwait([{number.value}]))"""
    with start_init(main) as init:
        assert init.stdout
        assert sorted([init.stdout.readline(), init.stdout.readline()]) == ["ready\n", "released\n"]
        init.send_signal(number)
        assert init.wait(60) == 40 + number
