"""The steps of the demo, in order; each types what an operator would and checks what came back."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import resources
from time import monotonic
from typing import Any

import httpx2

from hauberk.cli.demo.lab import destination_rule, lab_manifests, make_certificates, outside_client
from hauberk.cli.demo.narrator import Narrator, StepFailed
from hauberk.cli.demo.traffic import Stream, Tally, fetch
from hauberk.proof.telemetry import Edge, Scrape, edges_in, refusals_in

__all__ = ["Story", "tell"]

SMCP = """apiVersion: maistra.io/v2
kind: ServiceMeshControlPlane
metadata: {name: basic, namespace: istio-system}
spec: {version: v2.1}
"""
SMMR = """apiVersion: maistra.io/v1
kind: ServiceMeshMemberRoll
metadata: {name: default, namespace: istio-system}
spec: {members: []}
"""
MTLS_ON = '{"spec":{"security":{"dataPlane":{"mtls":true}}}}'
REQUESTS_PER_SECOND = 50
PATIENCE_SECONDS = 60.0


class Story:
    """What the steps know of the mesh: the narrator who types, and the Route's address once it is there."""

    def __init__(self, narrator: Narrator) -> None:
        self.narrator = narrator
        self.url = ""

    async def json(self, *argv: str) -> Any:
        """The JSON that `hauberk ARGV -o json` prints, unshown."""
        answer = await self.narrator.run(*argv, "-o", "json")
        if answer.code != 0:
            raise StepFailed(f"hauberk {' '.join(argv)}: {answer.err.strip()}")
        return json.loads(answer.out)

    async def apply(self, manifest: str, *, shown: bool = True) -> None:
        """Apply a manifest from standard input."""
        answer = await (self.narrator.type if shown else self.narrator.run)("apply", "-f", "-", stdin=manifest)
        if answer.code != 0:
            raise StepFailed(f"apply: {answer.err.strip()}")

    async def until(self, what: str, holds: Callable[[], Awaitable[str]], *, seconds: float = PATIENCE_SECONDS) -> float:
        """Ask again until `holds` answers an empty string; what it answers else is what was seen. Answers the seconds it took."""
        begun = monotonic()
        while seen := await holds():
            if monotonic() - begun > seconds:
                raise StepFailed(f"{what}: not within {seconds:.0f} s. Seen: {seen[:2000]}")
            await asyncio.sleep(0.05)
        return monotonic() - begun

    async def policies(self) -> dict[str, str]:
        """The PeerAuthentications of istio-system and their modes, as the API has them."""
        listing = await self.json("get", "peerauthentication", "-n", "istio-system")
        return {item["metadata"]["name"]: item["spec"].get("mtls", {}).get("mode", "") for item in listing["items"]}

    async def scrape(self, *namespaces: str) -> list[Scrape]:
        """What each sidecar of `namespaces` counted, through the API's pod proxy."""
        scrapes = []
        for namespace in namespaces:
            for pod in (await self.json("get", "pods", "-n", namespace))["items"]:
                if any(container["name"] == "istio-proxy" for container in pod["spec"]["containers"]):
                    path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}:15090/proxy/stats/prometheus"
                    owner = f"spiffe://cluster.local/ns/{namespace}/sa/{pod['spec']['serviceAccountName']}"
                    scrapes.append(Scrape(owner, (await self.narrator.run("get", "--raw", path)).out))
        return scrapes

    async def ask_from_outside(self, name: str) -> str:
        """Run the sidecar-less client in namespace `outside` and answer what it printed."""
        await self.narrator.type("delete", "pod", name, "-n", "outside", "--ignore-not-found", quiet=True)
        await self.apply(outside_client(name))

        async def ended() -> str:
            phase = (await self.json("get", "pod", name, "-n", "outside"))["status"].get("phase", "")
            return "" if phase in {"Succeeded", "Failed"} else f"phase {phase}"

        await self.until(f"pod {name} ends", ended)
        return (await self.narrator.type("logs", name, "-n", "outside")).out

    async def ask(self, host: str) -> str:
        """What a client with a sidecar gets from http://HOST/, and the HTTP status after it."""
        command = ("curl", "-sS", "-m", "5", "-w", "\nstatus %{http_code}\n", f"http://{host}/")
        return (await self.narrator.type("exec", "client", "-n", "caller", "-c", "client", "--", *command)).out


async def permissive(story: Story) -> None:
    """Section 1: no `security` section."""
    type_ = story.narrator.type
    story.narrator.title("1. A ServiceMeshControlPlane without a security section: PERMISSIVE")
    await type_("create", "namespace", "istio-system")
    await story.apply(SMCP)
    waited = await type_("wait", "smcp/basic", "-n", "istio-system", "--for=condition=Ready", "--timeout=120s")
    story.narrator.hold(waited.code == 0, f"the control plane is Ready after {waited.seconds:.1f} s", seen=waited.err)
    await type_("get", "smcp", "-n", "istio-system")
    await type_("get", "PeerAuthentication", "-n", "istio-system")
    await _hold_table(story, "PERMISSIVE")


async def _hold_table(story: Story, mode: str) -> None:
    seen = await story.policies()
    expected = {"default": mode, "disable-mtls-jaeger-collector": "DISABLE", "grafana-ports-mtls-disabled": "PERMISSIVE"}
    story.narrator.hold(seen == expected, f"three PeerAuthentications, default is {mode}", seen=str(seen))


async def bookinfo(story: Story) -> None:
    """Section 3: Bookinfo in the mesh, through the Route."""
    type_ = story.narrator.type
    story.narrator.title("2. Bookinfo joins the mesh and answers through its Route")
    await type_("create", "namespace", "bookinfo")
    await story.apply(SMMR)
    patch = '[{"op": "add", "path": "/spec/members/-", "value": "bookinfo"}]'
    await type_("patch", "smmr", "default", "--type=json", "-p", patch, "-n", "istio-system")
    with resources.as_file(resources.files("hauberk.samples")) as folder:
        await type_("apply", "-n", "bookinfo", "-f", str(folder / "bookinfo.yaml"), "-f", str(folder / "bookinfo-gateway.yaml"))
    waited = await type_("wait", "-n", "bookinfo", "deployment", "--all", "--for=condition=Available", "--timeout=180s", quiet=True)
    story.narrator.hold(waited.code == 0, f"six Deployments are Available after {waited.seconds:.1f} s more", seen=waited.err)
    await type_("get", "pods", "-n", "bookinfo")
    route = await story.json("get", "route", "istio-ingressgateway", "-n", "istio-system")
    story.url = f"http://{route['spec']['host']}"
    took = await story.until("the page comes", lambda: _page_problem(story))
    story.narrator.say(f"$ curl -s {story.url}/productpage | grep -o '<title>.*</title>'")
    story.narrator.hold(condition_title(await _page(story)), "<title>Simple Bookstore App</title>")
    story.narrator.say(f"The first page came {took:.2f} s after the Deployments were Available.")
    await _three_reviews(story)


def condition_title(page: str) -> bool:
    """Whether the page is Bookinfo's."""
    return "<title>Simple Bookstore App</title>" in page


async def _page(story: Story) -> str:
    return (await fetch(f"{story.url}/productpage")).text


async def _page_problem(story: Story) -> str:
    try:
        page = await _page(story)
    except httpx2.HTTPError as error:
        return f"{type(error).__name__} {error}"
    return "" if condition_title(page) and "Error fetching" not in page else page[:400]


async def _three_reviews(story: Story) -> None:
    seen: dict[str, int] = {}
    for _ in range(60):
        found = re.search(r"reviews-(v\d)", await _page(story))
        if found:
            seen[found[1]] = seen.get(found[1], 0) + 1
        if len(seen) == 3:
            break
    counted = ", ".join(f"{version} {count}x" for version, count in sorted(seen.items()))
    story.narrator.hold(len(seen) == 3, f"all three versions of reviews answer: {counted}", seen=str(seen))


async def edges(story: Story) -> None:
    """Who talked to whom, as Envoy counted it."""
    story.narrator.title("3. Every edge, as the Envoys counted it: identities, TLS version, cipher")
    story.narrator.say("$ hauberk get --raw /api/v1/namespaces/bookinfo/pods/POD:15090/proxy/stats/prometheus   (each pod)")
    found = edges_in(await story.scrape("bookinfo", "istio-system"))
    _print_edges(story, found)
    expected = {("productpage", "details"), ("productpage", "reviews"), ("reviews", "ratings"), ("istio-ingressgateway", "productpage")}
    between = {(_account(edge.source), _account(edge.destination)) for edge in found if edge.mutual_tls}
    missing = {pair for pair in expected if not any(pair[0] in source and pair[1] in target for source, target in between)}
    story.narrator.hold(
        not missing, "the gateway and every pair of services spoke mTLS with their own SPIFFE identities", seen=str(missing)
    )


def _account(principal: str) -> str:
    return principal.rsplit("/sa/", 1)[-1]


def _print_edges(story: Story, found: Sequence[Edge]) -> None:
    """Two lines an edge, so that both identities stand whole on a terminal of 80 columns."""
    for edge in found:
        how = f"{edge.tls_version} {edge.cipher}" if edge.mutual_tls else "plaintext"
        story.narrator.say(f"{edge.source or '(a client without identity)'}")
        story.narrator.say(f"  -> {edge.destination}   {how}   {edge.connections} connections, {edge.requests} requests")


async def outside_permissive(story: Story) -> None:
    """A client without sidecar under PERMISSIVE."""
    story.narrator.title("4. PERMISSIVE: a client outside the mesh gets an answer, in plaintext")
    await story.narrator.type("create", "namespace", "outside")
    got = await story.ask_from_outside("before")
    story.narrator.hold("status 200" in got, "the client without a sidecar is answered", seen=got)


@asynccontextmanager
async def requests_running(story: Story) -> Any:
    """A stream of requests through gateway and sidecars, for the length of the block; none may be lost."""
    async with Stream(f"{story.url}/api/v1/products/0", per_second=REQUESTS_PER_SECOND) as stream:
        await story.until("the stream runs", lambda: _answered(stream.tally))
        yield stream.tally
        already = stream.tally.answered
        await story.until("the stream goes on", lambda: _answered(stream.tally, already + REQUESTS_PER_SECOND))
    tally = stream.tally
    lost = f"{len(tally.lost)} lost: {tally.lost[:3]}"
    story.narrator.hold(not tally.lost, f"{tally.answered} requests ran through the change, 0 were lost", seen=lost)


async def _answered(tally: Tally, at_least: int = 10) -> str:
    return "" if tally.answered >= at_least else f"{tally.answered} answered, {tally.lost[:3]}"


async def strict(story: Story) -> None:
    """Section 2: dataPlane.mtls true, with traffic running through the flip."""
    story.narrator.title("5. dataPlane.mtls: true. STRICT, under traffic")
    async with requests_running(story):
        patched = await story.narrator.type("patch", "smcp", "basic", "-n", "istio-system", "--type=merge", "-p", MTLS_ON)
        story.narrator.hold(patched.code == 0, "patched", seen=patched.err)
        took = await story.until("the table says STRICT", lambda: _not_mode(story, "STRICT"), seconds=20)
        await story.until("every Envoy has it", lambda: _not_synced(story), seconds=20)
        story.narrator.say(f"The table said STRICT {took:.2f} s later; all Envoys have acknowledged it.")
    await story.narrator.type("get", "PeerAuthentication", "-n", "istio-system")
    await _hold_table(story, "STRICT")
    await story.narrator.type("get", "destinationrule", "-n", "istio-system")
    names = {item["metadata"]["name"] for item in (await story.json("get", "dr", "-n", "istio-system"))["items"]}
    story.narrator.hold({"default", "api-server"} <= names, "DestinationRules default and api-server are there", seen=str(names))
    got = await story.ask_from_outside("after")
    story.narrator.hold("refused" in got and "status 200" not in got, "the same client is refused", seen=got)
    refused = refusals_in(await story.scrape("bookinfo"))
    told = ", ".join(f"{one.connections}x from {one.source_address} at {_account(one.destination)} ({one.reason})" for one in refused)
    story.narrator.hold(bool(refused), f"Envoy counted the plaintext that it refused: {told}")


async def _not_mode(story: Story, mode: str) -> str:
    seen = await story.policies()
    return "" if seen.get("default") == mode else str(seen)


async def _not_synced(story: Story) -> str:
    answer = await story.narrator.run("get", "--raw", "/debug/syncz")
    proxies = [proxy for mesh in json.loads(answer.out).values() for proxy in mesh]
    stale = [proxy["proxy"] for proxy in proxies if any(known["state"] != "SYNCED" for known in proxy["types"].values())]
    return f"not yet acknowledged by {stale}" if stale else ""


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


async def _apply_mode(story: Story, server: str, tls: str, *, expect: str, what: str) -> str:
    """Apply the rule, then ask until the answer holds `expect` (a regular expression); answers the last answer."""
    await story.apply(destination_rule(server, tls))
    last = ""

    async def asked() -> str:
        nonlocal last
        command = ("curl", "-sS", "-m", "5", "-w", "\nstatus %{http_code}\n", f"http://{server}.lab/")
        answer = await story.narrator.run("exec", "client", "-n", "caller", "-c", "client", "--", *command)
        last = answer.out + answer.err
        return "" if re.search(expect, last) else last

    await story.until(what, asked, seconds=20)
    await story.ask(f"{server}.lab")
    story.narrator.hold(bool(re.search(expect, last)), what, seen=last)
    return last


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
        lines = (await story.narrator.run("logs", "client", "-n", "caller", "-c", "istio-proxy")).out.splitlines()
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
    found = [edge for edge in edges_in(await story.scrape("lab", "caller")) if _account(edge.destination) == "strict"]
    _print_edges(story, found)
    held = any(_account(edge.source) == "client" and edge.mutual_tls for edge in found)
    story.narrator.hold(held, "Envoy counted spiffe://cluster.local/ns/caller/sa/client to .../ns/lab/sa/strict over mTLS", seen=str(found))


async def undo(story: Story) -> None:
    """Take STRICT away again, under traffic."""
    story.narrator.title("7. Set back: PERMISSIVE again, under traffic")
    async with requests_running(story):
        patch = '[{"op": "remove", "path": "/spec/security"}]'
        await story.narrator.type("patch", "smcp", "basic", "-n", "istio-system", "--type=json", "-p", patch)
        await story.until("the table says PERMISSIVE", lambda: _not_mode(story, "PERMISSIVE"), seconds=20)
        await story.until("every Envoy has it", lambda: _not_synced(story), seconds=20)
    await _hold_table(story, "PERMISSIVE")
    names = {item["metadata"]["name"] for item in (await story.json("get", "dr", "-n", "istio-system"))["items"]}
    story.narrator.hold(not {"default", "api-server"} & names, "DestinationRules default and api-server are gone", seen=str(names))
    got = await story.ask_from_outside("again")
    story.narrator.hold("status 200" in got, "the client outside the mesh is answered again", seen=got)


async def tell(story: Story) -> None:
    """Play every step. Raises: StepFailed at the first that does not hold."""
    for step in (permissive, bookinfo, edges, outside_permissive, strict, modes, undo):
        await step(story)
