"""What every process of ours does at its start and its end: settings, life line to the parent, stop signal, readiness."""

import argparse
import asyncio
import ctypes
import json
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from hauberk.runtime.instance import load_settings
from hauberk.settings import Settings

__all__ = ["ProcessArguments", "die_with_parent", "parse_arguments", "stop_on_signals"]

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class ProcessArguments:
    """What the supervisor gave us: the settings, a listening socket, and the pipe on which readiness is told."""

    settings: Settings
    listener_fd: int
    ready_fd: int

    def tell(self, **event: object) -> None:
        """Write one event to the supervisor: `event="ready"`, or `event="failed", message=...`."""
        os.write(self.ready_fd, json.dumps(event).encode() + b"\n")


def parse_arguments(argv: Sequence[str]) -> ProcessArguments:
    """The command line that `runtime/supervisor.py` wrote."""
    parser = argparse.ArgumentParser()
    parser.add_argument("settings")
    parser.add_argument("--api-fd", "--http-fd", dest="listener_fd", type=int, required=True)
    parser.add_argument("--ready-fd", type=int, required=True)
    arguments = parser.parse_args(argv)
    return ProcessArguments(load_settings(arguments.settings), arguments.listener_fd, arguments.ready_fd)


def die_with_parent(number: signal.Signals) -> None:
    """Have the kernel send us `number` when our parent dies, however it dies (prctl(2) PR_SET_PDEATHSIG)."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:  # it died in between
        os.kill(os.getpid(), number)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
