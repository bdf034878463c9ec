"""Section 4 of the walkthrough: each DestinationRule mode against a server that shows what arrived."""

import re
from datetime import UTC, datetime

from hauberk.cli.demo.lab import destination_rule, lab_manifests, make_certificates
from hauberk.cli.demo.narrator import Answer
from hauberk.cli.demo.steps.facts import account_of, print_edges
from hauberk.cli.demo.story import Story
from hauberk.proof.telemetry import edges_in

__all__ = ["modes"]


async def modes(story: Story) -> None:
    """Section 4: each DestinationRule mode against a server that shows what arrived."""
    story.narrator.title("6. DestinationRule traffic.tls.mode: what arrives, for each of the four")
    await _set_up_lab(story)
    await _disable(story)
    await _simple_and_mutual(story)
    await _istio_mutual(story)


async def _set_up_lab(story: Story) -> None:
    for namespace in ("lab", "caller"):
        await story.narrator.type("create", "namespace", namespace)
        patch = f'[{{"op": "add", "path": "/spec/members/-", "value": "{namespace}"}}]'
        await story.narrator.type("patch", "smmr", "default", "--type=json", "-p", patch, "-n", "istio-system", quiet=True)
    story.narrator.say(
        "Applying lab: plain (HTTP, no sidecar), strict (sidecar), tls and mutual (TLS servers of another CA). And caller: client."
    )
    await story.apply(lab_manifests(make_certificates(datetime.now(UTC))), shown=False)
    for namespace in ("lab", "caller"):
        wait = ("wait", "-n", namespace, "pod", "--all", "--for=condition=Ready", "--timeout=60s")
        waited = await story.narrator.type(*wait, quiet=True)
        story.narrator.hold(waited.code == 0, f"the pods of {namespace} are Ready", seen=waited.err)


async def _apply_mode(story: Story, server: str, tls: str, *, expect: str, what: str) -> None:
    """Apply the rule, then ask until the answer holds `expect` (a regular expression); the last answer is shown."""
    await story.apply(destination_rule(server, tls))
    command = ("curl", "-sS", "-m", "5", "-w", "\nstatus %{http_code}\n", f"http://{server}.lab/")
    asking = ("exec", "client", "-n", "caller", "-c", "client", "--", *command)
    last = Answer("", "", 0, 0.0)

    async def asked() -> str:
        nonlocal last
        last = await story.narrator.run(*asking)
        return "" if re.search(expect, last.out + last.err) else last.out + last.err

    await story.until(what, asked, seconds=20)
    story.narrator.retell(asking, last)
    story.narrator.hold(bool(re.search(expect, last.out + last.err)), what, seen=last.out + last.err)


async def _disable(story: Story) -> None:
    await _apply_mode(
        story, "plain", "{mode: DISABLE}", expect=r'"tls": null', what="DISABLE: plaintext arrives at a server outside the mesh"
    )
    await _apply_mode(story, "strict", "{mode: DISABLE}", expect=r"status 503", what="DISABLE towards a STRICT server fails")
    await _envoy_said(story, "strict.lab", r"upstream_reset_before_response_started\{connection_termination\}")


async def _envoy_said(story: Story, host: str, words: str) -> None:
    """Show the line that the client's Envoy logged about a request to `host` that it failed, and hold it to `words`."""
    line = ""

    async def logged() -> str:
        nonlocal line
        lines = (await story.raw("/api/v1/namespaces/caller/pods/client/log?container=istio-proxy")).splitlines()
        line = next((one for one in reversed(lines) if f" {host}/ " in one and re.search(words, one)), "")
        return "" if line else "\n".join(lines[-3:])

    await story.until(f"Envoy logs {words}", logged, seconds=10)
    story.narrator.say("$ hauberk logs client -n caller -c istio-proxy | tail -1")
    story.narrator.say(f"│ {line}")
    story.narrator.hold(bool(line), "Envoy says why")


async def _simple_and_mutual(story: Story) -> None:
    authority = "caCertificates: /etc/lab/ca.crt"
    what = "SIMPLE: TLS arrives without a client certificate, the server's certificate was verified"
    await _apply_mode(
        story, "tls", f"{{mode: SIMPLE, {authority}}}", expect=r'(?s)"version": "TLSv1.3".*"client_certificate": null', what=what
    )
    await _apply_mode(story, "tls", "{mode: SIMPLE}", expect=r"status 503", what="SIMPLE with the wrong CA fails")
    await _envoy_said(story, "tls.lab", "CERTIFICATE_VERIFY_FAILED")
    what = "SIMPLE towards a server that demands a client certificate fails"
    await _apply_mode(story, "mutual", f"{{mode: SIMPLE, {authority}}}", expect=r"status 503", what=what)
    await _envoy_said(story, "mutual.lab", "CERTIFICATE_REQUIRED|connection_termination|remote_reset")
    files = "clientCertificate: /etc/lab/tls.crt, privateKey: /etc/lab/tls.key"
    what = "MUTUAL: the client certificate lab-client arrives"
    await _apply_mode(story, "mutual", f"{{mode: MUTUAL, {files}, {authority}}}", expect=r"commonName=lab-client", what=what)


async def _istio_mutual(story: Story) -> None:
    what = "ISTIO_MUTUAL: the STRICT server is reached with the mesh's own certificates"
    await _apply_mode(story, "strict", "{mode: ISTIO_MUTUAL}", expect=r"status 200", what=what)
    found = [edge for edge in edges_in(await story.scrape("lab", "caller")) if account_of(edge.destination) == "strict"]
    print_edges(story, found)
    held = any(account_of(edge.source) == "client" and edge.mutual_tls for edge in found)
    story.narrator.hold(held, "Envoy counted spiffe://cluster.local/ns/caller/sa/client to .../ns/lab/sa/strict over mTLS", seen=str(found))
