"""Edges from Envoy's own counters (`hauberk.envoy.telemetry` names them): who talked to whom, and how.

server's sidecar: envoy_hauberk_inbound_connections_total{source_principal, destination_principal, tls_version, cipher, ...}
                  envoy_hauberk_inbound_requests_total{the same, response_code, ...} where it reads requests
client's sidecar: envoy_hauberk_requests_total{source_principal, destination_principal, response_code, ...}
                    -> Edge(source, destination, tls_version, cipher, connections, requests)
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Edge", "Refusal", "Scrape", "edges_in", "refusals_in"]

_PREFIX = "envoy_hauberk_"
_NOTHING = "-"
"""What Envoy writes for a field that a connection does not have."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """What one Envoy answered on `/stats/prometheus`; `owner` is the SPIFFE ID of its workload."""

    owner: str
    text: str


@dataclass(frozen=True, slots=True)
class Edge:
    """Traffic of one kind between two identities; empty strings stand for what was not there (plaintext has no source)."""

    source: str
    destination: str
    tls_version: str
    cipher: str
    connections: int
    requests: int

    @property
    def mutual_tls(self) -> bool:
        """Whether both ends proved who they are."""
        return bool(self.source and self.tls_version)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Connections that a workload's inbound listener refused, by the client's address and Envoy's reason."""

    destination: str
    source_address: str
    reason: str
    connections: int


_Key = tuple[str, str, str, str]


def edges_in(scrapes: Iterable[Scrape]) -> list[Edge]:
    """All edges that the scraped Envoys counted, sorted by source and destination.

    Connections are the server side's. So are requests where the server's sidecar reads them (it counts no connections then);
    else they are those that the client side got an answer to over that kind of connection.
    """
    connections: Counter[_Key] = Counter()
    requests: Counter[_Key] = Counter()
    served: Counter[_Key] = Counter()
    for scrape in scrapes:
        for name, labels, value in _samples(scrape.text):
            if name == "inbound_connections_total":
                connections[_key(labels, destination=scrape.owner)] += value
            elif name == "inbound_requests_total":
                served[_key(labels, destination=scrape.owner)] += value
            elif name == "requests_total" and _known(labels, "destination_principal"):
                requests[_key(labels, destination=labels["destination_principal"])] += value
    return [Edge(*key, connections[key], served[key] or requests[key]) for key in sorted(connections | served)]


def refusals_in(scrapes: Iterable[Scrape]) -> list[Refusal]:
    """What the scraped Envoys refused because no filter chain takes it: plaintext to STRICT."""
    found = [
        Refusal(scrape.owner, labels.get("source", ""), labels.get("reason", ""), value)
        for scrape in scrapes
        for name, labels, value in _samples(scrape.text)
        if name == "refused_connections_total"
    ]
    return sorted(found, key=lambda refusal: (refusal.destination, refusal.source_address))


def _samples(text: str) -> Iterator[tuple[str, Mapping[str, str], int]]:
    """Our own counters that are over 0: name without the prefix, labels, value."""
    ours = "".join(f"{line}\n" for line in text.splitlines() if line.removeprefix("# TYPE ").startswith(_PREFIX))
    for family in text_string_to_metric_families(ours):
        for sample in family.samples:
            if sample.value:
                yield sample.name.removeprefix(_PREFIX), sample.labels, int(sample.value)


def _key(labels: Mapping[str, str], *, destination: str) -> _Key:
    return (_value(labels, "source_principal"), destination, _value(labels, "tls_version"), _value(labels, "cipher"))


def _value(labels: Mapping[str, str], name: str) -> str:
    return "" if not _known(labels, name) else labels[name]


def _known(labels: Mapping[str, str], name: str) -> bool:
    return labels.get(name, _NOTHING) not in ("", _NOTHING)
