"""Requests that are signed, and those that are refused with the reason."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from hauberk.model.identity import SpiffeId
from hauberk.pki.csr import CsrRejected, check_csr, make_csr, parse_csr
from hauberk.pki.keys import PrivateKey, make_key, same_key

DETAILS = SpiffeId.parse("spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details")
REVIEWS = SpiffeId.parse("spiffe://cluster.local/ns/bookinfo/sa/bookinfo-reviews")

CSR_OF_REVIEWS = make_csr(make_key(), REVIEWS)


def uri(spiffe_id: SpiffeId) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(str(spiffe_id))


def usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    )
    return x509.KeyUsage(**{name: name in names for name in every}, encipher_only=False, decipher_only=False)


def csr_with(
    *extensions: x509.ExtensionType, key: object = None, digest: hashes.HashAlgorithm | None = None
) -> x509.CertificateSigningRequest:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "admin")]))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    key = key or make_key()
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else digest or hashes.SHA256())


@pytest.mark.parametrize(
    "key", [make_key(), ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(public_exponent=65537, key_size=2048)]
)
def test_our_own_request_is_accepted_with_every_good_kind_of_key(key: PrivateKey) -> None:
    assert same_key(check_csr(parse_csr(make_csr(key, DETAILS)), DETAILS), key.public_key())


def test_a_request_without_names_is_accepted_whatever_its_subject() -> None:
    check_csr(csr_with(), DETAILS)
    check_csr(csr_with(x509.SubjectAlternativeName([uri(DETAILS)]), x509.BasicConstraints(ca=False, path_length=None)), DETAILS)


@pytest.mark.parametrize(
    ("csr", "said"),
    [
        (csr_with(x509.BasicConstraints(ca=True, path_length=None)), "asks for a CA certificate"),
        (csr_with(usage("key_cert_sign")), "asks to sign certificates or revocation lists"),
        (csr_with(usage("crl_sign")), "asks to sign certificates or revocation lists"),
        (csr_with(x509.NameConstraints([x509.DNSName("a")], None)), "name constraints, which only a CA has"),
        (csr_with(digest=hashes.SHA224()), "signed with sha224. Sign it with SHA-256."),
        (csr_with(key=rsa.generate_private_key(public_exponent=3, key_size=2048)), "too weak: RSA with the exponent 3"),
        (csr_with(x509.SubjectAlternativeName([uri(REVIEWS)])), f"asks for {REVIEWS}, its sender is {DETAILS}"),
        (csr_with(x509.SubjectAlternativeName([uri(DETAILS), uri(REVIEWS)])), f"asks for {REVIEWS}"),
        (csr_with(x509.SubjectAlternativeName([x509.DNSName("istiod.istio-system.svc")])), "asks for istiod.istio-system.svc"),
        (csr_with(key=rsa.generate_private_key(public_exponent=65537, key_size=1024)), "too weak: RSA with 1024 bits"),  # noqa: S505 - to be refused
        (csr_with(key=ec.generate_private_key(ec.SECP256K1())), "too weak: curve secp256k1"),
        (csr_with(key=ed25519.Ed25519PrivateKey.generate()), "too weak: Ed25519"),
    ],
)
def test_requests_for_more_than_the_callers_identity_are_refused(csr: x509.CertificateSigningRequest, said: str) -> None:
    with pytest.raises(CsrRejected) as refused:
        check_csr(csr, DETAILS)
    assert said in str(refused.value)


def test_usages_that_a_leaf_may_have_are_passed_over() -> None:
    extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    check_csr(csr_with(usage("digital_signature", "key_agreement"), extended), DETAILS)


def test_a_request_of_another_version_is_refused() -> None:
    der = parse_csr(make_csr(make_key(), DETAILS)).public_bytes(Encoding.DER)
    version = der.index(b"\x02\x01\x00")
    other = der[:version] + b"\x02\x01\x07" + der[version + 3 :]
    pem = b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(other) + b"-----END CERTIFICATE REQUEST-----\n"
    with pytest.raises(CsrRejected, match="no PKCS#10 request"):
        parse_csr(pem)


def test_a_request_whose_signature_was_tampered_with_is_refused() -> None:
    der = bytearray(parse_csr(make_csr(make_key(), DETAILS)).public_bytes(Encoding.DER))
    position = der.find(b"bookinfo-details")
    der[position : position + 16] = b"bookinfo-Details"
    with pytest.raises(CsrRejected, match="own signature is wrong"):
        check_csr(x509.load_der_x509_csr(bytes(der)), DETAILS)


@given(st.data())
def test_damaged_requests_are_refused_by_name_and_never_signed_for_another(data: st.DataObject) -> None:
    pem = bytearray(CSR_OF_REVIEWS)
    for position in data.draw(st.lists(st.integers(0, len(pem) - 1), min_size=1, max_size=6)):
        pem[position] = data.draw(st.integers(0, 255))
    with pytest.raises(CsrRejected):
        check_csr(parse_csr(bytes(pem)), DETAILS)


@given(st.binary())
def test_any_bytes_are_refused_by_name(pem: bytes) -> None:
    with pytest.raises(CsrRejected):
        parse_csr(pem)
