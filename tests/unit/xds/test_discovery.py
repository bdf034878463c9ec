from dataclasses import replace

import pytest

from hauberk import names
from hauberk.model.identity import TrustDomain
from hauberk.model.security import MtlsMode
from hauberk.model.traffic import ClientTls, DestinationRule, TlsMode, TrafficPolicy
from hauberk.view.changes import Delete, Put
from hauberk.xds.delta import Nacked, Request, Send
from hauberk.xds.discovery import ConnectionKey, Converged, Discovery, NotYetKnown, Outcome, ProxyRefused, sends_of
from tests.unit.xds.builders import (
    NOW,
    SETTINGS,
    identity,
    make_policy,
    make_slice,
    make_workload,
    milliseconds,
    node_id,
    small_mesh,
)

CDS, EDS, LDS, RDS = names.TYPE_CLUSTER, names.TYPE_ENDPOINT, names.TYPE_LISTENER, names.TYPE_ROUTE
DETAILS = "outbound|9080||details.books.svc.cluster.local"
REVIEWS = "outbound|9080||reviews.books.svc.cluster.local"


def discovery_of_small_mesh() -> Discovery:
    discovery = Discovery(SETTINGS)
    discovery.change(small_mesh(), since=NOW, now=NOW)
    return discovery


def connect(discovery: Discovery, name: str, address: str) -> ConnectionKey:
    return discovery.connect(node_id(name, address), identity(name), now=NOW)


def settle(discovery: Discovery, key: ConnectionKey) -> None:
    """Ask for everything as Envoy does, and ack it all."""
    clusters = ask(discovery, key, CDS)
    endpoints = tuple(one.name for one in clusters.resources if one.name.startswith("outbound"))
    ask(discovery, key, EDS, *endpoints)
    for type_url in (LDS, RDS):
        ack_all(discovery, key)
        ask(discovery, key, type_url, *(() if type_url == LDS else ("9080",)))
    ack_all(discovery, key)


UNANSWERED: dict[tuple[int, ConnectionKey], list[Send]] = {}


def ask(discovery: Discovery, key: ConnectionKey, type_url: str, *subscribe: str) -> Send:
    (send,) = remember(discovery, key, discovery.receive(key, Request(type_url, subscribe), now=NOW))
    return send


def remember(discovery: Discovery, key: ConnectionKey, outcome: Outcome) -> list[Send]:
    sends = sends_of(outcome.effects.get(key, ()))
    UNANSWERED.setdefault((id(discovery), key), []).extend(sends)
    return sends


def ack_all(discovery: Discovery, key: ConnectionKey, *, after: float = 0) -> Converged | None:
    """Ack what was sent, and what comes of it; the news that all is settled, if it came."""
    converged, queue = None, UNANSWERED.setdefault((id(discovery), key), [])
    while queue:
        send = queue.pop(0)
        outcome = discovery.receive(key, Request(send.type_url, nonce=send.nonce), now=NOW + milliseconds(after))
        remember(discovery, key, outcome)
        converged = outcome.converged or converged
    return converged


def written(sends: list[Send]) -> list[tuple[str, list[str], tuple[str, ...]]]:
    return [(send.type_url, [one.name for one in send.resources], send.removed) for send in sends]


def test_a_proxy_gets_its_clusters_and_their_endpoints() -> None:
    discovery = discovery_of_small_mesh()
    key = connect(discovery, "details", "10.244.0.5")
    clusters = {one.name for one in ask(discovery, key, CDS).resources}
    assert {DETAILS, REVIEWS} <= clusters
    assert [one.name for one in ask(discovery, key, EDS, REVIEWS).resources] == [REVIEWS]


def test_a_pod_that_is_not_in_the_mesh_is_not_yet_known() -> None:
    with pytest.raises(NotYetKnown, match="No pod other/details with an address is in the mesh istio-system/basic"):
        discovery_of_small_mesh().connect(node_id("details", "10.244.0.5", "other"), identity("details", "other"), now=NOW)


def test_a_node_id_that_names_another_identitys_pod_is_refused() -> None:
    with pytest.raises(ProxyRefused, match=r"is spiffe://.*sa/details, but the certificate is for .*sa/reviews") as raised:
        discovery_of_small_mesh().connect(node_id("details", "10.244.0.5"), identity("reviews"), now=NOW)
    assert not isinstance(raised.value, NotYetKnown)


def test_a_node_id_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ProxyRefused, match="cannot be read"):
        discovery_of_small_mesh().connect("me", identity("details"), now=NOW)


def test_an_endpoint_change_sends_one_load_assignment_to_each_proxy() -> None:
    discovery = discovery_of_small_mesh()
    one, other = connect(discovery, "details", "10.244.0.5"), connect(discovery, "reviews", "10.244.0.6")
    settle(discovery, one)
    settle(discovery, other)
    changes = [
        Put(make_workload("reviews-2", "10.244.0.7", account="reviews")),
        Put(make_slice("reviews", ("reviews", "10.244.0.6"), ("reviews-2", "10.244.0.7"))),
    ]
    outcome = discovery.change(changes, since=NOW, now=NOW)
    expected = [(EDS, [REVIEWS], ())]
    assert {key: written(sends_of(effects)) for key, effects in outcome.effects.items()} == {one: expected, other: expected}
    first, second = (sends_of(outcome.effects[key])[0].resources[0] for key in (one, other))
    assert first is second, "the same bytes go to all"


def test_a_mesh_wide_mode_sends_one_listener_to_each_proxy() -> None:
    discovery = discovery_of_small_mesh()
    key = connect(discovery, "details", "10.244.0.5")
    settle(discovery, key)
    outcome = discovery.change([Put(make_policy(MtlsMode.STRICT))], since=NOW, now=NOW)
    assert written(sends_of(outcome.effects[key])) == [(LDS, ["virtualInbound"], ())]


def test_a_change_that_no_proxy_sees_sends_nothing_and_is_no_version() -> None:
    discovery = discovery_of_small_mesh()
    key = connect(discovery, "details", "10.244.0.5")
    settle(discovery, key)
    before = discovery.version
    assert discovery.change([Put(make_workload("x", "10.244.9.9", namespace="elsewhere"))], since=NOW, now=NOW) == Outcome()
    assert discovery.version == before


def test_convergence_is_told_once_every_touched_proxy_acked() -> None:
    discovery = discovery_of_small_mesh()
    one, other = connect(discovery, "details", "10.244.0.5"), connect(discovery, "reviews", "10.244.0.6")
    settle(discovery, one)
    settle(discovery, other)
    outcome = discovery.change([Put(make_policy(MtlsMode.STRICT))], since=NOW, now=NOW)
    for key in (one, other):
        remember(discovery, key, outcome)
    assert ack_all(discovery, one, after=5) is None
    assert ack_all(discovery, other, after=12) == Converged(milliseconds(12), 2)


def test_a_proxy_that_goes_away_is_not_waited_for() -> None:
    discovery = discovery_of_small_mesh()
    key = connect(discovery, "details", "10.244.0.5")
    settle(discovery, key)
    discovery.change([Put(make_policy(MtlsMode.STRICT))], since=NOW, now=NOW)
    assert discovery.disconnect(key, now=NOW + milliseconds(3)) == Outcome(converged=Converged(milliseconds(3), 1))
    assert discovery.status() == []


def test_a_pod_that_ends_keeps_what_its_envoy_has() -> None:
    discovery = discovery_of_small_mesh()
    key = connect(discovery, "details", "10.244.0.5")
    settle(discovery, key)
    outcome = discovery.change([Delete(make_workload("details", "10.244.0.5").ref)], since=NOW, now=NOW)
    assert key not in outcome.effects


def test_status_shows_what_each_proxy_was_sent_and_what_it_refused() -> None:
    discovery = discovery_of_small_mesh()
    key = connect(discovery, "details", "10.244.0.5")
    send = ask(discovery, key, LDS)
    outcome = discovery.receive(
        key, Request(LDS, nonce=send.nonce, error="Error adding listener(s) virtualInbound: no such filter"), now=NOW
    )
    assert outcome.effects[key] == (Nacked(LDS, send.nonce, "Error adding listener(s) virtualInbound: no such filter"),)
    stamp = NOW.isoformat()
    assert discovery.status() == [
        {
            "proxy": node_id("details", "10.244.0.5"),
            "identity": identity("details"),
            "connected": stamp,
            "types": {
                "LDS": {
                    "state": "ERROR",
                    "sent": "1",
                    "sentAt": stamp,
                    "acked": "",
                    "ackedAt": None,
                    "nack": "Error adding listener(s) virtualInbound: no such filter",
                    "refused": ["virtualInbound"],
                    "nacked": "1",
                    "nackedAt": stamp,
                }
            },
        }
    ]


def test_an_identity_of_another_trust_domain_of_the_mesh_is_the_pods_own_too() -> None:
    discovery = Discovery(replace(SETTINGS, trust_domain=TrustDomain("new.local"), trust_domain_aliases=(SETTINGS.trust_domain,)))
    discovery.change(small_mesh(), since=NOW, now=NOW)
    assert connect(discovery, "details", "10.244.0.1")


def test_two_pods_of_a_namespace_that_a_rule_tells_apart_never_share_a_plan() -> None:
    """Both stand at the same point and see the same change; only the one that is selected is sent something."""
    discovery = discovery_of_small_mesh()
    chosen, other = connect(discovery, "details", "10.244.0.5"), connect(discovery, "reviews", "10.244.0.6")
    settle(discovery, chosen)
    settle(discovery, other)
    app = (("app", "details"),)
    plain = TrafficPolicy(ClientTls(TlsMode.DISABLE))
    rule = DestinationRule("books", "mine", "reviews.books.svc.cluster.local", plain, selector=app)
    outcome = discovery.change([Put(rule)], since=NOW, now=NOW)
    assert CDS in {send.type_url for send in remember(discovery, chosen, outcome)}
    assert remember(discovery, other, outcome) == []
    ack_all(discovery, chosen)
    again, fresh = connect(discovery, "details", "10.244.0.5"), connect(discovery, "reviews", "10.244.0.6")
    first, second = ({one.name: one.version for one in ask(discovery, key, CDS).resources} for key in (again, fresh))
    assert {name for name in first if first[name] != second[name]} == {REVIEWS}
