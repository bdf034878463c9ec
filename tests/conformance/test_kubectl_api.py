"""The stock kubectl against the API server: it should not notice that this is not a cluster."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest

from tests.conformance.api_process import ApiProcess, api_process

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(
    KUBECTL is None, reason="kubectl is not on PATH: install it to check against it (https://kubernetes.io/docs/tasks/tools)"
)

_namespaces = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api_process(tmp_path_factory.mktemp("api")) as process:
        yield process


class Kubectl:
    """kubectl in a namespace of its own."""

    def __init__(self, server: ApiProcess, home: Path) -> None:
        self._environment = os.environ | {"KUBECONFIG": str(server.kubeconfig), "HOME": str(home), "LC_ALL": "C"}
        self.namespace = f"t{next(_namespaces)}"
        self.run("create", "namespace", self.namespace)

    def __call__(self, *words: str, stdin: str = "") -> str:
        """The output of a command that succeeds; `stdin` may be indented."""
        code, out, err = self.run("-n", self.namespace, *words, stdin=stdin)
        assert code == 0, f"kubectl {' '.join(words)}: {err}"
        return out

    def fails(self, *words: str, stdin: str = "") -> str:
        """What a command that fails says."""
        code, out, err = self.run("-n", self.namespace, *words, stdin=stdin)
        assert code != 0, f"kubectl {' '.join(words)} succeeded: {out}"
        return err.replace(self.namespace, "NS").strip()

    def run(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        text = f"---\n{stdin}" if stdin.startswith("{") else dedent(stdin)  # kubectl takes a leading brace for JSON
        command, environment = [str(KUBECTL), *words], self._environment
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=environment, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def json(self, *words: str) -> dict[str, object]:
        content: dict[str, object] = json.loads(self("get", *words, "-o", "json"))
        return content


@pytest.fixture
def kubectl(server: ApiProcess, tmp_path: Path) -> Kubectl:
    return Kubectl(server, tmp_path)


DEPLOYMENT = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, labels: {app: web}}
    spec:
      replicas: 0
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers: [{name: main, image: "img:1"}, {name: side, image: "side:1"}]
    """
PEER_AUTHENTICATION = """
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: default}
    spec: {mtls: {mode: STRICT}}
    """


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()]


def test_resources_are_discovered_by_short_names_and_groups(kubectl: Kubectl) -> None:
    table = {row[0]: row[1:] for row in rows(kubectl("api-resources", "--no-headers"))}
    assert table["pods"] == ["po", "v1", "true", "Pod"]
    assert table["peerauthentications"] == ["pa", "security.istio.io/v1", "true", "PeerAuthentication"]
    assert table["servicemeshcontrolplanes"] == ["smcp", "maistra.io/v2", "true", "ServiceMeshControlPlane"]
    assert "networking.istio.io/v1alpha3" in kubectl("api-versions").split()


def test_apply_creates_then_is_unchanged_then_configured(kubectl: Kubectl) -> None:
    said = [
        kubectl("apply", "-f", "-", stdin=DEPLOYMENT),
        kubectl("apply", "-f", "-", stdin=DEPLOYMENT),
        kubectl("apply", "-f", "-", stdin=DEPLOYMENT.replace("img:1", "img:2")),
    ]
    assert said == ["deployment.apps/web created\n", "deployment.apps/web unchanged\n", "deployment.apps/web configured\n"]
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[*].image}") == "img:2 side:1"


def test_a_strict_apply_names_unknown_fields(kubectl: Kubectl) -> None:
    error = kubectl.fails("apply", "-f", "-", stdin=PEER_AUTHENTICATION.replace("mode: STRICT", "mode: STRICT, modee: x"))
    assert 'strict decoding error: unknown field "spec.mtls.modee"' in error


def test_a_list_of_objects_is_applied(kubectl: Kubectl) -> None:
    text = """
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
        - {apiVersion: v1, kind: ServiceAccount, metadata: {name: b}}
        """
    assert kubectl("apply", "-f", "-", stdin=text) == "configmap/a created\nserviceaccount/b created\n"


def test_a_kind_that_nobody_serves_is_told_as_by_a_cluster(kubectl: Kubectl) -> None:
    text = "{apiVersion: networking.istio.io/v1, kind: EnvoyFilter, metadata: {name: x}}"
    assert 'no matches for kind "EnvoyFilter" in version "networking.istio.io/v1"' in kubectl.fails("apply", "-f", "-", stdin=text)


def test_create_and_run_send_protobuf_and_are_understood(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "c", "--from-literal=a=b")
    kubectl("create", "secret", "generic", "s", "--from-literal=a=b")
    kubectl("create", "serviceaccount", "sa")
    kubectl("create", "deployment", "d", "--image=x", "--replicas=0")
    kubectl("create", "service", "clusterip", "svc", "--tcp=80:8080")
    kubectl("run", "p", "--image=localhost/none", "--restart=Never", "--labels=a=b", "--command", "--", "sh", "-c", "true")
    assert kubectl("get", "secret", "s", "-o", "jsonpath={.data.a}") == "Yg=="
    assert kubectl("get", "deploy", "d", "-o", "jsonpath={.spec.replicas}") == "0"
    assert (
        kubectl("get", "svc", "svc", "-o", "jsonpath={.spec.ports}") == '[{"name":"80-8080","port":80,"protocol":"TCP","targetPort":8080}]'
    )
    assert kubectl("get", "pod", "p", "-o", "jsonpath={.spec.containers[0].command}") == '["sh","-c","true"]'
    assert kubectl("get", "pods", "-l", "a=b", "-o", "name") == "pod/p\n"


def test_tables_narrow_and_wide(kubectl: Kubectl) -> None:
    kubectl("run", "p", "--image=x")
    assert rows(kubectl("get", "pods"))[0] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert rows(kubectl("get", "pods"))[1][:4] == ["p", "0/1", "Pending", "0"]
    assert "NODE" in kubectl("get", "pods", "-o", "wide")
    kubectl("apply", "-f", "-", stdin=PEER_AUTHENTICATION)
    assert rows(kubectl("get", "pa"))[0] == ["NAME", "MODE", "AGE"]
    assert rows(kubectl("get", "all"))[1][0] == "pod/p"


@pytest.mark.parametrize(
    ("how", "patch"),
    [
        ("strategic", '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:2"}]}}}}'),
        ("json", '[{"op":"replace","path":"/spec/template/spec/containers/1/image","value":"side:2"}]'),
        ("merge", '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"img:1"},{"name":"side","image":"side:2"}]}}}}'),
    ],
)
def test_patches_of_three_kinds(kubectl: Kubectl, how: str, patch: str) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    assert kubectl("patch", "deploy", "web", "--type", how, "-p", patch) == "deployment.apps/web patched\n"
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[*].image}") == "img:1 side:2"
    assert kubectl("patch", "deploy", "web", "--type", how, "-p", patch) == "deployment.apps/web patched (no change)\n"


def test_label_annotate_edit_and_scale(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    kubectl("label", "deploy", "web", "tier=front")
    kubectl("annotate", "deploy", "web", "note=x")
    assert kubectl("scale", "deploy", "web", "--replicas=3") == "deployment.apps/web scaled\n"
    assert (
        kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}{.metadata.labels.tier}{.metadata.annotations.note}") == "3frontx"
    )
    assert kubectl("label", "deploy", "web", "tier-") == "deployment.apps/web unlabeled\n"
    assert "Expected replicas to be 9" in kubectl.fails("scale", "deploy", "web", "--current-replicas=9", "--replicas=1")


def test_wait_sees_conditions_creation_and_deletion(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "c", "--from-literal=a=b")
    assert kubectl("wait", "--for=jsonpath={.data.a}=b", "cm/c", "--timeout=5s") == "configmap/c condition met\n"
    assert "timed out waiting for the condition" in kubectl.fails("wait", "--for=delete", "cm/c", "--timeout=1s")
    kubectl("run", "p", "--image=x")
    patch = '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}'
    kubectl("patch", "pod", "p", "--subresource=status", "--type=merge", "-p", patch)
    assert kubectl("wait", "--for=condition=Ready", "pod/p", "--timeout=5s") == "pod/p condition met\n"


def test_delete_waits_and_forgives(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "c")
    assert kubectl("delete", "cm", "c") == 'configmap "c" deleted\n'
    assert kubectl("delete", "cm", "c", "--ignore-not-found") == ""
    assert kubectl.fails("delete", "cm", "c") == 'Error from server (NotFound): configmaps "c" not found'
    kubectl("run", "p", "--image=x")
    kubectl("delete", "pod", "p", "--grace-period=30")
    assert kubectl("get", "pods") == ""


def test_a_deleted_namespace_is_gone_with_everything(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "c")
    kubectl("run", "p", "--image=x")
    kubectl("delete", "namespace", kubectl.namespace)
    assert kubectl.fails("get", "namespace", kubectl.namespace) == 'Error from server (NotFound): namespaces "NS" not found'


@pytest.mark.parametrize("cascade", ["foreground", "background"])
def test_deleting_an_owner_takes_its_dependents(kubectl: Kubectl, cascade: str) -> None:
    kubectl("create", "configmap", "own")
    uid = kubectl("get", "cm", "own", "-o", "jsonpath={.metadata.uid}")
    owner = f"{{apiVersion: v1, kind: ConfigMap, name: own, uid: {uid}, blockOwnerDeletion: true}}"
    kubectl("create", "-f", "-", stdin=f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: kid, ownerReferences: [{owner}]}}}}")
    kubectl("delete", "cm", "own", f"--cascade={cascade}")
    kubectl("wait", "--for=delete", "cm/kid", "--timeout=5s")
    assert kubectl("get", "cm", "-o", "name") == ""


def test_a_watch_shows_the_table_as_it_changes(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "before")
    command = [str(KUBECTL), "-n", kubectl.namespace, "get", "cm", "--watch", "--output-watch-events", "--no-headers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kubectl._environment) as watch:
        assert watch.stdout is not None
        lines = iter(watch.stdout.readline, "")
        assert next(lines).split()[:3] == ["ADDED", "before", "0"]
        kubectl("create", "configmap", "w", "--from-literal=a=b")
        assert next(lines).split()[:3] == ["ADDED", "w", "1"]
        kubectl("patch", "cm", "w", "--type=merge", "-p", '{"data":{"x":"y"}}')
        assert next(lines).split()[:3] == ["MODIFIED", "w", "2"]
        kubectl("delete", "cm", "w")
        assert next(lines).split()[:3] == ["DELETED", "w", "2"]
        watch.terminate()


def test_explain_describe_and_raw(kubectl: Kubectl) -> None:
    assert "FIELD: livenessProbe <Probe>" in kubectl("explain", "pod.spec.containers.livenessProbe")
    assert "mode" in kubectl("explain", "pa.spec.mtls")
    kubectl("run", "p", "--image=x")
    assert "Status:" in kubectl("describe", "pod", "p")
    assert kubectl("get", "--raw", "/healthz") == "ok"
    assert json.loads(kubectl("get", "--raw", "/version"))["major"] == "1"


def test_selectors_and_sorting(kubectl: Kubectl) -> None:
    for name, app in (("a", "x"), ("b", "y"), ("c", "x")):
        kubectl("run", name, "--image=x", f"--labels=app={app}")
    assert kubectl("get", "pods", "-l", "app in (x),app!=y", "-o", "name") == "pod/a\npod/c\n"
    assert kubectl("get", "pods", "--field-selector", "metadata.name!=a,status.phase=Pending", "-o", "name") == "pod/b\npod/c\n"
    assert kubectl("get", "pods", "--sort-by=.metadata.labels.app", "-o", "name") == "pod/a\npod/c\npod/b\n"
    assert "field label not supported: spec.image" in kubectl.fails("get", "pods", "--field-selector", "spec.image=x")


def test_who_one_is_and_what_one_may(kubectl: Kubectl) -> None:
    assert rows(kubectl("auth", "whoami"))[1] == ["Username", "admin"]
    assert kubectl("auth", "can-i", "delete", "pods") == "yes\n"
    assert kubectl.run("auth", "can-i", "get", "pods", "--as=bob")[1] == "no\n"
    error = kubectl.fails("get", "pods", "--as=bob")
    assert (
        error
        == 'Error from server (Forbidden): pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "NS"'
    )
    kubectl("create", "serviceaccount", "sa")
    assert kubectl("create", "token", "sa", "--audience=istio-ca").count(".") == 2


def test_without_a_node_logs_and_exec_say_so(kubectl: Kubectl) -> None:
    kubectl("run", "p", "--image=x")
    assert "pod p does not have a host assigned" in kubectl.fails("exec", "p", "--", "ls")
    overrides = '{"spec":{"nodeName":"local"}}'
    kubectl("run", "q", "--image=x", "--overrides", overrides)
    assert "the node does not answer" in kubectl.fails("logs", "q")
    assert "the node does not answer" in kubectl.fails("exec", "q", "--", "ls")


def test_dry_runs_keep_nothing(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", "--dry-run=server", stdin=DEPLOYMENT) == "deployment.apps/web created (server dry run)\n"
    assert kubectl("get", "deploy") == ""
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    changed = DEPLOYMENT.replace("img:1", "img:9")
    code, out, _ = kubectl.run("-n", kubectl.namespace, "diff", "-f", "-", stdin=changed)
    assert (code, "img:9" in out) == (1, True)
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}") == "img:1"
