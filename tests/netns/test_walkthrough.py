"""The reference walkthrough, typed with the tools that its readers have: kubectl, curl, openssl. What is printed is compared.

Sections as in the reference document: 1 PERMISSIVE, 2 STRICT, 3 Bookinfo and the client outside, 4 the modes of
DestinationRule (the demo has a server for each), 5 a CA of one's own.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hauberk.cli.demo.authority import certificates_in, make_own_ca
from hauberk.cli.demo.lab import outside_client
from tests.netns.instance import BOOKINFO, Instance, cause_of_no_namespaces, instance

MISSING = [tool for tool in ("kubectl", "curl", "openssl") if shutil.which(tool) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("walkthrough"),
    pytest.mark.skipif(bool(cause_of_no_namespaces()), reason=cause_of_no_namespaces()),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {' '.join(MISSING)}; `make demo` plays the same story without them"),
]
SPIFFE = "URI:spiffe://cluster.local/ns/{}/sa/bookinfo-details"


@dataclass(frozen=True)
class Shell:
    """bash with the instance's KUBECONFIG; `run` types lines and answers what they printed."""

    up: Instance
    folder: Path

    def run(self, lines: str, *, stdin: str = "", check: bool = True) -> str:
        done = subprocess.run(
            ["/usr/bin/env", "bash", "-c", f"set -u -o pipefail\n{lines}"],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.up.environment,
            timeout=200,
            check=False,
        )
        assert not check or done.returncode == 0, f"{lines}\n{done.stdout}{done.stderr}\n{self.up.logs()}"
        return done.stdout + ("" if check else done.stderr)

    def shows(self, lines: str, pattern: str, *, seconds: float = 20) -> None:
        """What the lines print matches as a whole, now or within `seconds`: a change needs a moment to get through."""
        last = ""

        def holds() -> bool:
            nonlocal last
            last = self.run(lines, check=False)
            return re.fullmatch(pattern, last.strip()) is not None

        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"{lines}\nprinted\n{last}\nnot within {seconds} s\n{pattern}"
            time.sleep(0.05)  # asking again: the deadline is an assertion

    def outside(self, name: str) -> str:
        """What the client without a sidecar, outside the mesh, printed."""
        self.run("kubectl apply -f -", stdin=outside_client(name))
        phase = f"kubectl get pod {name} -n outside -o jsonpath='{{.status.phase}}'"
        self.up.within(60, f"pod {name} ends", lambda: self.run(phase) in ("Succeeded", "Failed"))
        return self.run(f"kubectl logs {name} -n outside")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("walk")
    with instance(folder, f"w{os.getpid()}") as up:
        yield Shell(up, folder)


def policies(mode: str) -> str:
    """The table of the document, with any age."""
    rows = (("NAME", "MODE", "AGE"), ("default", mode, r"\d+s"), ("disable-mtls-jaeger-collector", "DISABLE", r"\d+s"))
    rows += (("grafana-ports-mtls-disabled", "PERMISSIVE", r"\d+s"),)
    return r"\s*\n".join(" +".join(row) for row in rows).replace(r"\d+s", r"[\dmsh]+")


SMCP = """kubectl apply -f - <<EOF
apiVersion: maistra.io/v2
kind: ServiceMeshControlPlane
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
EOF
"""
CURL = """curl -s "http://$(kubectl get route istio-ingressgateway -o jsonpath='{.spec.host}' -n istio-system)"""


def no_security_section_is_permissive(shell: Shell) -> None:
    assert shell.run("kubectl create namespace istio-system") == "namespace/istio-system created\n"
    applied = shell.run(SMCP.format(name="basic", namespace="istio-system", spec="{version: v2.1}"))
    assert applied == "servicemeshcontrolplane.maistra.io/basic created\n"
    shell.run("kubectl wait smcp/basic -n istio-system --for=condition=Ready --timeout=120s")
    row = r'basic +\d+/\d+ +ComponentsReady +\["default"\] +2\.1\.0 +[\dms]+'
    shell.shows("kubectl get smcp -n istio-system", rf"NAME +READY +STATUS +PROFILES +VERSION +AGE\s*\n{row}")
    shell.shows("kubectl get PeerAuthentication -n istio-system", policies("PERMISSIVE"))


def bookinfo_answers_through_its_route(shell: Shell) -> None:
    shell.run("kubectl create namespace bookinfo; kubectl create namespace outside")
    roll = "apiVersion: maistra.io/v1\nkind: ServiceMeshMemberRoll\nmetadata: {name: default}\nspec: {members: []}\n"
    assert shell.run("kubectl apply -n istio-system -f -", stdin=roll) == "servicemeshmemberroll.maistra.io/default created\n"
    patch = '[{"op": "add", "path": "/spec/members/-", "value":"bookinfo"}]'
    patched = shell.run(f"kubectl patch smmr default --type=json -p='{patch}' -n istio-system")
    assert patched == "servicemeshmemberroll.maistra.io/default patched\n"
    shell.shows("kubectl get smmr -n istio-system", r"NAME +READY +STATUS +AGE\s*\ndefault +1/1 +Configured +[\dms]+")
    shell.run(f"kubectl apply -n bookinfo -f {BOOKINFO}/bookinfo.yaml -f {BOOKINFO}/bookinfo-gateway.yaml")
    shell.run("kubectl wait -n bookinfo deployment --all --for=condition=Available --timeout=180s")
    shell.shows(CURL + '/productpage" | grep -o "<title>.*</title>"', "<title>Simple Bookstore App</title>", seconds=60)
    assert shell.outside("before").startswith("status 200")


def mtls_true_is_strict_and_the_client_outside_is_refused(shell: Shell) -> None:
    patch = '{"spec":{"security":{"dataPlane":{"mtls":true}}}}'
    patched = shell.run(f"kubectl patch smcp basic -n istio-system --type=merge -p '{patch}'")
    assert patched == "servicemeshcontrolplane.maistra.io/basic patched\n"
    shell.shows("kubectl get PeerAuthentication -n istio-system", policies("STRICT"))
    rules = (
        r"api-server +kubernetes\.default\.svc\.cluster\.local",
        r"default +\*\.local",
        r"disable-mtls-jaeger-collector +jaeger-collector\.istio-system\.svc",
        "disable-mtls-zipkin +zipkin",
        r"istiod-basic +istiod-basic\.istio-system\.svc\.cluster\.local",
    )
    shell.shows("kubectl get dr -n istio-system", r"NAME +HOST +AGE\s*\n" + r"\s*\n".join(rf"{rule} +[\dms]+" for rule in rules))
    shell.shows(CURL + '/productpage" | grep -o "<title>.*</title>"', "<title>Simple Bookstore App</title>")
    assert shell.outside("after").startswith("refused")


def the_documents_destination_rules_apply_and_disable_against_strict_fails(shell: Shell) -> None:
    details = CURL + """/api/v1/products/0" -m 5 -o /dev/null -w '%{http_code}'"""
    applied = shell.run(f"kubectl apply -n bookinfo -f {BOOKINFO}/destination-rules.yaml")
    assert "destinationrule.networking.istio.io/details created\n" in applied
    shell.shows(details, "200")
    shell.run("""kubectl patch dr details -n bookinfo --type=merge -p '{"spec":{"trafficPolicy":{"tls":{"mode":"DISABLE"}}}}'""")
    shell.shows(details, "5..")
    assert shell.run("kubectl delete dr details -n bookinfo").startswith('destinationrule.networking.istio.io "details" deleted')
    shell.shows(details, "200")


def your_own_ca_is_what_a_pod_sees_and_openssl_verifies_it(shell: Shell) -> None:
    ca = make_own_ca(datetime.now(UTC))
    for name, text in ca.files().items():
        (shell.folder / name).write_text(text)
    shell.run("kubectl create namespace istio-system-certs; kubectl create namespace books2")
    files = " ".join(f"--from-file={name}" for name in ca.files())
    assert shell.run(f"kubectl create secret generic cacerts -n istio-system-certs {files}") == "secret/cacerts created\n"
    istiod = "{type: PrivateKey, privateKey: {rootCADir: /etc/cacerts}}"
    security = f"{{dataPlane: {{mtls: true}}, certificateAuthority: {{type: Istiod, istiod: {istiod}}}}}"
    shell.run(SMCP.format(name="certs", namespace="istio-system-certs", spec=f"{{version: v2.1, security: {security}}}"))
    shell.run("kubectl wait smcp/certs -n istio-system-certs --for=condition=Ready --timeout=120s")
    roll = "apiVersion: maistra.io/v1\nkind: ServiceMeshMemberRoll\nmetadata: {name: default}\nspec: {members: [books2]}\n"
    shell.run("kubectl apply -n istio-system-certs -f -", stdin=roll)
    shell.run(f"kubectl apply -n books2 -f {BOOKINFO}/bookinfo.yaml")
    shell.run("kubectl wait -n books2 deployment details-v1 productpage-v1 --for=condition=Available --timeout=180s")
    pod = shell.run("kubectl -n books2 get pod -l app=productpage -o jsonpath={.items..metadata.name}")
    seen = shell.run(f"kubectl -n books2 exec {pod} -c istio-proxy -- openssl s_client -showcerts -connect details:9080", check=False)
    chain = certificates_in(seen)
    assert chain[1:3] == certificates_in(ca.intermediate) + certificates_in(ca.root), "issuing CA and root equal the files"
    block = seen[seen.index("-----BEGIN CERTIFICATE-----") : seen.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
    (shell.folder / "proxy-cert-1.pem").write_text(block)
    verified = shell.run("openssl verify -CAfile <(cat ca-cert.pem root-cert.pem) ./proxy-cert-1.pem")
    assert verified == "./proxy-cert-1.pem: OK\n"
    assert SPIFFE.format("books2") in shell.run("openssl x509 -noout -ext subjectAltName -in proxy-cert-1.pem")


def a_workload_of_one_mesh_is_a_stranger_to_the_other(shell: Shell) -> None:
    pod = shell.run("kubectl -n books2 get pod -l app=productpage -o jsonpath={.items..metadata.name}")
    program = "import urllib.request as u; print(u.urlopen('http://details.bookinfo:9080/details/0', timeout=5).status)"
    told = shell.run(f'kubectl exec -n books2 {pod} -c productpage -- python3 -c "{program}"', check=False)
    assert "503" in told, told


def set_back_everything_is_as_before(shell: Shell) -> None:
    patch = '[{"op": "remove", "path": "/spec/security"}]'
    shell.run(f"kubectl patch smcp basic -n istio-system --type=json -p '{patch}'")
    shell.shows("kubectl get PeerAuthentication -n istio-system", policies("PERMISSIVE"))
    shell.shows("kubectl get dr default api-server -n istio-system -o name --ignore-not-found", "")
    assert shell.outside("again").startswith("status 200")


SECTIONS = (
    no_security_section_is_permissive,
    bookinfo_answers_through_its_route,
    mtls_true_is_strict_and_the_client_outside_is_refused,
    the_documents_destination_rules_apply_and_disable_against_strict_fails,
    your_own_ca_is_what_a_pod_sees_and_openssl_verifies_it,
    a_workload_of_one_mesh_is_a_stranger_to_the_other,
    set_back_everything_is_as_before,
)
"""One story: each section begins where the one before it ended."""


def test_what_the_document_types_prints_what_it_shows(shell: Shell) -> None:
    for section in SECTIONS:
        section(shell)
