"""`hauberk status`: what runs, where, and how to reach it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from hauberk.cli.inotify import InotifyUse
from hauberk.cli.options import Name, paths_of

__all__ = ["status"]


def status(
    name: Name = "default",
    output: Annotated[str, typer.Option("--output", "-o", help="table, json or yaml")] = "table",
) -> None:
    """Say whether the mesh is up, its processes with pid and memory, its addresses and files. Exit status 1 where it is down.

    Example: hauberk status
    """
    from hauberk.runtime.instance import is_up, read_info  # noqa: PLC0415 - keeps `hauberk --help` fast

    paths = paths_of(name)
    running, info = is_up(paths), read_info(paths)
    facts: dict[str, object] = {"name": name, "up": running}
    if running and info is not None:
        facts |= {
            "api": f"https://127.0.0.1:{info.api_port}",
            "routes": f"http://<route host>{'' if info.http_port == 80 else f':{info.http_port}'}/",
            "started": info.started,
            "kubeconfig": str(paths.kubeconfig),
            "logs": str(paths.logs),
            "processes": [
                {"name": process, "pid": pid, "resident_kib": _resident_kib(pid)}
                for process, pid in {"supervisor": info.pid, **info.processes}.items()
            ],
        }
        inotify = InotifyUse.of()
        facts["inotify"] = {"used": inotify.used, "limit": inotify.limit, "warning": inotify.warning}
        facts["ports"] = {key: value for key, value in asdict(info).items() if key.endswith("_port")}
    _print(facts, output)
    if not running:
        raise typer.Exit(1)


def _print(facts: dict[str, object], output: str) -> None:
    if output == "json":
        typer.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode())
    elif output == "yaml":
        import yaml  # noqa: PLC0415

        typer.echo(yaml.safe_dump(facts, sort_keys=False).rstrip())
    else:
        typer.echo(_render(facts))


def _render(facts: dict[str, object]) -> str:
    """The facts as lines of `key  value`, processes one a line."""
    if not facts["up"]:
        return f"{facts['name']}: down. Start it: hauberk up --detach --name {facts['name']}"
    lines = [f"{facts['name']}: up since {facts['started']}"]
    lines += [f"  {key:<12}{facts[key]}" for key in ("api", "routes", "kubeconfig", "logs")]
    processes = facts["processes"] if isinstance(facts["processes"], list) else []
    lines += [f"  {entry['name']:<14}pid {entry['pid']:<9}{entry['resident_kib'] // 1024:>5} MiB resident" for entry in processes]
    inotify = facts["inotify"] if isinstance(facts["inotify"], dict) else {}
    lines += [f"  warning: {inotify['warning']}"] if inotify.get("warning") else []
    return "\n".join(lines)


def _resident_kib(pid: int) -> int:
    """Resident memory of a process, 0 where it is gone; of the node's, that of the one that does the work.

    The node is three processes: one in the host's namespaces, the first of the new ones, and the node itself.
    """
    chain = [pid]
    while len(chain) < 3 and len(children := _children(chain[-1])) == 1:
        chain += children
    return max(map(_vm_rss_kib, chain))


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _vm_rss_kib(pid: int) -> int:
    """VmRSS of proc(5)."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS:")), 0)
