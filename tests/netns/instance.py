"""A whole instance for a test: its own state folder, ports and name; commands typed as a user would."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hauberk.runtime.instance import is_running

BOOKINFO = Path(__file__).resolve().parents[2] / "src" / "hauberk" / "samples"
SMCP = """apiVersion: maistra.io/v2
kind: ServiceMeshControlPlane
metadata: {name: basic, namespace: istio-system}
spec: {version: v2.1%s}
"""
MTLS = ", security: {dataPlane: {mtls: true}}"


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command printed and how it ended."""

    out: str
    err: str
    code: int


@dataclass(slots=True)
class Instance:
    """An instance that is up."""

    name: str
    environment: dict[str, str]
    facts: dict[str, Any] = field(default_factory=dict)

    def run(self, *argv: str, stdin: str = "", check: bool = True) -> Typed:
        """Run `hauberk ARGV`; with `check`, a failure fails the test with its words."""
        done = subprocess.run(
            [sys.executable, "-m", "hauberk", *argv],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=180,
            check=False,
        )
        assert not check or done.returncode == 0, f"hauberk {' '.join(argv)}: {done.stdout}{done.stderr}"
        return Typed(done.stdout, done.stderr, done.returncode)

    def json(self, *argv: str) -> Any:
        return json.loads(self.run(*argv, "-o", "json").out)

    def json_raw(self, path: str) -> Any:
        return json.loads(self.run("get", "--raw", path).out)

    def apply(self, manifest: str) -> None:
        self.run("apply", "-f", "-", stdin=manifest)

    def status(self) -> dict[str, Any]:
        done = self.run("status", "--name", self.name, "-o", "json", check=False)
        return json.loads(done.out)

    def pid(self, process: str) -> int:
        return next(entry["pid"] for entry in self.status()["processes"] if entry["name"] == process)

    def within(self, seconds: float, what: str, holds: Callable[[], Any]) -> Any:
        """What `holds` answers once it is true; asks again until then."""
        deadline = time.monotonic() + seconds
        while not (answer := holds()):
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s\n{self.logs()}"
            time.sleep(0.05)  # asking again, not waiting for luck: the deadline is an assertion
        return answer

    def logs(self) -> str:
        folder = Path(self.environment["XDG_STATE_HOME"]) / "hauberk" / self.name / "logs"
        return "\n".join(
            f"== {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-30:]) for path in sorted(folder.glob("*.log"))
        )

    def mesh(self, spec: str = "") -> None:
        """A control plane `basic` in istio-system, Ready."""
        self.run("create", "namespace", "istio-system")
        self.apply(SMCP % spec)
        self.run("wait", "smcp/basic", "-n", "istio-system", "--for=condition=Ready", "--timeout=120s")

    def members(self, *namespaces: str) -> None:
        """Namespaces that exist, and a member roll that lists them."""
        for namespace in namespaces:
            self.run("create", "namespace", namespace)
        listed = ", ".join(namespaces)
        roll = "apiVersion: maistra.io/v1\nkind: ServiceMeshMemberRoll\nmetadata: {name: default, namespace: istio-system}\n"
        self.apply(f"{roll}spec: {{members: [{listed}]}}\n")

    def bookinfo(self) -> str:
        """Bookinfo, available; answers the Route's URL."""
        self.run("apply", "-n", "bookinfo", "-f", str(BOOKINFO / "bookinfo.yaml"), "-f", str(BOOKINFO / "bookinfo-gateway.yaml"))
        self.run("wait", "-n", "bookinfo", "deployment", "--all", "--for=condition=Available", "--timeout=180s")
        host = self.json("get", "route", "istio-ingressgateway", "-n", "istio-system")["spec"]["host"]
        return f"http://{host}"


@contextmanager
def instance(tmp_path: Path, name: str) -> Iterator[Instance]:
    """Start an instance below `tmp_path`, and make sure that nothing of it is left."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "KUBE"))}
    environment |= {"XDG_STATE_HOME": str(tmp_path / "state"), "KUBECONFIG": str(tmp_path / "state" / "hauberk" / name / "kubeconfig")}
    made = Instance(name, environment)
    made.run("up", "--detach", "--name", name)
    try:
        yield made
    finally:
        processes = [entry["pid"] for entry in made.status().get("processes", [])]
        made.run("down", "--purge", "--name", name)
    assert [pid for pid in processes if is_running(pid)] == []
    assert not (tmp_path / "state" / "hauberk" / name).exists()


def cause_of_no_namespaces() -> str:
    """Why no instance can run here, empty where one can."""
    from hauberk.errors import EnvironmentProblem
    from hauberk.node.linux.namespaces import check_environment

    try:
        check_environment()
    except EnvironmentProblem as problem:
        return str(problem)
    return ""


__all__ = ["BOOKINFO", "MTLS", "SMCP", "Instance", "Typed", "cause_of_no_namespaces", "instance"]
