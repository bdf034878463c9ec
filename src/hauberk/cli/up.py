"""`hauberk up`: start an instance, in this terminal or in the background."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hauberk.cli.inotify import InotifyUse
from hauberk.cli.options import Name, paths_of
from hauberk.errors import EnvironmentProblem
from hauberk.settings import InstancePaths

__all__ = ["start_detached", "up"]


def up(
    name: Name = "default",
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when the mesh is up; it goes on in the background.")] = False,
    api_port: Annotated[int | None, typer.Option(help="Port of the API on 127.0.0.1; by default 6443, or a free one.")] = None,
    http_port: Annotated[int | None, typer.Option(help="Port of the Routes on 127.0.0.1; by default 80, 8080, or a free one.")] = None,
) -> None:
    """Start the mesh on this machine: API server, control plane, node.

    Example: hauberk up --detach && eval "$(hauberk env)"
    """
    from hauberk.node.linux.namespaces import check_environment  # noqa: PLC0415 - keeps `hauberk --help` fast

    check_environment()
    if warning := InotifyUse.of().warning:
        typer.echo(f"Warning: {warning}", err=True)
    paths = paths_of(name)
    if detach:
        start_detached(name, paths, api_port=api_port, http_port=http_port)
        typer.echo(f'The mesh is up. Next: eval "$(hauberk env{_flag(name)})"')
    else:
        _run_here(name, paths, api_port=api_port, http_port=http_port)


def start_detached(name: str, paths: InstancePaths, *, api_port: int | None = None, http_port: int | None = None) -> None:
    """Start the supervisor in a session of its own and wait until everything is ready, printing each step.

    Raises: EnvironmentProblem with the words of the process that could not start.
    """
    from hauberk.runtime.instance import make_folders  # noqa: PLC0415

    make_folders(paths)
    reader, writer = os.pipe()
    spec = json.dumps(
        {
            "name": name,
            "state": str(paths.state),
            "run": str(paths.run),
            "progress_fd": writer,
            "api_port": api_port,
            "http_port": http_port,
        }
    )
    os.set_inheritable(writer, True)
    null, output = str(Path(os.devnull)), str(paths.logs / "supervisor.log")
    mode = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "hauberk.runtime.supervisor", spec],
        os.environ,
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, null, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, output, mode, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as lines:
        for line in lines:
            event = json.loads(line)
            if event["stage"] == "failed":
                raise EnvironmentProblem(event["message"])
            _print_progress(event["stage"], event["process"], event["seconds"])
            if event["stage"] == "up":
                return
    raise EnvironmentProblem(f"The supervisor ended without a word; see {output}.")


def _run_here(name: str, paths: InstancePaths, *, api_port: int | None, http_port: int | None) -> None:
    from hauberk.runtime.supervisor import Progress, supervise  # noqa: PLC0415

    def report(progress: Progress) -> None:
        if progress.stage != "failed":
            _print_progress(progress.stage, progress.process, progress.seconds)
        if progress.stage == "up":
            typer.echo(f'The mesh is up. In another terminal: eval "$(hauberk env{_flag(name)})". Ctrl-C ends it.')

    asyncio.run(supervise(name, paths, report, api_port=api_port, http_port=http_port))


def _print_progress(stage: str, process: str, seconds: float) -> None:
    if stage == "ready":
        typer.echo(f"  {process} ready after {seconds:.1f} s")


def _flag(name: str) -> str:
    return "" if name == "default" else f" --name {name}"
