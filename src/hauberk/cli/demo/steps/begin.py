"""Sections 1 and 3 of the walkthrough: a mesh without a `security` section, Bookinfo in it, a client outside."""

import re
from importlib import resources

import httpx2

from hauberk.cli.demo.steps.facts import account_of, hold_policies, print_edges
from hauberk.cli.demo.story import Story
from hauberk.cli.demo.traffic import fetch
from hauberk.k8s import route
from hauberk.proof.telemetry import edges_in

__all__ = ["bookinfo", "edges", "outside_permissive", "permissive"]

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
    await hold_policies(story, "PERMISSIVE")


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
    found = await story.api.get(route.ROUTE, "istio-ingressgateway", "istio-system")
    story.url = f"http://{found['spec']['host']}"
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
    print_edges(story, found)
    expected = {("productpage", "details"), ("productpage", "reviews"), ("reviews", "ratings"), ("istio-ingressgateway", "productpage")}
    between = {(account_of(edge.source), account_of(edge.destination)) for edge in found if edge.mutual_tls}
    missing = {pair for pair in expected if not any(pair[0] in source and pair[1] in target for source, target in between)}
    story.narrator.hold(
        not missing, "the gateway and every pair of services spoke mTLS with their own SPIFFE identities", seen=str(missing)
    )


async def outside_permissive(story: Story) -> None:
    """A client without sidecar under PERMISSIVE."""
    story.narrator.title("4. PERMISSIVE: a client outside the mesh gets an answer, in plaintext")
    await story.narrator.type("create", "namespace", "outside")
    got = await story.ask_from_outside("before")
    story.narrator.hold("status 200" in got, "the client without a sidecar is answered", seen=got)
