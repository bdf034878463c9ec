"""Facts that several steps look at."""

from collections.abc import Sequence

from hauberk.cli.demo.story import Story
from hauberk.k8s import networking
from hauberk.k8s.kind import name_of
from hauberk.proof.telemetry import Edge

__all__ = ["account_of", "hold_policies", "mode_missing", "print_edges", "rule_names", "sync_missing"]


async def hold_policies(story: Story, mode: str) -> None:
    """The three PeerAuthentications of the default profile, of which `default` has this mode."""
    seen = await story.policies()
    expected = {"default": mode, "disable-mtls-jaeger-collector": "DISABLE", "grafana-ports-mtls-disabled": "PERMISSIVE"}
    story.narrator.hold(seen == expected, f"three PeerAuthentications, default is {mode}", seen=str(seen))


async def mode_missing(story: Story, mode: str) -> str:
    """Empty once the mesh's PeerAuthentication has this mode, else what there is."""
    seen = await story.policies()
    return "" if seen.get("default") == mode else str(seen)


async def sync_missing(story: Story) -> str:
    """Empty once every Envoy of every mesh has acknowledged all that it was sent."""
    answer = await story.raw_json("/debug/syncz")
    proxies = [proxy for mesh in answer.values() for proxy in mesh]
    stale = [proxy["proxy"] for proxy in proxies if any(known["state"] != "SYNCED" for known in proxy["types"].values())]
    return f"not yet acknowledged by {stale}" if stale else ""


async def rule_names(story: Story) -> set[str]:
    """The names of the mesh's DestinationRules."""
    return {name_of(item) for item in await story.items(networking.DESTINATION_RULE, "istio-system")}


def account_of(principal: str) -> str:
    """The ServiceAccount in a SPIFFE ID."""
    return principal.rsplit("/sa/", 1)[-1]


def print_edges(story: Story, found: Sequence[Edge]) -> None:
    """Two lines an edge, so that both identities stand whole on a terminal of 80 columns."""
    for edge in found:
        how = f"{edge.tls_version} {edge.cipher}" if edge.mutual_tls else "plaintext"
        story.narrator.say(f"{edge.source or '(a client without identity)'}")
        story.narrator.say(f"  -> {edge.destination}   {how}   {edge.connections} connections, {edge.requests} requests")
