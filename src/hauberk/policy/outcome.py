"""The outcome of a connection: what the client sends against what the server accepts.

Follows the filter chains of facts/istio-mtls.md 1.3 and its consequences (Istio's sidecar_simulation_test.go TestInbound), so
that it says what Envoy will do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hauberk.model.security import MtlsMode
from hauberk.model.service import PortKind
from hauberk.model.traffic import TlsMode

__all__ = ["Outcome", "Sent", "ServerSide", "Verdict", "outcome", "sent_by"]


class Sent(StrEnum):
    """What the client's side puts on the wire."""

    PLAINTEXT = "plaintext"
    MESH_MTLS = "mTLS with the mesh's certificate"
    TLS = "TLS without a client certificate"
    FILE_MTLS = "TLS with a client certificate from files"


class Verdict(StrEnum):
    """What becomes of it."""

    MTLS = "mTLS"
    TLS = "TLS"
    PLAINTEXT = "plaintext"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ServerSide:
    """The accepting end: `mode` None where no sidecar stands before the application."""

    mode: MtlsMode | None
    kind: PortKind = PortKind.AUTO


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, and why in words."""

    verdict: Verdict
    reason: str


_BY_MODE: Mapping[TlsMode, Sent] = {
    TlsMode.DISABLE: Sent.PLAINTEXT,
    TlsMode.SIMPLE: Sent.TLS,
    TlsMode.MUTUAL: Sent.FILE_MTLS,
    TlsMode.ISTIO_MUTUAL: Sent.MESH_MTLS,
}


def sent_by(mode: TlsMode | None, *, auto_mtls: bool = False) -> Sent:
    """What a client sends under a DestinationRule's mode; None: as auto mTLS found for the endpoint."""
    if mode is None:
        return Sent.MESH_MTLS if auto_mtls else Sent.PLAINTEXT
    return _BY_MODE[mode]


def outcome(sent: Sent, server: ServerSide, *, certificate_is_the_meshs: bool = False) -> Outcome:
    """What becomes of a connection.

    `certificate_is_the_meshs`: for FILE_MTLS, whether the files hold a certificate of this mesh's CA and trust domain.
    """
    if server.mode is None:
        return _without_sidecar(sent)
    if server.mode is MtlsMode.STRICT:
        return _strict(sent, certificate_is_the_meshs=certificate_is_the_meshs)
    if server.mode is MtlsMode.DISABLE:
        return _disable(sent, server.kind)
    return _permissive(sent, server.kind)


def _without_sidecar(sent: Sent) -> Outcome:
    if sent is Sent.PLAINTEXT:
        return Outcome(Verdict.PLAINTEXT, "the server has no sidecar, the client sends plaintext")
    if sent is Sent.MESH_MTLS:
        return Outcome(Verdict.REFUSED, "the client sends mTLS with the mesh's certificate, the server has no sidecar to answer it")
    return Outcome(Verdict.TLS, "the server has no sidecar, TLS is between the client's sidecar and the application")


def _strict(sent: Sent, *, certificate_is_the_meshs: bool) -> Outcome:
    if sent is Sent.MESH_MTLS:
        return Outcome(Verdict.MTLS, "STRICT, and the client shows the mesh's certificate")
    if sent is Sent.FILE_MTLS and certificate_is_the_meshs:
        return Outcome(Verdict.MTLS, "STRICT, and the client's files hold a certificate of the mesh")
    if sent is Sent.PLAINTEXT:
        return Outcome(Verdict.REFUSED, "STRICT accepts only mTLS, the client sends plaintext: no filter chain matches")
    if sent is Sent.TLS:
        return Outcome(Verdict.REFUSED, "STRICT demands a client certificate, the client shows none: the handshake fails")
    return Outcome(Verdict.REFUSED, "STRICT demands a certificate of the mesh, the client shows another: the handshake fails")


def _disable(sent: Sent, kind: PortKind) -> Outcome:
    if sent is Sent.PLAINTEXT:
        return Outcome(Verdict.PLAINTEXT, "DISABLE, and the client sends plaintext")
    if sent is Sent.MESH_MTLS:
        return Outcome(Verdict.REFUSED, "DISABLE never terminates TLS, the client's mTLS reaches an application that cannot answer it")
    if kind is PortKind.HTTP:
        return Outcome(Verdict.REFUSED, "DISABLE never terminates TLS, and the port speaks plain HTTP")
    return Outcome(Verdict.TLS, "DISABLE hands the bytes on untouched: TLS is between the client's sidecar and the application")


def _permissive(sent: Sent, kind: PortKind) -> Outcome:
    if sent is Sent.MESH_MTLS:
        return Outcome(Verdict.MTLS, "PERMISSIVE accepts mTLS, and the client shows the mesh's certificate")
    if sent is Sent.PLAINTEXT:
        return Outcome(Verdict.PLAINTEXT, "PERMISSIVE accepts plaintext, and the client sends it")
    if kind is PortKind.HTTP:
        # Without one of Istio's ALPN names nothing tells the client's TLS from the application's own.
        return Outcome(Verdict.REFUSED, "PERMISSIVE terminates only the mesh's TLS on an HTTP port: no filter chain matches")
    return Outcome(Verdict.TLS, "PERMISSIVE hands TLS that is not the mesh's to the application untouched")
