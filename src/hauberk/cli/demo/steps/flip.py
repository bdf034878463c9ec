"""Section 2 of the walkthrough: STRICT and back, while requests run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hauberk.cli.demo.steps.facts import account_of, hold_policies, mode_missing, rule_names, sync_missing
from hauberk.cli.demo.story import Story
from hauberk.cli.demo.traffic import Stream, Tally
from hauberk.proof.telemetry import refusals_in

__all__ = ["strict", "undo"]

MTLS_ON = '{"spec":{"security":{"dataPlane":{"mtls":true}}}}'
REQUESTS_PER_SECOND = 50


@asynccontextmanager
async def requests_running(story: Story) -> AsyncIterator[Tally]:
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
        took = await story.until("the table says STRICT", lambda: mode_missing(story, "STRICT"), seconds=20)
        await story.until("every Envoy has it", lambda: sync_missing(story), seconds=20)
        story.narrator.say(f"The table said STRICT {took:.2f} s later; all Envoys have acknowledged it.")
    await story.narrator.type("get", "PeerAuthentication", "-n", "istio-system")
    await hold_policies(story, "STRICT")
    await story.narrator.type("get", "destinationrule", "-n", "istio-system")
    names = await rule_names(story)
    story.narrator.hold({"default", "api-server"} <= names, "DestinationRules default and api-server are there", seen=str(names))
    got = await story.ask_from_outside("after")
    story.narrator.hold("refused" in got and "status 200" not in got, "the same client is refused", seen=got)
    refused = refusals_in(await story.scrape("bookinfo"))
    told = ", ".join(f"{one.connections}x from {one.source_address} at {account_of(one.destination)} ({one.reason})" for one in refused)
    story.narrator.hold(bool(refused), f"Envoy counted the plaintext that it refused: {told}")


async def undo(story: Story) -> None:
    """Take STRICT away again, under traffic."""
    story.narrator.title("9. Set back: PERMISSIVE again, under traffic")
    async with requests_running(story):
        patch = '[{"op": "remove", "path": "/spec/security"}]'
        await story.narrator.type("patch", "smcp", "basic", "-n", "istio-system", "--type=json", "-p", patch)
        await story.until("the table says PERMISSIVE", lambda: mode_missing(story, "PERMISSIVE"), seconds=20)
        await story.until("every Envoy has it", lambda: sync_missing(story), seconds=20)
    await hold_policies(story, "PERMISSIVE")
    names = await rule_names(story)
    story.narrator.hold(not {"default", "api-server"} & names, "DestinationRules default and api-server are gone", seen=str(names))
    got = await story.ask_from_outside("again")
    story.narrator.hold("status 200" in got, "the client outside the mesh is answered again", seen=got)
