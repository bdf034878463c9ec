"""The mesh on one machine, measured: start, memory, requests through sidecars beside the same without, and how fast a policy arrives.

    make bench        or        .venv/bin/python bench/mesh.py

Starts an instance of its own and removes it. Bookinfo runs twice in it: in the mesh, and in a namespace outside. The client is
the same program in a pod of each namespace, and asks productpage for a page that it makes by itself, over 8 kept connections.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from tests.netns.instance import BOOKINFO, MTLS, Instance, instance

ROUNDS = 3
SECONDS = 4
LOAD = f"""
import http.client, threading, time
end, counts = time.monotonic() + {SECONDS}, []
def ask():
    connection, done = http.client.HTTPConnection("productpage", 9080, timeout=10), 0
    while time.monotonic() < end:
        connection.request("GET", "/api/v1/products")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        done += 1
    counts.append(done)
threads = [threading.Thread(target=ask) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(sum(counts) / {SECONDS})
"""


def client_pod(namespace: str, *, sidecar: bool) -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: load\n  namespace: {namespace}\n"
        f'  annotations: {{sidecar.istio.io/inject: "{str(sidecar).lower()}"}}\n'
        "spec:\n  terminationGracePeriodSeconds: 1\n  containers: [{name: load, image: hauberk/sleep}]\n"
    )


def requests_per_second(up: Instance, namespace: str) -> float:
    return float(up.run("exec", "load", "-n", namespace, "-c", "load", "--", "python3", "-c", LOAD).out)


def first_page(up: Instance, begun: float) -> list[tuple[str, float]]:
    """What there is between `up` and the first page over mTLS, each in seconds since `begun`."""
    marks = [("instance up", time.monotonic() - begun)]
    up.mesh(MTLS)
    marks.append(("control plane Ready", time.monotonic() - begun))
    up.members("bookinfo")
    url = up.bookinfo()
    marks.append(("Bookinfo Available", time.monotonic() - begun))
    host = url.removeprefix("http://")
    port = host.partition(":")[2] or "80"
    ask = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Host: {host}", f"http://127.0.0.1:{port}/productpage"]
    while subprocess.run(ask, capture_output=True, text=True, check=False).stdout != "200":
        time.sleep(0.02)
    marks.append(("first page over mTLS", time.monotonic() - begun))
    return marks


def proportional_kib(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])  # type: ignore[index]  # every rollup has it


def memory(up: Instance) -> dict[str, list[int]]:
    """Proportional memory (KiB) of each process of the instance, by what it is."""
    found: dict[str, list[int]] = {}
    parents = {int(path.name): int(path.joinpath("stat").read_text().rpartition(")")[2].split()[1]) for path in processes()}
    root = next(entry["pid"] for entry in up.status()["processes"] if entry["name"] == "supervisor")
    for pid in parents:
        ancestor = pid
        while ancestor not in (0, 1, root):
            ancestor = parents.get(ancestor, 0)
        if ancestor == root:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            found.setdefault(name_of(command), []).append(proportional_kib(pid))
    return found


def processes() -> list[Path]:
    return [path for path in Path("/proc").iterdir() if path.name.isdigit() and path.joinpath("stat").exists()]


def name_of(command: str) -> str:
    for pattern, name in (
        (r"runtime\.(supervisor|control_plane|node)", None),
        (r"/envoy -c", "envoy"),
        (r"samples\.bookinfo\.(\w+)", None),
        (r"samples\.sleep", "sleep"),
        (r"sys\.path\.append", "container init"),
    ):
        match = re.search(pattern, command)
        if match:
            return name or match[1]
    return command[:40]


def policy_milliseconds(up: Instance, log: Path, *, mtls: bool) -> float:
    """From the first change that discovery saw of it to the last Envoy's acknowledgement of the last one."""
    known = len(log.read_text().splitlines())
    patch = {"spec": {"security": {"dataPlane": {"mtls": mtls}}}}
    begun = datetime.now(UTC)
    up.run("patch", "smcp", "basic", "-n", "istio-system", "--type=merge", "-p", json.dumps(patch))
    time.sleep(1)  # the last change that comes of it has long arrived
    lines = [json.loads(line) for line in log.read_text().splitlines()[known:] if line.startswith("{")]
    converged = [line for line in lines if line["event"] == "converged"]
    first = min(datetime.fromisoformat(line["timestamp"]) - timedelta(milliseconds=line["milliseconds"]) for line in converged)
    last = max(datetime.fromisoformat(line["timestamp"]) for line in converged)
    assert begun < first
    return (last - first) / timedelta(milliseconds=1)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        with instance(Path(folder), f"bench{os.getpid()}") as up:
            for name, seconds in first_page(up, begun):
                print(f"{name:<28}{seconds:6.2f} s since the start")
            print()
            for name, kib in sorted(memory(up).items()):
                print(f"{name:<28}{len(kib):>3} x {sum(kib) / len(kib) / 1024:6.1f} MiB proportional")
            up.run("create", "namespace", "plain")
            up.run("apply", "-n", "plain", "-f", str(BOOKINFO / "bookinfo.yaml"))
            up.apply(client_pod("plain", sidecar=False))
            up.apply(client_pod("bookinfo", sidecar=True))
            up.run("wait", "-n", "plain", "deployment", "--all", "--for=condition=Available", "--timeout=60s")
            for namespace in ("plain", "bookinfo"):
                up.run("wait", "-n", namespace, "pod/load", "--for=condition=Ready", "--timeout=60s")
            print()
            for _ in range(ROUNDS):
                without, through = (requests_per_second(up, namespace) for namespace in ("plain", "bookinfo"))
                print(
                    f"productpage: {without:7.0f} requests/s without sidecars, {through:7.0f} through both: ratio {through / without:.2f}"
                )
            print()
            log = Path(folder) / "state" / "hauberk" / up.name / "logs" / "control-plane.log"
            for mtls in (False, True) * ROUNDS:
                took = policy_milliseconds(up, log, mtls=mtls)
                print(f"mtls: {str(mtls).lower():<6} first change seen to the last Envoy's ack: {took:6.0f} ms")


if __name__ == "__main__":
    main()
