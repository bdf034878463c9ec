"""Certificates as PEM, and what is asked of them."""

import base64
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import (
    CertificateRefused,
    certificates_to_pem,
    fingerprint,
    is_ca,
    is_issued_by,
    is_self_signed,
    is_valid_at,
    leaf_id_of,
    parse_certificates,
    spiffe_id_of,
    uris_of,
)


def test_a_file_of_several_is_read_in_its_order_with_text_around(make_authority) -> None:
    one, two = (make_authority(name).certificate for name in ("one", "two"))
    pem = b"Subject: CN=one\n" + certificates_to_pem([one]) + b"and\n" + certificates_to_pem([two]) + b"\n"
    assert parse_certificates(pem) == (one, two)


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        (b"", "holds no PEM certificate"),
        (b"-----BEGIN CERTIFICATE-----\nnothing", "holds no PEM certificate"),
        (b"-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydA==\n-----END CERTIFICATE-----\n", "PEM block 1 is no X.509 certificate"),
    ],
)
def test_what_is_no_certificate_is_refused(pem: bytes, said: str) -> None:
    with pytest.raises(CertificateRefused, match=said):
        parse_certificates(pem)


def test_the_broken_block_of_several_is_named(ca: SigningCa) -> None:
    pem = ca.bundle.to_pem() + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    with pytest.raises(CertificateRefused, match="PEM block 2"):
        parse_certificates(pem)


@given(data=st.data())
def test_a_damaged_certificate_is_read_or_refused_by_name(ca: SigningCa, data: st.DataObject) -> None:
    pem = bytearray(ca.bundle.to_pem())
    for position in data.draw(st.lists(st.integers(30, len(pem) - 30), min_size=1, max_size=4)):
        pem[position] = data.draw(st.sampled_from(b"ABCDabcd0123+/=\n"))
    with suppress(CertificateRefused):
        parse_certificates(bytes(pem))


def test_a_root_is_its_own_issuer_and_an_intermediate_is_not(make_authority) -> None:
    root = make_authority("root")
    below = make_authority("below", root)
    stranger = make_authority("root")  # the same name, another key
    assert [is_self_signed(each.certificate) for each in (root, below)] == [True, False]
    assert is_issued_by(below.certificate, root.certificate)
    assert not is_issued_by(below.certificate, stranger.certificate)
    assert is_ca(below.certificate)
    assert not is_ca(make_authority("leaf", root, is_ca=False).certificate)


def test_both_ends_of_the_validity_count(make_authority, now: datetime) -> None:
    certificate = make_authority("root").certificate
    start, end, second = certificate.not_valid_before_utc, certificate.not_valid_after_utc, timedelta(seconds=1)
    assert [is_valid_at(certificate, at) for at in (start - second, start, now, end, end + second)] == [False, True, True, True, False]


def test_the_identity_is_the_one_uri(ca: SigningCa, make_authority, trust_domain: TrustDomain) -> None:
    assert spiffe_id_of(ca.issuer.certificate) == trust_domain.id
    two = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("spiffe://a/b"), x509.UniformResourceIdentifier("spiffe://a/c")])
    other = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("https://example.org")])
    for extensions, said in (((), "has 0 URI names"), ((two,), "has 2 URI names"), ((other,), "is no SPIFFE ID")):
        with pytest.raises(CertificateRefused, match=said):
            spiffe_id_of(make_authority("x", extensions=extensions).certificate)
    assert list(uris_of(make_authority("x", extensions=(two,)).certificate)) == ["spiffe://a/b", "spiffe://a/c"]


def test_a_fingerprint_is_written_as_openssl_does(ca: SigningCa) -> None:
    text = fingerprint(ca.issuer.certificate)
    assert len(text.split(":")) == 32
    assert text == text.upper()


def test_a_peer_is_who_its_leaf_says_and_no_signing_certificate_passes_for_one(make_authority, trust_domain: TrustDomain) -> None:
    def named(spiffe_id: str) -> x509.SubjectAlternativeName:
        return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(spiffe_id)])

    signs = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    workload = named("spiffe://cluster.local/ns/a/sa/b")
    assert str(leaf_id_of(make_authority("x", is_ca=False, extensions=(workload,)).certificate)) == "spiffe://cluster.local/ns/a/sa/b"
    for options, said in (
        ({"is_ca": True, "extensions": (workload,)}, "is for signing"),
        ({"is_ca": False, "extensions": (workload, signs)}, "is for signing"),
        ({"is_ca": False, "extensions": (named(str(trust_domain.id)),)}, "a whole trust domain"),
    ):
        with pytest.raises(CertificateRefused, match=said):
            leaf_id_of(make_authority("x", **options).certificate)


def test_a_certificate_whose_name_is_damaged_is_refused_at_once(ca: SigningCa) -> None:
    der = ca.issuer.certificate.public_bytes(Encoding.DER)
    damaged = der.replace(b"cluster.local", b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff")
    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(damaged) + b"-----END CERTIFICATE-----\n"
    with pytest.raises(CertificateRefused, match="PEM block 1 "):
        parse_certificates(pem)
