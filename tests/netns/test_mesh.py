"""A whole mesh under STRICT with Bookinfo: who is refused, and what survives when a process of ours is killed."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hauberk.cli.demo.lab import make_certificates
from hauberk.cli.demo.traffic import Stream, fetch
from tests.netns.instance import MTLS, Instance, cause_of_no_namespaces, instance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("mesh"),
    pytest.mark.skipif(bool(cause_of_no_namespaces()), reason=cause_of_no_namespaces()),
]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, str]]:
    """A STRICT mesh with Bookinfo, and the URL of its Route."""
    with instance(tmp_path_factory.mktemp("mesh"), f"m{os.getpid()}") as up:
        up.mesh(MTLS)
        up.members("bookinfo")
        url = up.bookinfo()
        up.run("create", "namespace", "outside")
        yield up, url


def answers(url: str, path: str = "/api/v1/products/0") -> bool:
    """Whether Bookinfo answers through gateway and sidecars."""
    with suppress(httpx2.HTTPError):
        return asyncio.run(fetch(url + path)).status_code == 200
    return False


def output_of(up: Instance, name: str, manifest: str) -> str:
    """What a pod of namespace `outside` printed until it ended."""
    up.apply(manifest)
    phase = ("get", "pod", name, "-n", "outside", "-o", "jsonpath={.status.phase}")
    up.within(60, f"pod {name} ends", lambda: up.run(*phase).out in ("Succeeded", "Failed"))
    return up.run("logs", name, "-n", "outside").out


CLIENT = """
import socket, ssl, sys
raw = socket.create_connection(("details.bookinfo", 9080), timeout=5)
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
%s
try:
    connection = %s
    connection.sendall(b"GET /details/0 HTTP/1.1\\r\\nhost: details\\r\\nconnection: close\\r\\n\\r\\n")
    answer = connection.recv(4096)
    print("answered", answer[:40]) if answer else print("refused: closed without an answer")
except OSError as error:
    print("refused:", error)
"""
TLS = 'context.wrap_socket(raw, server_hostname="details")'


def client_pod(name: str, program: str, files: dict[str, str]) -> str:
    """A pod outside the mesh that runs `program`, with `files` below /etc/stranger."""
    indented = "".join(f"      {line}\n" for line in program.strip().splitlines())
    data = "".join(f"  {key}: |\n" + "".join(f"    {line}\n" for line in text.splitlines()) for key, text in files.items())
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: outside}}\nstringData:\n  none: none\n{data}---\n"
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: outside}}\nspec:\n  restartPolicy: Never\n"
        f"  volumes: [{{name: files, secret: {{secretName: {name}}}}}]\n  containers:\n  - name: ask\n    image: localhost/none\n"
        f"    volumeMounts: [{{name: files, mountPath: /etc/stranger}}]\n    command:\n    - python3\n    - -c\n    - |\n{indented}"
    )


def counted(up: Instance, counter: str) -> int:
    """The sum of an Envoy counter of details' sidecar."""
    pod = up.run("get", "pods", "-n", "bookinfo", "-l", "app=details", "-o", "jsonpath={.items[0].metadata.name}").out
    text = up.run("get", "--raw", f"/api/v1/namespaces/bookinfo/pods/{pod}:15090/proxy/stats/prometheus").out
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(counter + "{"))


@pytest.mark.parametrize(
    ("name", "prepare", "connect", "counter"),
    [
        ("plaintext", "", "raw", "envoy_hauberk_refused_connections_total"),
        ("no-certificate", "", TLS, "envoy_listener_ssl_fail_verify_no_cert"),
        (
            "strangers-certificate",
            'context.load_cert_chain("/etc/stranger/tls.crt", "/etc/stranger/tls.key")',
            TLS,
            "envoy_listener_ssl_fail_verify_error",
        ),
    ],
    ids=["plaintext", "no certificate", "a stranger's certificate"],
)
def test_a_strict_port_refuses(books: tuple[Instance, str], name: str, prepare: str, connect: str, counter: str) -> None:
    up, url = books
    up.within(60, "Bookinfo answers", lambda: answers(url))
    before = counted(up, counter)
    made = make_certificates(datetime.now(UTC))
    files = {"tls.crt": made.client, "tls.key": made.client_key}
    told = output_of(up, name, client_pod(name, CLIENT % (prepare, connect), files))
    assert told.startswith("refused:"), told
    assert counted(up, counter) == before + 1, "Envoy counted it with its reason"


def test_a_killed_control_plane_loses_no_request_and_its_restart_heals(books: tuple[Instance, str]) -> None:
    up, url = books
    up.within(60, "Bookinfo answers", lambda: answers(url))

    async def through_the_kill() -> Any:
        async with Stream(f"{url}/api/v1/products/0", per_second=50) as stream:
            while stream.tally.answered < 20:
                await asyncio.sleep(0.01)
            killed = up.pid("control-plane")
            os.kill(killed, signal.SIGKILL)
            while up.pid("control-plane") == killed:
                await asyncio.sleep(0.05)
            # It has healed when a change reaches an Envoy again: DISABLE towards STRICT fails, and works once it is taken away.
            await asyncio.to_thread(up.run, "get", "namespaces")
            seen = stream.tally.answered
            while stream.tally.answered < seen + 50:
                await asyncio.sleep(0.01)
        return stream.tally

    tally = asyncio.run(through_the_kill())
    assert tally.lost == []
    rule = "apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\nmetadata: {name: details, namespace: bookinfo}\n"
    up.apply(rule + "spec: {host: details, trafficPolicy: {tls: {mode: DISABLE}}}\n")
    up.within(20, "the rule reaches productpage", lambda: not answers(url))
    up.run("delete", "destinationrule", "details", "-n", "bookinfo")
    up.within(20, "and is taken back", lambda: answers(url))


def descendants(pid: int) -> set[int]:
    """A process and all below it."""
    children = {int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()}
    return {pid}.union(*(descendants(child) for child in children))


def host_facts() -> tuple[set[str], int]:
    """Links and mounts of the host's namespaces."""
    return {link.name for link in Path("/sys/class/net").iterdir()}, len(Path("/proc/self/mounts").read_text().splitlines())


def test_a_killed_node_leaves_nothing_and_its_restart_heals(books: tuple[Instance, str]) -> None:
    up, url = books
    up.within(60, "Bookinfo answers", lambda: answers(url))
    facts, node = host_facts(), up.pid("node")
    processes = descendants(node)
    assert len(processes) > 10, "the node has pods"
    os.kill(node, signal.SIGKILL)
    up.within(10, "every process of the node is gone", lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
    assert host_facts() == facts
    up.within(60, "another node is there", lambda: up.pid("node") != node)
    up.within(60, "Bookinfo answers again", lambda: answers(url))
