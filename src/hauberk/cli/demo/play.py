"""How the demo is played: an instance of its own, the story, and nothing left."""

import asyncio
import sys
from pathlib import Path

from rich.console import Console

from hauberk.cli.demo.narrator import Narrator, StepFailed
from hauberk.cli.demo.steps.begin import bookinfo, edges, outside_permissive, permissive
from hauberk.cli.demo.steps.flip import strict, undo
from hauberk.cli.demo.steps.modes import modes
from hauberk.cli.demo.steps.own_ca import own_ca, strangers
from hauberk.cli.demo.story import Story
from hauberk.cli.down import stop_instance
from hauberk.cli.options import paths_of
from hauberk.cli.up import start_detached
from hauberk.errors import ConfigError
from hauberk.node.linux.namespaces import check_environment
from hauberk.runtime.instance import is_running, is_up, purge, read_info
from hauberk.settings import InstancePaths

__all__ = ["play"]

INSTANCE = "demo"
STEPS = (permissive, bookinfo, edges, outside_permissive, strict, modes, own_ca, strangers, undo)
"""The story, in order; the last thing told is that nothing is left."""


def play(*, once: bool) -> None:
    """Start an instance of its own, tell the story, and leave nothing behind; on a terminal stay up until Ctrl-C unless `once`.

    Raises: StepFailed at the first fact that does not hold; ConfigError where a demo is up already.
    """
    check_environment()
    paths = paths_of(INSTANCE)
    if is_up(paths):
        raise ConfigError("A demo is up already. Stop it first: hauberk down --name demo --purge")
    console = Console(highlight=False)
    stay = sys.stdin.isatty() and sys.stdout.isatty() and not once
    links = _host_links()
    purge(paths)
    try:
        console.print("[bold]Hauberk[/]: the mesh of the reference document, on this machine, as you.")
        start_detached(INSTANCE, paths)
        narrator = Narrator(console, {"KUBECONFIG": str(paths.kubeconfig)})
        story = Story(narrator, paths.kubeconfig)
        asyncio.run(_tell(story))
        if stay:
            _stay(console, paths, story)
    except StepFailed:
        console.print(f"[red]✗ The story stops here.[/] Logs were in {paths.logs}; they follow.")
        _print_logs(console, paths)
        raise
    finally:
        processes = _processes(paths)
        stop_instance(paths, purge_state=True)
    _hold_nothing_left(narrator, paths, processes, links)
    console.print(f"\n[bold green]{narrator.held} facts held, none failed.[/]")


async def _tell(story: Story) -> None:
    """Play every step. Raises: StepFailed at the first that does not hold."""
    try:
        for step in STEPS:
            await step(story)
    finally:
        await story.close()


def _stay(console: Console, paths: InstancePaths, story: Story) -> None:
    console.print("\n[bold]The mesh is up.[/] Try, in another terminal:")
    console.print(f"  export KUBECONFIG={paths.kubeconfig}", soft_wrap=True)
    console.print(f"  open {story.url}/productpage\n  hauberk get pods -A -o wide\n  kubectl get peerauthentication -A", soft_wrap=True)
    console.print("Ctrl-C ends it.")
    try:
        asyncio.run(asyncio.Event().wait())
    except KeyboardInterrupt:
        console.print("")


def _processes(paths: InstancePaths) -> list[int]:
    info = read_info(paths)
    return [info.pid, *info.processes.values()] if info else []


def _host_links() -> set[str]:
    return {link.name for link in Path("/sys/class/net").iterdir()}


def _hold_nothing_left(narrator: Narrator, paths: InstancePaths, processes: list[int], links: set[str]) -> None:
    narrator.title("10. Everything is undone")
    alive = [pid for pid in processes if is_running(pid)]
    narrator.hold(not alive, "no process is left", seen=str(alive))
    narrator.hold(not paths.state.exists() and not paths.run.exists(), "no file is left", seen=str(paths.state))
    narrator.hold(_host_links() == links, "no network link is left", seen=str(_host_links() - links))


def _print_logs(console: Console, paths: InstancePaths) -> None:
    for path in sorted(paths.logs.glob("*.log")):
        lines = path.read_text(errors="replace").splitlines()[-15:]
        console.print(f"[dim]{path.name}[/]")
        for line in lines:
            console.print(f"  {line}", markup=False, soft_wrap=True)
