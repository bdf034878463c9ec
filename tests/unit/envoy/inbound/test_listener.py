"""Filter chains: the table of facts/istio-mtls.md 1.3, chain by chain."""

from typing import Any

import pytest

from hauberk.envoy import messages as m
from hauberk.envoy.inbound.listener import build_inbound_listener
from hauberk.envoy.inbound.specs import InboundPort, InboundSpec
from hauberk.model.security import MtlsMode
from hauberk.model.service import PortKind
from tests.unit.envoy.builders import as_dict

HTTP, TCP, AUTO = PortKind.HTTP, PortKind.TCP, PortKind.AUTO
STRICT, PERMISSIVE, DISABLE = MtlsMode.STRICT, MtlsMode.PERMISSIVE, MtlsMode.DISABLE
H = ("istio-http/1.0", "istio-http/1.1", "istio-h2")
T = ("istio-peer-exchange", "istio")
A = (*T, *H)
P = ("http/1.1", "h2c")
TLS, RAW = "tls", "raw_buffer"

# (mode, kind): transport, ALPN, whether TLS ends here
TABLE = {
    (PERMISSIVE, AUTO): {(TLS, H, True), (RAW, P, False), (TLS, T, True), (RAW, (), False), (TLS, (), False)},
    (PERMISSIVE, HTTP): {(TLS, A, True), (RAW, (), False)},
    (PERMISSIVE, TCP): {(TLS, A, True), (TLS, (), False), (RAW, (), False)},
    # With PERMISSIVE's own terminating chains, which these cover.
    (STRICT, AUTO): {(TLS, H, True), (TLS, T, True), (TLS, (), True)},
    (STRICT, HTTP): {(TLS, A, True), (TLS, (), True)},
    (STRICT, TCP): {(TLS, A, True), (TLS, (), True)},
    (DISABLE, AUTO): {(RAW, P, False), (RAW, (), False)},
    (DISABLE, HTTP): {(RAW, (), False)},
    (DISABLE, TCP): {(RAW, (), False)},
}


def build(mode: MtlsMode, *ports: InboundPort) -> m.Listener:
    return build_inbound_listener(InboundSpec("cluster.local", mode, ports))


def chains(listener: m.Listener, port: int = 0) -> list[m.FilterChain]:
    return [chain for chain in listener.filter_chains if chain.filter_chain_match.destination_port.value == port]


def shape(chain: m.FilterChain) -> tuple[str, tuple[str, ...], bool]:
    match = chain.filter_chain_match
    return match.transport_protocol, tuple(match.application_protocols), chain.HasField("transport_socket")


def cluster_of(chain: m.FilterChain) -> str:
    name: str = as_dict(chain.filters[0])["typed_config"]["cluster"]
    return name


@pytest.mark.parametrize(("mode", "kind"), TABLE)
def test_a_declared_port_has_the_chains_of_its_mode_and_kind(mode: MtlsMode, kind: PortKind) -> None:
    found = chains(build(PERMISSIVE, InboundPort(9080, kind, mode)), 9080)
    assert {shape(chain) for chain in found} == TABLE[mode, kind]
    assert len(found) == len(TABLE[mode, kind])
    assert {(chain.name, cluster_of(chain)) for chain in found} == {("0.0.0.0_9080", "inbound|9080||")}


@pytest.mark.parametrize("mode", [STRICT, PERMISSIVE, DISABLE])
def test_all_other_ports_are_auto_ports_of_the_workloads_mode(mode: MtlsMode) -> None:
    found = chains(build(mode))
    assert {shape(chain) for chain in found} == TABLE[mode, AUTO]
    assert {cluster_of(chain) for chain in found} == {"InboundPassthroughCluster"}
    assert {chain.name for chain in found} == {"virtualInbound", "virtualInbound-catchall-http"}


def test_a_port_that_only_the_policy_names_passes_through_by_its_own_mode() -> None:
    found = chains(build(STRICT, InboundPort(8000, AUTO, DISABLE, declared=False)), 8000)
    assert {shape(chain) for chain in found} == TABLE[DISABLE, AUTO]
    assert {cluster_of(chain) for chain in found} == {"InboundPassthroughCluster"}


def test_whoever_calls_15006_itself_is_led_nowhere() -> None:
    first = build(STRICT).filter_chains[0]
    assert (first.name, cluster_of(first), first.filter_chain_match.destination_port.value) == (
        "virtualInbound-blackhole",
        "BlackHoleCluster",
        15006,
    )


@pytest.mark.parametrize("kind", PortKind)
def test_switching_between_permissive_and_strict_keeps_every_chain_that_ends_mtls_and_all_else_of_the_listener(kind: PortKind) -> None:
    """So Envoy drains no mTLS connection: it keeps chains that are equal, if nothing but chains changed."""
    permissive, strict = (build(mode, InboundPort(9080, kind, mode)) for mode in (PERMISSIVE, STRICT))
    kept = [chain for chain in permissive.filter_chains if chain.HasField("transport_socket")]
    assert kept
    assert all(chain in strict.filter_chains for chain in kept)
    for listener in (permissive, strict):
        del listener.filter_chains[:]
    assert permissive == strict


def test_matches_are_never_repeated() -> None:
    ports = [InboundPort(number, kind, mode) for number, (mode, kind) in enumerate(TABLE, start=1000)]
    matches = [m.serialise(chain.filter_chain_match) for chain in build(STRICT, *ports).filter_chains]
    assert len(set(matches)) == len(matches)


@pytest.mark.parametrize(
    ("port", "offers"),
    [
        (InboundPort(1, HTTP, STRICT), {A: ["h2", "http/1.1"], (): ["http/1.1"]}),
        (InboundPort(1, HTTP, STRICT, http2=True), {A: ["h2", "http/1.1"], (): ["h2"]}),
        (InboundPort(1, TCP, STRICT), {A: [], (): []}),
        (InboundPort(1, AUTO, STRICT), {H: ["h2", "http/1.1"], T: [], (): []}),
    ],
)
def test_strangers_are_offered_only_what_the_application_speaks(port: InboundPort, offers: dict[tuple[str, ...], list[str]]) -> None:
    found = {
        tuple(chain.filter_chain_match.application_protocols): as_dict(chain.transport_socket)["typed_config"]["common_tls_context"].get(
            "alpn_protocols", []
        )
        for chain in chains(build(STRICT, port), 1)
    }
    assert found == offers


def sniffers(listener: m.Listener) -> dict[str, Any]:
    """Where each sniffer is off; `original_dst` is always first."""
    names = [listener_filter.name.rpartition(".")[2] for listener_filter in listener.listener_filters]
    assert names[0] == "original_dst"
    return {
        name: as_dict(listener_filter).get("filter_disabled")
        for name, listener_filter in zip(names, listener.listener_filters, strict=True)
        if name != "original_dst"
    }


def on(port: int) -> dict[str, Any]:
    return {"destination_port_range": {"start": port, "end": port + 1}}


@pytest.mark.parametrize(
    ("mode", "ports", "off"),
    [
        (PERMISSIVE, [], {"tls_inspector": None, "http_inspector": None}),
        (STRICT, [InboundPort(1, HTTP, STRICT)], {"tls_inspector": None, "http_inspector": on(1)}),
        (
            STRICT,
            [InboundPort(1, TCP, DISABLE), InboundPort(2, AUTO, DISABLE)],
            {"tls_inspector": {"or_match": {"rules": [on(1), on(2)]}}, "http_inspector": on(1)},
        ),
        (DISABLE, [InboundPort(1, TCP, DISABLE)], {"http_inspector": on(1)}),
        (DISABLE, [InboundPort(1, TCP, STRICT)], {"tls_inspector": {"not_match": on(1)}, "http_inspector": on(1)}),
    ],
)
def test_nothing_is_sniffed_where_nothing_depends_on_it(mode: MtlsMode, ports: list[InboundPort], off: dict[str, Any]) -> None:
    assert sniffers(build(mode, *ports)) == off


def test_refused_connections_are_counted_on_the_listener() -> None:
    listener = as_dict(build(STRICT))
    assert listener["access_log"][0]["filter"] == {"response_flag_filter": {"flags": ["NR"]}}
    assert (listener["listener_filters_timeout"], listener["continue_on_listener_filters_timeout"]) == ("0s", True)
