"""What Envoys counted in some window of time, joined with who counted it; no judgement about any of it.

Made by `proof.measured`; `last_seen` is when a count was last seen to grow, at the resolution of the scrapes.
"""

from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Handshakes", "Inbound", "Measured", "Outbound", "PodKey", "Refused"]

PodKey = tuple[str, str]
"""Namespace and name of a pod."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """Server side: connections handed to the application, and requests where the sidecar reads them."""

    server: PodKey
    port: str
    """Workload port; `other` for ports that no Service declares."""
    policy: str
    """`mutual_tls`, `none` (plaintext) or `passthrough` (TLS that is not ours to end)."""
    source_principal: str
    destination_principal: str
    tls_version: str
    cipher: str
    source_address: str
    """Only of plaintext and of TLS that passes through; identities stand for addresses otherwise."""
    connections: int
    requests: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """Server side: connections that no filter chain took; `reason` is Envoy's word."""

    server: PodKey
    source_address: str
    reason: str
    connections: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Outbound:
    """Client side, towards one port of one host: requests (HTTP) or connections (TCP) of one kind."""

    client: PodKey
    host: str
    port: int
    source_principal: str
    destination_principal: str
    tls_version: str
    cipher: str
    failure: str
    """Why nothing came of it, in Envoy's words or by its response flag; empty where the server answered."""
    requests: int
    connections: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Handshakes:
    """Client side: TLS handshakes towards one port of one host that agreed on `group` for the key exchange."""

    client: PodKey
    host: str
    port: int
    group: str
    connections: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All of it. `asked` are the pods whose Envoys answered, `silent` those that did not, with the reason."""

    inbound: tuple[Inbound, ...] = ()
    refused: tuple[Refused, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    handshakes: tuple[Handshakes, ...] = ()
    at: datetime | None = None
    """Of the last round of scrapes; None before the first."""
    asked: frozenset[PodKey] = frozenset()
    silent: tuple[tuple[PodKey, str], ...] = field(default=())
