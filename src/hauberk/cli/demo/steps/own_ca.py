"""Section 5 of the walkthrough: your own CA in a second mesh, seen from inside a pod; and two meshes that are strangers."""

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hauberk.cli.demo.authority import OwnCa, certificates_in, make_own_ca
from hauberk.cli.demo.story import Story
from hauberk.k8s import core
from hauberk.pki.verify import ChainRefused, verify_chain

__all__ = ["own_ca", "strangers"]

SMCP = """apiVersion: maistra.io/v2
kind: ServiceMeshControlPlane
metadata: {name: certs, namespace: istio-system-certs}
spec:
  version: v2.1
  security:
    dataPlane: {mtls: true}
    certificateAuthority:
      type: Istiod
      istiod: {type: PrivateKey, privateKey: {rootCADir: /etc/cacerts}}
"""
SMMR = """apiVersion: maistra.io/v1
kind: ServiceMeshMemberRoll
metadata: {name: default, namespace: istio-system-certs}
spec: {members: [books2]}
"""
SHOW_CHAIN = """import socket, ssl
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
connection = context.wrap_socket(socket.create_connection(("details", 9080), timeout=5))
for certificate in connection._sslobj.get_unverified_chain(): print(certificate.public_bytes())
"""
"""What `openssl s_client -showcerts` does, for machines without it; public in ssl only from Python 3.13 on."""
ASK = """import urllib.request as u
try: print("status", u.urlopen("http://details.%s:9080/details/0", timeout=5).status)
except Exception as error: print("refused:", error)
"""


async def own_ca(story: Story) -> None:
    """A second control plane with a plugged-in CA; its chain, as a pod of it sees it, equals the files."""
    story.narrator.title("7. Your own CA, in a second mesh beside the first")
    await story.narrator.type("create", "namespace", "istio-system-certs")
    ca = make_own_ca(datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="hauberk-demo-") as name:
        folder = Path(name)
        for file, text in ca.files().items():
            (folder / file).write_text(text)
        story.narrator.say("A root and an intermediate CA were made: root-cert.pem, ca-cert.pem, ca-key.pem, cert-chain.pem.")
        story.narrator.say("As kubectl create secret generic cacerts -n istio-system-certs --from-file=... does:")
        (folder / "cacerts.yaml").write_text(_secret(ca))
        await story.narrator.type("apply", "-f", str(folder / "cacerts.yaml"))
        await story.apply(SMCP)
        wait = ("wait", "smcp/certs", "-n", "istio-system-certs", "--for=condition=Ready", "--timeout=120s")
        waited = await story.narrator.type(*wait)
        story.narrator.hold(waited.code == 0, f"the second control plane is Ready after {waited.seconds:.1f} s", seen=waited.err)
        await story.narrator.type("create", "namespace", "books2")
        await story.apply(SMMR)
        (folder / "books2.yaml").write_text(_two_services())
        await story.narrator.type("apply", "-n", "books2", "-f", str(folder / "books2.yaml"), quiet=True)
        available = ("wait", "-n", "books2", "deployment", "--all", "--for=condition=Available", "--timeout=120s")
        waited = await story.narrator.type(*available, quiet=True)
        story.narrator.hold(waited.code == 0, "productpage and details of books2 are Available", seen=waited.err)
        await _hold_chain(story, ca, folder)


def _secret(ca: OwnCa) -> str:
    metadata = {"name": "cacerts", "namespace": "istio-system-certs"}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": ca.files()})


def _two_services() -> str:
    """Bookinfo's details and productpage."""
    text = (resources.files("hauberk.samples") / "bookinfo.yaml").read_text()
    documents = [document for document in yaml.safe_load_all(text) if document]
    return yaml.safe_dump_all(one for one in documents if any(app in one["metadata"]["name"] for app in ("details", "productpage")))


async def _hold_chain(story: Story, ca: OwnCa, folder: Path) -> None:
    pod = await story.pod_of("books2", "productpage")
    inside = ("exec", pod, "-n", "books2", "-c", "istio-proxy", "--")
    if has_openssl := shutil.which("openssl") is not None:
        seen = await story.narrator.type(*inside, "openssl", "s_client", "-showcerts", "-connect", "details:9080", quiet=True)
    else:
        story.narrator.say("There is no openssl here: a handshake of our own shows the chain, and our own check verifies it.")
        seen = await story.narrator.type(*inside, sys.executable, "-c", SHOW_CHAIN, quiet=True)
    chain = certificates_in(seen.out)
    for place, one in enumerate(chain):
        story.narrator.say(f"│ {place}  {one.subject.rfc4514_string() or _spiffe_id(one)}  (issued by {one.issuer.rfc4514_string()})")
    expected = certificates_in(ca.intermediate) + certificates_in(ca.root)
    story.narrator.hold(len(chain) == 3, "details shows three certificates: leaf, issuing CA, root", seen=seen.out + seen.err)
    story.narrator.hold(chain[1:] == expected, "the second is ca-cert.pem and the third is root-cert.pem, byte for byte")
    identity = "spiffe://cluster.local/ns/books2/sa/bookinfo-details"
    story.narrator.hold(_spiffe_id(chain[0]) == identity, f"the leaf is {identity}", seen=_spiffe_id(chain[0]))
    await _hold_verified(story, chain, folder, has_openssl=has_openssl)


def _spiffe_id(certificate: x509.Certificate) -> str:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return ", ".join(names.get_values_for_type(x509.UniformResourceIdentifier))


async def _hold_verified(story: Story, chain: list[x509.Certificate], folder: Path, *, has_openssl: bool) -> None:
    if has_openssl:
        (folder / "proxy-cert-1.pem").write_bytes(chain[0].public_bytes(Encoding.PEM))
        root, issuing, leaf = (str(folder / name) for name in ("root-cert.pem", "ca-cert.pem", "proxy-cert-1.pem"))
        answer = await story.narrator.tool("openssl", "verify", "-CAfile", root, "-untrusted", issuing, leaf)
        story.narrator.hold(answer.code == 0 and answer.out.strip().endswith("OK"), "openssl verify says OK", seen=answer.out + answer.err)
        return
    try:
        verify_chain(chain[:2], chain[2:], now=datetime.now(UTC))
    except ChainRefused as refusal:
        story.narrator.hold(False, "the leaf verifies up to root-cert.pem", seen=str(refusal))
    story.narrator.hold(True, "the leaf verifies up to root-cert.pem (our own check)")


async def strangers(story: Story) -> None:
    """Neither mesh lets the other in, though both say cluster.local: their roots differ."""
    story.narrator.title("8. A workload of one mesh is a stranger to the other")
    roots = [await story.api.get(core.CONFIG_MAP, "istio-ca-root-cert", namespace) for namespace in ("bookinfo", "books2")]
    first, second = (one["data"]["root-cert.pem"] for one in roots)
    story.narrator.hold(first != second, "bookinfo and books2 trust different roots (ConfigMap istio-ca-root-cert)")
    for source, target in (("books2", "bookinfo"), ("bookinfo", "books2")):
        pod = await story.pod_of(source, "productpage")
        answer = await story.narrator.type("exec", pod, "-n", source, "-c", "productpage", "--", "python3", "-c", ASK % target)
        refused = "refused" in answer.out and "status 200" not in answer.out
        story.narrator.hold(refused, f"{source} does not reach details of {target}, which is STRICT", seen=answer.out + answer.err)
