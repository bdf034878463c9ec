"""What PID 1 of a PID namespace does: reap orphans, pass signals on, end with its main child's status.

Standard library only and quick to import; used by the node's init and stub, and by the init of a container.
"""

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Final, NoReturn

__all__ = ["FORWARDED", "exit_status", "fork_and_reap", "reap_until"]

FORWARDED: Final = frozenset({
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGCONT,
})  # fmt: skip
"""Signals that init passes to its main child. They are blocked in init: the kernel does not deliver a signal to PID 1 that it
does not handle, and a blocked one waits for `sigwait`."""


def exit_status(status: int) -> int:
    """A wait status as a shell and Kubernetes have it: the exit code, or 128+n after signal n."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def block_forwarded() -> None:
    """Keep the forwarded signals waiting; before the fork, so that none is lost between fork and `reap_until`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {*FORWARDED, signal.SIGCHLD})


def unblock_all() -> None:
    """Let a child that is to be an ordinary process have all its signals."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def reap_until(child: int) -> int:
    """Wait for every child, orphans too, and pass signals on to `child`, until that one ends; returns its exit status.

    `block_forwarded` must have been called before `child` was made.
    """
    while True:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                if ended[0] == child:
                    return exit_status(ended[1])
        number = signal.sigwait({*FORWARDED, signal.SIGCHLD})
        if number != signal.SIGCHLD:
            os.kill(child, number)


def fork_and_reap(main: Callable[[], NoReturn], *, release: Callable[[], None] = lambda: None) -> NoReturn:
    """Run `main` in a child and be its init: this process ends with the child's status. `release` runs in init, after the fork."""
    block_forwarded()
    child = os.fork()
    if child == 0:
        unblock_all()
        main()
    release()
    os._exit(reap_until(child))
