"""Discovery at 1,000 services, 2,000 endpoints and 1,000 proxies, beside the floor: the same bytes pushed ready-made.

    .venv/bin/python bench/xds.py [--services N] [--proxies N] [--tls mtls|plain] [--rounds N] [--json FILE]

The workload of facts/anchors.md section 1. Simulated proxies run in this process, the server in another: real gRPC streams over
a unix socket, delta ADS, Envoy's order of subscriptions, each response acked. First our server, then the floor, which answers
with the very bytes that ours sent. Time is from the connects (or the change) to the last proxy's last ack, CPU is the server's.
Ends with 1 where a bar does not hold.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # not this folder, in which we would hide the package `xds` that protobufs are in

from bench.discovery import mesh
from bench.discovery.certificates import write_credentials
from bench.discovery.proxies import Proxies

QUIET_SECONDS = 0.15
Figures = dict[str, Any]


class Server:
    """The server's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self, *words: object) -> Figures:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if words:
            self._process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        answer: Figures = json.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def server(what: str, options: argparse.Namespace, folder: Path) -> AsyncIterator[Server]:
    arguments = ("-m", "bench.discovery.server", what, options.tls, str(folder / what), str(folder), str(options.services))
    pipe = asyncio.subprocess.PIPE
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=log)
    running = Server(process)
    try:
        await running.say()
        yield running
    finally:
        process.terminate()
        await process.wait()


async def measure(running: Server, proxies: Proxies, expected: int, *words: object) -> Figures:
    """Make a change (or none: connect) and wait until all is quiet."""
    before = await running.say("usage")
    proxies.received.clear()
    proxies.captured.clear()
    started = time.monotonic()
    if words:
        await running.say(*words)
    else:
        proxies.connect()
        await proxies.all_full.wait()
    while time.monotonic() - max(proxies.received.last, started) < QUIET_SECONDS or len(proxies.received.reached) < expected:
        await asyncio.sleep(0.01)  # what is waited for is the quiet
        assert time.monotonic() - started < 120, f"{len(proxies.received.reached)} of {expected} were reached"
    after = await running.say("usage")
    received = proxies.received
    return {
        "seconds": received.last - started,
        "cpu": after["cpu"] - before["cpu"],
        "proxies": len(received.reached),
        "bytes": dict(received.bytes),
        "messages": dict(received.messages),
        "rss_mb": after["rss_mb"],
        "peak_mb": after["peak_mb"],
    }


def middle(runs: list[Figures]) -> Figures:
    """The run with the median time, with the median CPU."""
    chosen = sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]
    return chosen | {"cpu": median(run["cpu"] for run in runs)}


def keep(proxies: Proxies, folder: Path, change: str | None) -> None:
    """Write what the first proxy of each namespace got, for the floor to send again."""
    for namespace, responses in proxies.captured.items():
        for place, data in enumerate(responses):
            kind = proxies.kind_of(data)
            name = f"{namespace}.{change}.{place}.push" if change else f"{namespace}.{kind}.first"
            (folder / name).write_bytes(data)


async def run_server(what: str, options: argparse.Namespace, folder: Path) -> dict[str, Figures]:
    figures: dict[str, Figures] = {}
    nodes = mesh.proxies(options.proxies, options.services)
    certificates = folder if options.tls == "mtls" else None
    async with server(what, options, folder) as running, asyncio.TaskGroup() as group:
        proxies = Proxies(nodes, f"unix:{folder / what}", certificates, group)
        for label in ("connect, cold", "connect, warm"):
            figures[label] = await measure(running, proxies, len(nodes))
            if what == "ours":
                keep(proxies, folder, None)
            if label == "connect, cold":
                await proxies.disconnect()
                await running.say("usage")
        for name in mesh.CHANGES:
            runs = []
            for turn in range(options.rounds):
                runs.append(await measure(running, proxies, len(nodes), "change", name, turn))
                if what == "ours" and turn == 0:
                    keep(proxies, folder, name)
            figures[name] = middle(runs)
        await proxies.disconnect()
    return figures


def report(ours: dict[str, Figures], floor: dict[str, Figures]) -> None:
    print(f"{'':<18}{'time s':>9}{'floor':>8}{'x':>7}   {'CPU s':>7}{'floor':>8}{'x':>7}   {'MB':>8}  by type")
    for label, one in ours.items():
        base = floor[label]
        sizes = sum(one["bytes"].values()) / 1e6
        kinds = ", ".join(f"{kind} {size / 1e6:.1f}" for kind, size in one["bytes"].items())
        print(
            f"{label:<18}{one['seconds']:>9.3f}{base['seconds']:>8.3f}{one['seconds'] / base['seconds']:>7.2f}   "
            f"{one['cpu']:>7.2f}{base['cpu']:>8.2f}{one['cpu'] / max(base['cpu'], 0.001):>7.2f}   {sizes:>8.1f}  {kinds}"
        )
    for name, figures in (("memory", ours), ("  floor", floor)):
        last = list(figures.values())[-1]
        print(f"{name:<18}{last['rss_mb']:.0f} MB resident, {last['peak_mb']:.0f} MB peak")


def bars(ours: dict[str, Figures], floor: dict[str, Figures]) -> dict[str, bool]:
    """What the design promises, as multiples of the floor where the machine would else decide."""

    def times(label: str, what: str) -> float:
        return float(ours[label][what] / max(floor[label][what], 0.001))

    return {
        "connect, cold: at most 3x the floor's time": times("connect, cold", "seconds") <= 3,
        "connect, cold: at most 3x the floor's CPU": times("connect, cold", "cpu") <= 3,
        "an endpoint: at most 2x the floor's time": times("endpoint", "seconds") <= 2,
        "STRICT: everybody within 0.6 s": ours["strict"]["seconds"] <= 0.6,
        "STRICT: only listeners": set(ours["strict"]["bytes"]) == {"Listener"},
        "DestinationRule: everybody within 0.6 s": ours["destination-rule"]["seconds"] <= 0.6,
        "a new service: everybody within 0.6 s": ours["service"]["seconds"] <= 0.6,
        "memory: under 400 MB resident": max(one["rss_mb"] for one in ours.values()) < 400,
    }


async def run(options: argparse.Namespace) -> int:
    with TemporaryDirectory(prefix="xds") as place:
        folder = Path(place)
        write_credentials(folder)
        ours = await run_server("ours", options, folder)
        floor = await run_server("floor", options, folder)
    size = f"{options.services} services, {2 * options.services} endpoints, {options.proxies} proxies"
    print(f"{size}, {options.tls}; medians of {options.rounds}")
    report(ours, floor)
    held = bars(ours, floor)
    for bar, holds in held.items():
        print(f"  {'holds' if holds else 'FAILS'}  {bar}")
    if options.json:
        options.json.write_text(json.dumps({"ours": ours, "floor": floor, "bars": held}, indent=1))
    return 0 if all(held.values()) else 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--proxies", type=int, default=1000)
    parser.add_argument("--tls", choices=("mtls", "plain"), default="plain")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    sys.exit(uvloop.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
