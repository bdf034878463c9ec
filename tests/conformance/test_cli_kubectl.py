"""Our verbs beside the real kubectl, against one API server: what is printed must be equal to the byte."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

KUBECTL = shutil.which("kubectl")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")]

MANIFESTS = """
apiVersion: v1
kind: Service
metadata: {name: details, labels: {app: details}}
spec: {clusterIP: None, ports: [{port: 9080, name: http}], selector: {app: details}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: details-v1, labels: {app: details, version: v1}}
spec:
  selector: {matchLabels: {app: details, version: v1}}
  template:
    metadata: {labels: {app: details, version: v1}}
    spec: {containers: [{name: details, image: "x:1", ports: [{containerPort: 9080}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: texts}
data: {lines: "one\\ntwo\\n", number: "1", yes: "yes", quoted: "a: b", empty: ""}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: details}
spec: {host: details, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: v1, labels: {version: v1}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: details}
spec: {hosts: [details], http: [{route: [{destination: {host: details, subset: v1}}]}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default}
spec: {mtls: {mode: STRICT}}
"""
READS = [
    "get pods -n N",
    "get svc,deploy -n N",
    "get deploy -n N -o wide",
    "get deploy -n N --show-labels",
    "get deploy -n N -L app,version --no-headers",
    "get deploy/details-v1 -n N -o yaml",
    "get deploy/details-v1 -n N -o json",
    "get cm texts -n N -o yaml",
    "get svc,cm -n N -o yaml",
    "get svc -n N -o name",
    "get dr,vs,pa -n N",
    "get peerauthentication -n N",
    "get svc -n N -l app=nothing",
    "get svc nope -n N",
    "get svc details nope -n N",
    "get pods -A",
    "get nosuch",
    "get svc -n N -o jsonpath={.items[*].metadata.name}",
    "get deploy details-v1 -n N -o jsonpath={.spec.template.spec.containers[*].name}",
    "get deploy details-v1 -n N -o jsonpath={.spec}",
    "get dr -n N -o jsonpath={.items[?(@.metadata.name=='details')].spec.trafficPolicy.tls.mode}",
    "get ns N -o jsonpath={.status.phase}",
    "delete svc nope -n N",
    "delete svc nope -n N --ignore-not-found",
    "patch dr nope -n N --type merge -p {}",
    "create namespace N",
    "wait dr/nope -n N --for=condition=Ready --timeout=1s",
    "wait ns/N --for=jsonpath={.status.phase}=Active",
]
EVERYTHING = "get all,cm,dr,vs,pa -n N -o yaml"
WRITES = [
    "apply -n N -f FILE",
    "apply -n N -f CHANGED",
    "apply -n N -f CHANGED",
    'patch deploy details-v1 -n N -p {"spec":{"replicas":3}}',
    'patch deploy details-v1 -n N -p {"spec":{"replicas":3}}',
    'patch dr details -n N --type=merge -p {"spec":{"trafficPolicy":{"tls":{"mode":"DISABLE"}}}}',
    'patch dr details -n N --type=json -p=[{"op":"remove","path":"/spec/subsets"}]',
    'patch dr details -n N -p {"spec":{"host":"x"}}',
    "apply -n N -f FILE",
    "delete dr details -n N",
    "delete cm,vs --all -n N",
    "delete -n N -f FILE --ignore-not-found",
]


@dataclass(frozen=True)
class Typed:
    """What was printed, with ages and identifiers blurred."""

    out: str
    err: str
    code: int


class Shell:
    """Types one line as kubectl and as hauberk."""

    def __init__(self, state: Path) -> None:
        self._env = os.environ | {"KUBECONFIG": str(state / "kubeconfig")}
        self._state = state
        (state / "FILE").write_text(MANIFESTS)
        (state / "CHANGED").write_text(MANIFESTS.replace("x:1", "x:2").replace(", version: v1}}]}", "}}]}").replace('yes: "yes", ', ""))

    def kubectl(self, line: str, namespace: str) -> Typed:
        assert KUBECTL is not None
        return self._type([KUBECTL], line, namespace)

    def hauberk(self, line: str, namespace: str) -> Typed:
        return self._type([sys.executable, "-c", "from hauberk.cli import main; main()"], line, namespace)

    def _type(self, program: list[str], line: str, namespace: str) -> Typed:
        files = {"N": namespace, "ns/N": f"ns/{namespace}", "FILE": str(self._state / "FILE"), "CHANGED": str(self._state / "CHANGED")}
        words = [files.get(word, word) for word in line.split(" ")]
        done = subprocess.run([*program, *words], env=self._env, capture_output=True, text=True, timeout=60, check=False)
        return Typed(_blurred(done.stdout, namespace), _blurred(done.stderr, namespace), done.returncode)


def _blurred(text: str, namespace: str) -> str:
    text = text.replace(namespace, "N")
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID", text)
    text = re.sub(r'(resourceVersion"?: )"\d+"', r"\1RV", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    return re.sub(r"\b\d+[smh]\b *", "AGE ", text)


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    state = Path(mkdtemp(prefix="api"))
    serve = Path(__file__).with_name("serve_api.py")
    process = subprocess.Popen([sys.executable, str(serve), str(state)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    while line := process.stdout.readline():
        if line.strip().isdigit():
            break
    yield Shell(state)
    process.terminate()
    process.wait(20)
    process.stdout.close()
    shutil.rmtree(state)


@pytest.fixture(scope="module")
def filled(shell: Shell) -> str:
    assert shell.kubectl("create namespace N", "filled").code == 0
    assert shell.kubectl("apply -n N -f FILE", "filled").code == 0
    return "filled"


@pytest.mark.parametrize("line", READS)
def test_reading_prints_what_kubectl_prints(shell: Shell, filled: str, line: str) -> None:
    assert shell.hauberk(line, filled) == shell.kubectl(line, filled)


def test_writing_does_and_prints_what_kubectl_does_and_prints(shell: Shell) -> None:
    for namespace, program in (("theirs", shell.kubectl), ("ours", shell.hauberk)):
        assert program("create namespace N", namespace) == Typed("namespace/N created\n", "", 0)
    for line in WRITES:
        assert (line, shell.hauberk(line, "ours")) == (line, shell.kubectl(line, "theirs"))
        assert shell.kubectl("get all,cm,dr,vs,pa -n N -o yaml", "ours") == shell.kubectl("get all,cm,dr,vs,pa -n N -o yaml", "theirs"), (
            line
        )


def test_an_object_that_one_applied_is_unchanged_to_the_other(shell: Shell) -> None:
    shell.kubectl("create namespace N", "both")
    shell.hauberk("apply -n N -f FILE", "both")
    assert {line.rpartition(" ")[2] for line in shell.kubectl("apply -n N -f FILE", "both").out.splitlines()} == {"unchanged"}
    shell.kubectl("apply -n N -f CHANGED", "both")
    assert {line.rpartition(" ")[2] for line in shell.hauberk("apply -n N -f CHANGED", "both").out.splitlines()} == {"unchanged"}
