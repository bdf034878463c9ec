"""The matrix of facts/istio-mtls.md 1.3: what is sent, against mode and port kind."""

import pytest

from hauberk.model.security import MtlsMode
from hauberk.model.service import PortKind
from hauberk.model.traffic import TlsMode
from hauberk.policy.outcome import Sent, ServerSide, Verdict, outcome, sent_by

HTTP, TCP, AUTO = PortKind.HTTP, PortKind.TCP, PortKind.AUTO
PLAIN, MESH, TLS, FILES = Sent.PLAINTEXT, Sent.MESH_MTLS, Sent.TLS, Sent.FILE_MTLS

# (mode, kind): verdicts for plaintext, mesh mTLS, TLS, TLS with another certificate
MATRIX = {
    (MtlsMode.STRICT, HTTP): ("refused", "mTLS", "refused", "refused"),
    (MtlsMode.STRICT, TCP): ("refused", "mTLS", "refused", "refused"),
    (MtlsMode.STRICT, AUTO): ("refused", "mTLS", "refused", "refused"),
    (MtlsMode.PERMISSIVE, HTTP): ("plaintext", "mTLS", "refused", "refused"),
    (MtlsMode.PERMISSIVE, TCP): ("plaintext", "mTLS", "TLS", "TLS"),
    (MtlsMode.PERMISSIVE, AUTO): ("plaintext", "mTLS", "TLS", "TLS"),
    (MtlsMode.DISABLE, HTTP): ("plaintext", "refused", "refused", "refused"),
    (MtlsMode.DISABLE, TCP): ("plaintext", "refused", "TLS", "TLS"),
    (MtlsMode.DISABLE, AUTO): ("plaintext", "refused", "TLS", "TLS"),
    (None, HTTP): ("plaintext", "refused", "TLS", "TLS"),
}


@pytest.mark.parametrize(("mode", "kind"), MATRIX)
def test_the_matrix(mode: MtlsMode | None, kind: PortKind) -> None:
    found = tuple(outcome(sent, ServerSide(mode, kind)).verdict.value for sent in (PLAIN, MESH, TLS, FILES))
    assert found == MATRIX[mode, kind]


@pytest.mark.parametrize("kind", PortKind)
def test_files_with_the_meshs_certificate_pass_strict_but_not_a_permissive_http_port(kind: PortKind) -> None:
    assert outcome(FILES, ServerSide(MtlsMode.STRICT, kind), certificate_is_the_meshs=True).verdict is Verdict.MTLS
    permissive = outcome(FILES, ServerSide(MtlsMode.PERMISSIVE, HTTP), certificate_is_the_meshs=True)
    assert permissive.verdict is Verdict.REFUSED


@pytest.mark.parametrize("sent", Sent)
@pytest.mark.parametrize("mode", [None, MtlsMode.STRICT, MtlsMode.PERMISSIVE, MtlsMode.DISABLE])
def test_every_outcome_says_why(sent: Sent, mode: MtlsMode | None) -> None:
    assert len(outcome(sent, ServerSide(mode, HTTP)).reason.split()) > 4


def test_refused_plaintext_names_the_mode_and_what_was_sent() -> None:
    assert outcome(PLAIN, ServerSide(MtlsMode.STRICT, HTTP)).reason == (
        "STRICT accepts only mTLS, the client sends plaintext: no filter chain matches"
    )


@pytest.mark.parametrize(
    ("mode", "auto", "sent"),
    [
        (TlsMode.DISABLE, True, PLAIN),
        (TlsMode.SIMPLE, True, TLS),
        (TlsMode.MUTUAL, True, FILES),
        (TlsMode.ISTIO_MUTUAL, False, MESH),
        (None, True, MESH),
        (None, False, PLAIN),
    ],
)
def test_what_a_client_sends(mode: TlsMode | None, auto: bool, sent: Sent) -> None:
    assert sent_by(mode, auto_mtls=auto) is sent
