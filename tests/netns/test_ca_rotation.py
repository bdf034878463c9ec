"""A mesh's CA changes in every way while two Envoys talk over fresh mTLS connections all the time: nothing is lost."""

import asyncio
import base64
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from hauberk.client.kubeconfig import Access
from hauberk.pki.certificates import fingerprint, parse_certificates
from tests.netns.authorities import Authority, cacerts, make_authority, make_crl
from tests.netns.instance import MTLS, Instance, cause_of_no_namespaces, instance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("ca"),
    pytest.mark.skipif(bool(cause_of_no_namespaces()), reason=cause_of_no_namespaces()),
]

# The port is TCP to the mesh: so each of the client's connections is one between the sidecars, with a handshake of its own.
SERVER = """
apiVersion: v1
kind: Service
metadata: {name: echo, namespace: shop}
spec:
  selector: {app: echo}
  ports: [{name: tcp-echo, port: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: echo, namespace: shop, labels: {app: echo}, annotations: {sidecar.istio.io/inject: "true"}}
spec:
  containers: [{name: echo, image: hauberk/echo}]
"""
CLIENT = """
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}, annotations: {sidecar.istio.io/inject: "true"}}
spec:
  containers:
  - name: client
    image: localhost/none
    command:
    - python3
    - -u
    - -c
    - |
      import http.client, json, time
      answered, lost = 0, []
      while True:
          try:
              connection = http.client.HTTPConnection("echo", 8080, timeout=5)
              connection.request("GET", "/")
              response = connection.getresponse()
              response.read()
              connection.close()
              if response.status != 200:
                  raise OSError(str(response.status))
              answered += 1
          except Exception as error:
              lost.append(repr(error))
          if answered % 25 == 0 or len(lost) in (1, 10, 100):
              print(json.dumps({"answered": answered, "lost": len(lost), "last": lost[-1:]}))
          time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A STRICT mesh with its own root, and the two talking."""
    with instance(tmp_path_factory.mktemp("ca"), f"ca{os.getpid()}") as up:
        up.mesh(MTLS)
        up.members("shop")
        up.apply(SERVER)
        up.run("wait", "pod/echo", "-n", "shop", "--for=condition=Ready", "--timeout=60s")
        up.apply(CLIENT)
        up.within(60, "the two talk", lambda: tally(up)["answered"] > 100)
        assert tally(up)["lost"] == 0
        yield up


def ask(up: Instance, path: str) -> str:
    """What the API answers, without a process a question: these tests ask often."""

    async def call() -> str:
        client = Access.read(Path(up.environment["KUBECONFIG"])).client()
        try:
            return (await client.http.get(path)).text
        except httpx2.HTTPError:
            return ""
        finally:
            await client.close()

    return asyncio.run(call())


def tally(up: Instance) -> dict[str, Any]:
    """What the client has counted until now."""
    lines = ask(up, "/api/v1/namespaces/shop/pods/client/log?container=client&tailLines=1").splitlines()
    counted = json.loads(lines[-1]) if lines else {}
    return counted if "answered" in counted else {"answered": 0, "lost": 0}  # else the API's word that there is no log yet


def annotation(up: Instance, path: str, name: str) -> str:
    return str(json.loads(ask(up, path))["metadata"]["annotations"].get(name, "{}"))


def rotation(up: Instance) -> str:
    return annotation(up, "/api/v1/namespaces/istio-system/secrets/hauberk-ca-in-use", "hauberk.io/ca-rotation")


def held(up: Instance, pod: str) -> dict[str, Any]:
    return json.loads(annotation(up, f"/api/v1/namespaces/shop/pods/{pod}", "hauberk.io/certificate"))


def has_moved_to(up: Instance, signer: x509.Certificate, *roots: x509.Certificate) -> bool:
    """Whether nothing is under way any more, and both workloads have a leaf by `signer` and trust `roots` alone."""
    wanted = (fingerprint(signer), sorted(map(fingerprint, roots)))
    return rotation(up) == "" and all((held(up, pod)["issuer"], held(up, pod)["roots"]) == wanted for pod in ("echo", "client"))


def move(up: Instance, authority: Authority, manifest: str) -> None:
    """Plug in `authority`, wait for the mesh to be on it, and see that nothing was lost."""
    before = tally(up)
    up.apply(manifest)
    up.within(60, f"move to {authority.certificate.subject}", lambda: has_moved_to(up, authority.certificate, authority.path[-1]))
    up.within(20, "traffic goes on", lambda: tally(up)["answered"] > before["answered"] + 50)
    assert tally(up)["lost"] == before["lost"], tally(up)


def address(up: Instance) -> str:
    """The server's own: by the Service's, the client's sidecar would wrap openssl's TLS into its own."""
    return f"{json.loads(ask(up, '/api/v1/namespaces/shop/pods/echo'))['status']['podIP']}:8080"


def served_chain(up: Instance) -> tuple[x509.Certificate, ...]:
    """What the server's Envoy shows to openssl."""
    command = ("openssl", "s_client", "-showcerts", "-connect", address(up))
    return parse_certificates(up.run("exec", "client", "-n", "shop", "-c", "istio-proxy", "--", *command, check=False).out.encode())


KEPT = "/tmp/kept"
FOLDER = "/var/run/secrets/workload-spiffe-credentials/current"
ROOT = make_authority("Root one")
INTERMEDIATE = make_authority("Intermediate", ROOT, key=rsa.generate_private_key(65537, 2048))
DEEPER = make_authority("Deeper", make_authority("Middle", ROOT))
OTHER = make_authority("Other intermediate", make_authority("Root two"))


def test_from_self_signed_to_an_own_ca_and_to_another_and_back_nothing_is_lost(shop: Instance) -> None:
    secret = shop.json("get", "secret", "istio-ca-secret", "-n", "istio-system")
    own, lost = parse_certificates(base64.b64decode(secret["data"]["ca-cert.pem"])), tally(shop)["lost"]
    move(shop, INTERMEDIATE, cacerts(INTERMEDIATE))
    assert served_chain(shop)[1:] == INTERMEDIATE.path
    move(shop, DEEPER, cacerts(DEEPER))  # another intermediate, the same root
    shop.apply(cacerts(OTHER))  # another root; the control plane is killed in the middle
    shop.within(30, "the change begins", lambda: "step" in rotation(shop))
    os.kill(shop.pid("control-plane"), signal.SIGKILL)
    shop.within(30, "the API is back", lambda: ask(shop, "/readyz"))
    move(shop, OTHER, cacerts(OTHER))
    shop.run("delete", "secret", "cacerts", "-n", "istio-system")
    shop.within(60, "back to the mesh's own root", lambda: has_moved_to(shop, own[0], own[0]))
    assert tally(shop)["lost"] == lost, tally(shop)
    reasons = {event["reason"] for event in shop.json("get", "events", "-n", "istio-system")["items"]}
    assert {"CaCombinedBundle", "CaNewSigner", "CaDone"} <= reasons


def condition(up: Instance, kind: str) -> dict[str, Any]:
    conditions = up.json("get", "smcp", "basic", "-n", "istio-system")["status"]["conditions"]
    return next((dict(one) for one in conditions if one["type"] == kind), {})


def test_a_ca_that_cannot_be_used_is_refused_and_the_one_in_use_stays(shop: Instance) -> None:
    move(shop, INTERMEDIATE, cacerts(INTERMEDIATE))
    shop.apply(cacerts(OTHER, ca_key=b"", cert_chain=b""))  # files that arrive one by one
    shop.within(20, "it is refused", lambda: "HBK0401" in condition(shop, "Reconciled").get("message", ""))
    assert "The CA in use stays in use." in condition(shop, "Reconciled")["message"]
    assert fingerprint(INTERMEDIATE.certificate) == held(shop, "echo")["issuer"]
    warnings = [event for event in shop.json("get", "events", "-n", "istio-system")["items"] if event["type"] == "Warning"]
    assert any("HBK0401 Secret istio-system/cacerts" in event["message"] for event in warnings)
    move(shop, OTHER, cacerts(OTHER))  # and the rest arrives
    shop.within(20, "all is well", lambda: condition(shop, "Reconciled").get("status") == "True")


LIVE = '{"spec":{"security":{"certificateAuthority":{"istiod":{"workloadCertTTLDefault":%s}}}}}'


def test_leaves_that_live_for_seconds_are_renewed_and_nothing_is_lost(shop: Instance) -> None:
    patch = ("patch", "smcp", "basic", "-n", "istio-system", "--type=merge", "-p")
    shop.run(*patch, LIVE % '"30s"')
    brief = make_authority("Brief", ROOT)
    move(shop, brief, cacerts(brief))
    lost, seen = tally(shop)["lost"], {serial_of(shop, "client")}
    shop.within(90, "three leaves", lambda: len(seen_with(shop, seen)) >= 3)
    assert tally(shop)["lost"] == lost, tally(shop)
    shop.run(*patch, LIVE % "null")
    lasting = make_authority("Lasting", ROOT)
    move(shop, lasting, cacerts(lasting))


def seen_with(up: Instance, seen: set[int]) -> set[int]:
    seen.add(serial_of(up, "client"))
    return seen


def handshake(up: Instance, folder: str = FOLDER) -> str:
    """What openssl says of a connection to the server with the client's own certificate, or the one in `folder`."""
    # Until the end of the connection: in TLS 1.3 the server judges a client's certificate after the handshake.
    own = f"-cert {folder}/cert-chain.pem -cert_chain {folder}/cert-chain.pem -key {folder}/key.pem"
    tls = f"openssl s_client -ign_eof -connect {address(up)} {own}"
    program = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | {tls} 2>&1"
    done = up.run("exec", "client", "-n", "shop", "-c", "istio-proxy", "--", "sh", "-c", program, check=False)
    return done.out + done.err


def serial_of(up: Instance, pod: str) -> int:
    command = ("cat", f"{FOLDER}/cert-chain.pem")
    return parse_certificates(up.run("exec", pod, "-n", "shop", "-c", "istio-proxy", "--", *command).out.encode())[0].serial_number


def test_a_revoked_client_is_refused_by_a_real_envoy_and_served_again_once_cleared(shop: Instance) -> None:
    move(shop, INTERMEDIATE, cacerts(INTERMEDIATE))
    assert "200 OK" in handshake(shop)
    shop.apply(cacerts(INTERMEDIATE, ca_crl=make_crl(INTERMEDIATE, [serial_of(shop, "client")])))
    shop.within(30, "the revoked client is refused", lambda: "certificate revoked" in handshake(shop))
    shop.apply(cacerts(INTERMEDIATE, ca_crl=make_crl(INTERMEDIATE, [serial_of(shop, "echo")])))
    # Connections that are open stay open (ADR 23): a client that starts now has none.
    shop.run("delete", "pod", "client", "-n", "shop")
    shop.apply(CLIENT)
    shop.within(60, "a revoked server is refused by its client", lambda: tally(shop)["lost"] > 0)
    assert tally(shop)["answered"] == 0
    assert "200 OK" in handshake(shop)  # the client itself is not revoked any more
    shop.apply(cacerts(INTERMEDIATE))
    shop.within(30, "cleared", lambda: not held(shop, "client")["crl"] and not held(shop, "echo")["crl"])
    answered = tally(shop)["answered"]
    shop.within(30, "served again", lambda: tally(shop)["answered"] > answered + 50)


def test_what_a_revoked_intermediate_has_signed_is_refused_once_another_has_taken_its_place(shop: Instance) -> None:
    stolen, successor = make_authority("Stolen", ROOT), make_authority("Successor", ROOT)
    move(shop, stolen, cacerts(stolen))
    keep = f"rm -rf {KEPT} && cp -rL {FOLDER} {KEPT}"
    shop.run("exec", "client", "-n", "shop", "-c", "istio-proxy", "--", "sh", "-c", keep)
    assert "200 OK" in handshake(shop, KEPT)
    move(shop, successor, cacerts(successor))
    assert "200 OK" in handshake(shop, KEPT), "without a list it holds as long as it lives"
    lists = make_crl(ROOT, [stolen.certificate.serial_number]) + make_crl(successor, [])
    shop.apply(cacerts(successor, ca_crl=lists))
    shop.within(30, "the old leaf is refused", lambda: "200 OK" not in handshake(shop, KEPT))
    assert "200 OK" in handshake(shop)
    before = tally(shop)
    shop.within(20, "traffic goes on", lambda: tally(shop)["answered"] > before["answered"] + 50)
    assert tally(shop)["lost"] == before["lost"]
    shop.apply(cacerts(successor))
    shop.within(30, "cleared", lambda: "200 OK" in handshake(shop, KEPT))
