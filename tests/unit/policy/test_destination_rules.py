"""Every rule of facts/istio-mtls.md 2.4 as a row: which DestinationRule applies, and which of its fields gives the TLS settings."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.model.connections import ConnectionPool, ConnectionSettings, LoadBalancer
from hauberk.model.traffic import ClientTls, DestinationRule, Subset, TlsMode, TrafficPolicy
from hauberk.policy.destination_rules import ClientTlsDecision, DestinationRuleIndex, client_settings, client_tls
from tests.unit.model.builders import ROOT, make_rule, make_service

SERVICE = make_service()
HOST = SERVICE.hostname
DISABLE, SIMPLE, MUTUAL, ISTIO = TlsMode.DISABLE, TlsMode.SIMPLE, TlsMode.MUTUAL, TlsMode.ISTIO_MUTUAL


def tls(mode: TlsMode) -> ClientTls:
    return ClientTls(mode)


def chosen(rules: list[DestinationRule], client: str = "client", subset: str = "", port: int = 9080) -> ClientTlsDecision:
    return client_tls(DestinationRuleIndex.of(rules, ROOT).lookup(client, SERVICE), port, subset)


@dataclass(frozen=True)
class Lookup:
    name: str
    rules: list[DestinationRule]
    decided_by: str
    client: str = "client"


WILD = make_rule("wild", "client", "*", SIMPLE)
OPT_OUT = make_rule("optout", ROOT, "*", DISABLE, export_to=(".",))
OWN = make_rule("own", "client", HOST, SIMPLE)
OWNER = make_rule("owner", "bookinfo", HOST, DISABLE)
MESH = make_rule("mesh", ROOT, "*.local", ISTIO)


def make_rule_selecting(name: str, age: int = 0) -> DestinationRule:
    """With a workloadSelector, as the view indexes it for a client that it selects."""
    return replace(make_rule(name, "client", HOST, SIMPLE, age=age), selector=(("app", "a"),))


CHOOSY = make_rule_selecting("choosy")

LOOKUPS = [
    Lookup("nothing", [], ""),
    Lookup("the client's namespace comes first", [OWN, OWNER, MESH], "client/own"),
    Lookup("then the service's", [OWNER, MESH], "bookinfo/owner"),
    Lookup("then the root namespace", [MESH], f"{ROOT}/mesh"),
    Lookup("another namespace's rule does not count", [make_rule("x", "third", HOST, SIMPLE)], ""),
    Lookup("a wildcard of the client's hides an exact one of the service's", [WILD, OWNER], "client/wild"),
    Lookup("exact over wildcard", [make_rule("wild", "client", "*.local", SIMPLE), OWN], "client/own"),
    Lookup("longest wildcard", [WILD, make_rule("loc", "client", "*.local", SIMPLE)], "client/loc"),
    Lookup("a private rule of the service's namespace", [make_rule("p", "bookinfo", HOST, SIMPLE, export_to=(".",)), MESH], f"{ROOT}/mesh"),
    Lookup("exported to the client by name", [make_rule("p", "bookinfo", HOST, SIMPLE, export_to=("client",)), MESH], "bookinfo/p"),
    Lookup("exported to somebody else", [make_rule("p", "bookinfo", HOST, SIMPLE, export_to=("third",)), MESH], f"{ROOT}/mesh"),
    Lookup("a private rule of the root namespace", [make_rule("p", ROOT, "*", SIMPLE, export_to=(".",))], ""),
    Lookup("a private rule counts at home", [make_rule("p", "bookinfo", HOST, SIMPLE, export_to=(".",))], "bookinfo/p", client="bookinfo"),
    Lookup("the own namespace need not be exported to", [make_rule("p", "client", HOST, SIMPLE, export_to=("third",))], "client/p"),
    Lookup("a client in the root namespace heeds the service's owner", [MESH, OWNER], "bookinfo/owner", client=ROOT),
    Lookup(
        "but its private rules first",
        [OPT_OUT, MESH, OWNER],
        f"{ROOT}/optout",
        client=ROOT,
    ),
    Lookup("and the mesh-wide ones at last", [MESH], f"{ROOT}/mesh", client=ROOT),
    Lookup(
        "a specific rule that is not exported to the client hides a wider one that is",
        [make_rule("exact", "bookinfo", HOST, SIMPLE, export_to=("third",)), make_rule("wide", "bookinfo", "*.local", SIMPLE)],
        "",
    ),
    Lookup(
        "one that selects clients before an older one that does not",
        [CHOOSY, make_rule("old", "client", HOST, ISTIO, age=9)],
        "client/choosy",
    ),
    Lookup("of two that select, the older", [make_rule_selecting("new", age=1), make_rule_selecting("old", age=2)], "client/old"),
    Lookup("one that selects clients is for its own namespace", [replace(OWNER, selector=(("app", "a"),)), MESH], f"{ROOT}/mesh"),
    Lookup("a short host that was not resolved is another host", [make_rule("j", ROOT, "details.bookinfo.svc", DISABLE)], ""),
]


@pytest.mark.parametrize("row", LOOKUPS, ids=lambda row: row.name)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_lookup_order(row: Lookup, backwards: bool) -> None:
    decided_by = chosen(row.rules[::-1] if backwards else row.rules, row.client).decided_by
    assert (f"{decided_by.namespace}/{decided_by.name}" if decided_by else "") == row.decided_by


def test_rules_of_one_host_merge_their_subsets_and_the_oldest_policy_stays() -> None:
    old = make_rule("old", "bookinfo", HOST, subsets=(Subset("v1"), Subset("v2")), age=2)
    new = make_rule("new", "bookinfo", HOST, SIMPLE, subsets=(Subset("v2", (("version", "other"),)), Subset("v3")), age=1)
    newest = make_rule("newest", "bookinfo", HOST, DISABLE)
    merged = DestinationRuleIndex.of([newest, new, old], ROOT).lookup("client", SERVICE)
    assert merged is not None
    assert [(subset.name, ref.name) for subset, ref in merged.subsets] == [("v1", "old"), ("v2", "old"), ("v3", "new")]
    assert merged.policy == new.policy
    assert merged.policy_from == new.ref


def test_rules_of_one_host_with_another_export_do_not_merge() -> None:
    old = make_rule("old", "bookinfo", HOST, DISABLE, export_to=("client",), age=2)
    new = make_rule("new", "bookinfo", HOST, SIMPLE, subsets=(Subset("v1"),), age=1)
    index = DestinationRuleIndex.of([new, old], ROOT)
    assert [index.lookup(client, SERVICE).policy_from for client in ("client", "third")] == [old.ref, new.ref]  # type: ignore[union-attr]


def test_nothing_merges_across_namespaces() -> None:
    """So a rule without tls hides the mesh-wide one, and auto mTLS decides (facts/ossm.md 2.2)."""
    assert chosen([make_rule("subsets", "bookinfo", HOST, subsets=(Subset("v1"),)), MESH]).settings is None


@dataclass(frozen=True)
class Settings:
    name: str
    policy: TrafficPolicy | None
    mode: TlsMode | None
    path: str = ""
    subset: TrafficPolicy | None = None
    asked: str = "v1"


TOP = TrafficPolicy(tls(ISTIO))
PORT = "portLevelSettings[9080].tls"
SETTINGS = [
    Settings("no policy is auto", None, None),
    Settings("a policy without tls is auto", TrafficPolicy(), None),
    Settings("top level", TOP, ISTIO, "trafficPolicy.tls"),
    Settings("a port's entry", TrafficPolicy(tls(ISTIO), ((9080, tls(SIMPLE)),)), SIMPLE, f"trafficPolicy.{PORT}"),
    Settings("another port's entry", TrafficPolicy(tls(ISTIO), ((80, tls(SIMPLE)),)), ISTIO, "trafficPolicy.tls"),
    Settings(
        "a port's entry without tls goes back to auto",
        TrafficPolicy(tls(ISTIO), ((9080, None),)),
        None,
        f"trafficPolicy.{PORT}",
    ),
    Settings("a subset's tls", TOP, DISABLE, "subsets[v1].trafficPolicy.tls", TrafficPolicy(tls(DISABLE))),
    Settings("a subset without tls keeps the top one", TOP, ISTIO, "trafficPolicy.tls", TrafficPolicy()),
    Settings("a subset without policy keeps the top one", TOP, ISTIO, "trafficPolicy.tls"),
    Settings(
        "a subset's tls over a port's entry at the top",
        TrafficPolicy(None, ((9080, tls(SIMPLE)),)),
        DISABLE,
        "subsets[v1].trafficPolicy.tls",
        TrafficPolicy(tls(DISABLE)),
    ),
    Settings(
        "a subset's entry for the port",
        TOP,
        MUTUAL,
        f"subsets[v1].trafficPolicy.{PORT}",
        TrafficPolicy(None, ((9080, tls(MUTUAL)),)),
    ),
    Settings(
        "a subset's entry for the port without tls is auto",
        TOP,
        None,
        f"subsets[v1].trafficPolicy.{PORT}",
        TrafficPolicy(tls(SIMPLE), ((9080, None),)),
    ),
    Settings("a subset that was not asked for", TOP, ISTIO, "trafficPolicy.tls", TrafficPolicy(tls(DISABLE)), asked=""),
    Settings("a subset that nobody declared", TOP, ISTIO, "trafficPolicy.tls", TrafficPolicy(tls(DISABLE)), asked="v9"),
]


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_the_field_that_gives_the_settings(row: Settings) -> None:
    rule = make_rule(policy=row.policy, subsets=(Subset("v1", policy=row.subset),))
    decision = chosen([rule], subset=row.asked)
    assert (decision.settings.mode if decision.settings else None, decision.path) == (row.mode, row.path)
    assert decision.decided_by == (rule.ref if row.path else None)


def test_replacing_a_namespace_leaves_the_others() -> None:
    index = DestinationRuleIndex.of([OWN, OWNER], ROOT).with_namespace("client", [])
    assert index == DestinationRuleIndex.of([OWNER], ROOT).with_namespace("client", [])
    assert client_tls(index.lookup("client", SERVICE), 9080).decided_by == OWNER.ref


@given(st.permutations([make_rule(f"r{number}", "bookinfo", HOST, mode, age=number % 3) for number, mode in enumerate(TlsMode)]))
def test_the_order_in_which_rules_arrive_does_not_count(rules: list[DestinationRule]) -> None:
    decision = chosen(rules)
    assert (decision.decided_by.name if decision.decided_by else None) == "r2"


def test_a_decision_reads_as_a_sentence() -> None:
    assert str(chosen([OWNER])) == "DISABLE by DestinationRule bookinfo/owner trafficPolicy.tls"
    assert str(chosen([])) == "auto"


ROUND, RANDOM = (ConnectionSettings(LoadBalancer(word)) for word in ("ROUND_ROBIN", "RANDOM"))
LIMITED = ConnectionSettings(pool=ConnectionPool(max_connections=1))


def test_blocks_of_a_subset_override_and_a_port_stands_for_all_of_them() -> None:
    policy = TrafficPolicy(settings=ROUND, port_settings=((81, LIMITED),))
    rule = make_rule(policy=policy, subsets=(Subset("v1", policy=TrafficPolicy(settings=RANDOM)), Subset("v2")))
    merged = DestinationRuleIndex.of([rule], "istio-system").lookup("bookinfo", make_service())
    found = {(port, subset): client_settings(merged, port, subset) for port in (80, 81) for subset in ("", "v1", "v2")}
    assert found == {
        (80, ""): ROUND,
        (80, "v1"): RANDOM,
        (80, "v2"): ROUND,
        (81, ""): LIMITED,
        (81, "v1"): RANDOM.over(LIMITED),
        (81, "v2"): LIMITED,
    }
    assert client_settings(None, 80) == ConnectionSettings()
