"""What comes from outside as PEM, DER or a message of the CA's API: it is taken, or refused by a named refusal; nothing else happens.

Inputs are valid ones with bytes changed, cut out, put in, cut off or joined, and plain noise. FUZZ_EXAMPLES=20000 makes a long run.
"""

import base64
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hauberk.errors import Level
from hauberk.model.identity import IdentityError, SpiffeId
from hauberk.pki.ca import self_signed_ca
from hauberk.pki.certificates import CertificateRefused, certificates_to_pem, fingerprint, parse_certificates, spiffe_id_of
from hauberk.pki.csr import CsrRejected, make_csr, parse_csr
from hauberk.pki.keys import KeyRefused, PrivateKey, describe_key, key_to_pem, make_key, parse_key, same_key
from hauberk.pki.messages import CertificateRequest, MalformedMessage, parse_request, parse_response, serialize_request, serialize_response
from hauberk.pki.plugged import CA_CERT_FILE, CA_KEY_FILE, CHAIN_FILE, PLUGGED_FILES, ROOT_FILE, read_plugged_ca
from hauberk.pki.verify import ChainRefused, verify_chain
from tests.unit.pki.svid_assertions import assert_is_leaf_svid

# cryptography warns of serial numbers that are not positive; here they are input like any other.
pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DETAILS = SpiffeId.parse("spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details")
CA = self_signed_ca(trust_domain=DETAILS.trust_domain, key=make_key(), now=NOW, serial=7)
KEYS: tuple[PrivateKey, ...] = (
    make_key(),
    ec.generate_private_key(ec.SECP384R1()),
    rsa.generate_private_key(public_exponent=65537, key_size=2048),
)
REQUESTS = [make_csr(key, DETAILS) for key in KEYS]
LEAF, ROOT = CA.issue(parse_csr(REQUESTS[0]), DETAILS, ttl=timedelta(days=1), now=NOW, serial=9)
FILES = {
    CA_CERT_FILE: certificates_to_pem([ROOT]),
    CA_KEY_FILE: key_to_pem(CA.issuer.key),
    CHAIN_FILE: certificates_to_pem([ROOT]),
    ROOT_FILE: certificates_to_pem([ROOT]),
}

CSR_DERS = [parse_csr(pem).public_bytes(Encoding.DER) for pem in REQUESTS]
CERTIFICATE_DERS = [certificate.public_bytes(Encoding.DER) for certificate in (LEAF, ROOT)]
KEY_DERS = [
    key.private_bytes(Encoding.DER, form, NoEncryption())
    for key in KEYS
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
]

Result = TypeVar("Result")
fuzz = settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "200")), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def spoiled(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """One of `originals` after one to four changes; perhaps none of it is left."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        some = draw(st.binary(min_size=1, max_size=4))
        data = draw(
            st.sampled_from(
                [
                    data[:at] + some + data[at + len(some) :],  # changed
                    data[:at] + some + data[at:],  # put in
                    data[:at] + data[at + len(some) :],  # cut out
                    data[:at],  # cut off
                    data[:at] + data,  # joined
                    data + draw(st.sampled_from(originals)),
                ]
            )
        )
    return data


def as_pem(label: str, der: bytes) -> bytes:
    body = base64.encodebytes(der)
    return f"-----BEGIN {label}-----\n".encode() + body + f"-----END {label}-----\n".encode()


def inputs(label: str, ders: list[bytes]) -> st.SearchStrategy[bytes]:
    """Spoiled DER in good PEM, spoiled PEM, noise in PEM, noise."""
    pems = [as_pem(label, der) for der in ders]
    noise = st.binary(max_size=300)
    return st.one_of(spoiled(ders).map(lambda der: as_pem(label, der)), spoiled(pems), noise.map(lambda der: as_pem(label, der)), noise)


@fuzz
@given(inputs("CERTIFICATE REQUEST", CSR_DERS))
def test_a_request_is_refused_or_gets_a_certificate_for_its_senders_identity_and_its_own_key(pem: bytes) -> None:
    try:
        csr = parse_csr(pem)
        leaf, *_ = CA.issue(csr, DETAILS, ttl=timedelta(days=1), now=NOW, serial=10)
    except CsrRejected as refused:
        assert str(refused).endswith(".")  # noqa: PT017 - refusal is one of two good outcomes
        return
    assert_is_leaf_svid(leaf, DETAILS, ROOT)
    assert same_key(leaf.public_key(), csr.public_key())


@fuzz
@given(inputs("CERTIFICATE", CERTIFICATE_DERS))
def test_a_chain_is_refused_or_can_be_looked_at_and_verified(pem: bytes) -> None:
    try:
        chain = parse_certificates(pem)
    except CertificateRefused:
        return
    for certificate in chain:
        assert certificate.subject.rfc4514_string() is not None
        assert fingerprint(certificate)
        assert describe_key(certificate.public_key())
        _refused_or(lambda one=certificate: spiffe_id_of(one), CertificateRefused)
    _refused_or(lambda: verify_chain(chain, [ROOT], now=NOW), ChainRefused)


@fuzz
@given(inputs("PRIVATE KEY", KEY_DERS))
def test_a_key_is_refused_without_being_quoted_or_taken(pem: bytes) -> None:
    try:
        parse_key(pem)
    except KeyRefused as refused:
        assert all(line.decode("latin-1") not in str(refused) for line in pem.splitlines() if len(line) > 40)  # noqa: PT017 - as above


@fuzz
@given(st.sampled_from(PLUGGED_FILES), st.one_of(inputs("CERTIFICATE", CERTIFICATE_DERS), inputs("PRIVATE KEY", KEY_DERS)))
def test_a_plugged_in_ca_with_one_spoiled_file_is_taken_or_refused_by_findings(name: str, content: bytes) -> None:
    ca, findings = read_plugged_ca(FILES | {name: content}, trust_domain=DETAILS.trust_domain, subject="Secret a/cacerts", now=NOW)
    assert (ca is None) == any(finding.level is Level.ERROR for finding in findings)


@fuzz
@given(st.one_of(spoiled([serialize_request(CertificateRequest(pem, timedelta(hours=24))) for pem in REQUESTS]), st.binary(max_size=200)))
def test_a_request_message_is_refused_or_holds_a_lifetime(data: bytes) -> None:
    request = _refused_or(lambda: parse_request(data), MalformedMessage)
    assert request is None or request.lifetime >= timedelta()


@fuzz
@given(st.one_of(spoiled([serialize_response(("leaf", "root"))]), st.binary(max_size=200)))
def test_an_answer_is_refused_or_holds_a_chain(data: bytes) -> None:
    chain = _refused_or(lambda: parse_response(data), MalformedMessage)
    assert chain is None or len(chain) > 1


@fuzz
@given(
    st.one_of(
        st.text(), st.text().map(lambda text: f"spiffe://{text}"), spoiled([str(DETAILS).encode()]).map(lambda b: b.decode("latin-1"))
    )
)
def test_an_identity_is_refused_or_reads_as_it_was_written(text: str) -> None:
    spiffe_id = _refused_or(lambda: SpiffeId.parse(text), IdentityError)
    if spiffe_id is not None:
        assert str(spiffe_id) == text
        assert x509.UniformResourceIdentifier(text).value == text


def _refused_or(parse: Callable[[], Result], refusal: type[Exception]) -> Result | None:
    try:
        return parse()
    except refusal:
        return None
