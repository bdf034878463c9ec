import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hauberk.runtime.instance import InstanceInfo, bind_loopback, make_folders, read_info
from hauberk.runtime.supervisor import Child, Progress, Supervisor
from hauberk.settings import InstancePaths, Ports, Settings

READY = """
import json, os, signal, sys
arguments = dict(argument.lstrip("-").split("=") for argument in sys.argv[2:])
tell = lambda **event: os.write(int(arguments["ready-fd"]), json.dumps(event).encode() + b"\\n")
"""
STEADY = READY + 'tell(event="ready"); signal.pause()'
FAILING = READY + 'tell(event="failed", message="no user namespaces here"); sys.exit(3)'
SILENT = "import sys; sys.exit(7)"


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InstancePaths:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = InstancePaths(state=tmp_path / "state", run=tmp_path / "state" / "run")
    make_folders(made)
    return made


def run(
    paths: InstancePaths, programs: dict[str, str], on_progress: Callable[[Progress, asyncio.Event], None]
) -> tuple[Supervisor, list[Progress]]:
    """Supervise programs of the test's own, each written as a module, until `on_progress` or a failure ends it."""
    seen: list[Progress] = []

    async def supervise() -> Supervisor:
        stop = asyncio.Event()

        def report(progress: Progress) -> None:
            seen.append(progress)
            on_progress(progress, stop)

        with bind_loopback(()) as listener:
            settings = Settings("one", paths, Ports(api=1, http=2))
            supervisor = Supervisor(settings, InstanceInfo("one", os.getpid(), 1, 2, "now"), report, stop)
            children = []
            for name, text in programs.items():
                (paths.state.parent / f"program_{name}.py").write_text(text)
                children.append(Child(name, f"program_{name}", listener, "api"))
            await asyncio.wait_for(supervisor.run(children), 60)
        return supervisor

    return asyncio.run(supervise()), seen


def stop_when_up(progress: Progress, stop: asyncio.Event) -> None:
    if progress.stage == "up":
        stop.set()


def test_it_says_up_once_every_process_is_ready_and_ends_them_all_when_told(paths: InstancePaths) -> None:
    supervisor, seen = run(paths, {"a": STEADY, "b": STEADY}, stop_when_up)
    assert supervisor.failure == ""
    assert sorted((progress.stage, progress.process) for progress in seen) == [
        ("ready", "a"), ("ready", "b"), ("starting", "a"), ("starting", "b"), ("up", ""),
    ]  # fmt: skip
    info = read_info(paths)
    assert info is not None
    assert not any(Path(f"/proc/{pid}").exists() for pid in info.processes.values())


def test_a_process_that_is_killed_is_started_again(paths: InstancePaths) -> None:
    def kill_then_stop(progress: Progress, stop: asyncio.Event) -> None:
        readies.append(progress) if progress.stage == "ready" else None
        if progress.stage == "up":
            info = read_info(paths)
            assert info is not None
            os.kill(info.processes["a"], 9)
        if len(readies) == 2:
            stop.set()

    readies: list[Progress] = []
    supervisor, _ = run(paths, {"a": STEADY}, kill_then_stop)
    assert (supervisor.failure, len(readies)) == ("", 2)


def test_a_process_that_never_comes_up_ends_all_with_its_own_words(paths: InstancePaths) -> None:
    supervisor, seen = run(paths, {"a": FAILING, "b": STEADY}, stop_when_up)
    assert supervisor.failure == "no user namespaces here"
    assert [(progress.process, progress.message) for progress in seen if progress.stage == "failed"] == [("a", "no user namespaces here")]


def test_a_process_that_ends_without_a_word_is_named_with_its_log(paths: InstancePaths) -> None:
    supervisor, _ = run(paths, {"a": SILENT}, stop_when_up)
    assert supervisor.failure == f"a ended with status 7; see {paths.logs / 'a.log'}"
