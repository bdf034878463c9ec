"""From the growth of Envoys' counters to what was measured (`hauberk.model.measurement`). Pure.

The counters are those of `hauberk.envoy.telemetry`, and two of Envoy's own by cluster: `ssl.handshake` and `ssl.curves.<group>`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from hauberk.model.measurement import Handshakes, Inbound, Measured, Outbound, PodKey, Refused
from hauberk.proof.windows import Growth, Series

__all__ = ["SCRAPE_QUERY", "measured_in", "parse_sample"]

SCRAPE_QUERY: Final = (
    r"usedonly&filter=hauberk\.(inbound_connections|inbound_requests|refused_connections|requests|outbound_connections)_total|ssl\.curves"
)
"""For `/stats/prometheus`: the regular expression is matched against Envoy's own, dotted names."""

_OURS = "envoy_hauberk_"
_CURVES = re.compile(r"envoy_cluster_(?:(?P<rest>.+)_)?ssl_curves_total$")
_FAILED_FLAGS: Final[Mapping[str, str]] = {
    "UF": "the connection could not be made",
    "UC": "the server closed the connection",
    "UH": "no healthy endpoint",
    "UO": "overflow of the circuit breaker",
    "NR": "no route",
    "NC": "no such cluster",
    "UT": "the server did not answer in time",
    "UR": "the server reset the connection",
    "URX": "all retries failed",
    "LR": "reset by our own side",
}
"""Envoy's response flags after which there was no answer of the server, in words (access_log response_flags)."""


def parse_sample(text: str) -> dict[Series, int]:
    """The counters of one `/stats/prometheus` that are over 0; bytes and gauges are left out."""
    # The parser gives every counter the ending `_total`, which Envoy's own lack.
    wanted = "".join(f"{line}\n" for line in text.splitlines() if _OURS in line or "ssl_curves" in line)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): int(sample.value)
        for family in text_string_to_metric_families(wanted)
        for sample in family.samples
        if sample.value and not sample.name.endswith("_bytes_total")
    }


def measured_in(
    growth: Mapping[PodKey, Mapping[Series, Growth]],
    *,
    hosts: Iterable[str],
    at: datetime | None = None,
    silent: Iterable[tuple[PodKey, str]] = (),
) -> Measured:
    """What the proxies of these pods counted; `hosts` are those that the mesh knows, since Envoy spells them changed in names."""
    inbound: list[Inbound] = []
    refused: list[Refused] = []
    outbound: list[Outbound] = []
    handshakes: list[Handshakes] = []
    spelt = {_spelt(host): host for host in hosts}
    for pod, grown in sorted(growth.items()):
        for (name, pairs), grew in sorted(grown.items()):
            labels = {key: "" if value == "-" else value for key, value in pairs}
            kind = name.removeprefix(_OURS).removesuffix("_total")
            if kind in ("inbound_connections", "inbound_requests"):
                inbound.append(_inbound(pod, labels, grew, requests=kind == "inbound_requests"))
            elif kind == "refused_connections":
                refused.append(Refused(pod, labels.get("source", ""), labels.get("reason", ""), grew.amount, grew.last_seen))
            elif kind in ("requests", "outbound_connections"):
                outbound += _outbound(pod, labels, grew, requests=kind == "requests")
            elif curves := _CURVES.match(name):
                handshakes += _handshakes(pod, labels, grew, rest=curves["rest"] or "", spelt=spelt)
    return Measured(tuple(inbound), tuple(refused), tuple(outbound), tuple(handshakes), at, frozenset(growth), tuple(silent))


def _inbound(pod: PodKey, labels: Mapping[str, str], grew: Growth, *, requests: bool) -> Inbound:
    return Inbound(
        server=pod,
        port=labels.get("port", ""),
        policy=labels.get("security_policy", ""),
        source_principal=labels.get("source_principal", ""),
        destination_principal=labels.get("destination_principal", ""),
        tls_version=labels.get("tls_version", ""),
        cipher=labels.get("cipher", ""),
        source_address=labels.get("source", ""),
        connections=0 if requests else grew.amount,
        requests=grew.amount if requests else 0,
        last_seen=grew.last_seen,
    )


def _outbound(pod: PodKey, labels: Mapping[str, str], grew: Growth, *, requests: bool) -> list[Outbound]:
    parts = labels.get("upstream_cluster", "").split("|")
    if len(parts) != 4 or parts[0] != "outbound" or not parts[1].isdigit():
        return []
    return [
        Outbound(
            client=pod,
            host=parts[3],
            port=int(parts[1]),
            source_principal=labels.get("source_principal", ""),
            destination_principal=labels.get("destination_principal", ""),
            tls_version=labels.get("tls_version", ""),
            cipher=labels.get("cipher", ""),
            failure=_failure(labels),
            requests=grew.amount if requests else 0,
            connections=0 if requests else grew.amount,
            last_seen=grew.last_seen,
        )
    ]


def _failure(labels: Mapping[str, str]) -> str:
    if labels.get("failure"):
        return labels["failure"]
    flags = [flag for flag in labels.get("response_flags", "").split(",") if flag in _FAILED_FLAGS]
    return "; ".join(_FAILED_FLAGS[flag] for flag in flags)


def _handshakes(pod: PodKey, labels: Mapping[str, str], grew: Growth, *, rest: str, spelt: Mapping[str, str]) -> list[Handshakes]:
    """Envoy takes a cluster's name up to its first dot for the tag, and leaves the rest in the metric's name."""
    direction, _, tail = labels.get("envoy_cluster_name", "").partition("|")
    port, _, first = tail.partition("|")
    host = spelt.get(_spelt(f"{first.rpartition('|')[2]}.{rest}" if rest else first.rpartition("|")[2]))
    if direction != "outbound" or not port.isdigit() or host is None:
        return []
    return [Handshakes(pod, host, int(port), labels.get("envoy_ssl_curve", ""), grew.amount)]


def _spelt(host: str) -> str:
    """As Envoy writes names for Prometheus."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", host)
