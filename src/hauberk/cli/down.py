"""`hauberk down`: stop an instance."""

import contextlib
import os
import select
import signal
from typing import Annotated

import typer

from hauberk.cli.options import Name, paths_of
from hauberk.settings import InstancePaths

__all__ = ["down", "stop_instance"]

PATIENCE_SECONDS = 25.0
"""Longer than the supervisor's own patience with its processes."""


def down(
    name: Name = "default",
    purge: Annotated[bool, typer.Option("--purge", help="Also remove every object, certificate and log that it kept.")] = False,
) -> None:
    """Stop the mesh: pods are ended, ports freed. Objects are kept for the next `hauberk up`, unless --purge.

    Example: hauberk down
    """
    stopped = stop_instance(paths_of(name), purge_state=purge)
    typer.echo(f"The instance {name!r} is down." if stopped else f"The instance {name!r} was not up.")


def stop_instance(paths: InstancePaths, *, purge_state: bool = False) -> bool:
    """End the supervisor and what it started; answers whether it was up.

    The supervisor is asked first (SIGTERM); what does not end within 25 seconds is killed.
    """
    from hauberk.runtime.instance import is_up, purge, read_info  # noqa: PLC0415 - keeps `hauberk --help` fast

    was_up = is_up(paths)
    info = read_info(paths)
    if was_up and info is not None:
        _end(info.pid, PATIENCE_SECONDS)
        for pid in info.processes.values() if is_up(paths) else ():
            _end(pid, 0)
    if purge_state:
        purge(paths)
    return was_up


def _end(pid: int, patience_seconds: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(handle, signal.SIGTERM)
            ended, _, _ = select.select([handle], [], [], patience_seconds)
            if not ended:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                select.select([handle], [], [], 5)
        finally:
            os.close(handle)
