"""Issued certificates against the X509-SVID standard, extension by extension, and against two other verifiers."""

import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.verification import PolicyBuilder, Store
from hypothesis import given, settings
from hypothesis import strategies as st

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import certificates_to_pem, spiffe_id_of
from hauberk.pki.csr import CsrRejected, make_csr, parse_csr
from hauberk.pki.issue import Issuer, IssuerExpired, issue_server_certificate, issue_svid, make_self_signed_root
from hauberk.pki.keys import PrivateKey, make_key
from tests.unit.pki.svid_assertions import assert_is_leaf_svid, assert_is_signing_certificate, usages_of

DETAILS = SpiffeId.parse("spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details")
DAY = timedelta(days=1)


def request(key: PrivateKey | None = None) -> x509.CertificateSigningRequest:
    return parse_csr(make_csr(key or make_key(), DETAILS))


def test_a_root_is_a_signing_certificate_of_its_trust_domain(now: datetime, trust_domain: TrustDomain) -> None:
    root = make_self_signed_root(trust_domain=trust_domain, key=make_key(), now=now, serial=99)
    assert_is_signing_certificate(root)
    assert spiffe_id_of(root) == trust_domain.id
    assert (root.not_valid_before_utc, root.not_valid_after_utc) == (now - timedelta(minutes=2), now + timedelta(days=3650))
    assert root.serial_number == 99


def test_two_roots_of_one_mesh_have_different_names(now: datetime, trust_domain: TrustDomain) -> None:
    serials = (x509.random_serial_number(), x509.random_serial_number())
    roots = [make_self_signed_root(trust_domain=trust_domain, key=make_key(), now=now, serial=serial) for serial in serials]
    assert roots[0].subject != roots[1].subject


def test_the_longest_trust_domain_fits_into_a_root(now: datetime) -> None:
    longest = TrustDomain("a" * 255)
    root = make_self_signed_root(trust_domain=longest, key=make_key(), now=now, serial=1)
    assert_is_signing_certificate(root)
    assert spiffe_id_of(root) == longest.id


def test_a_workload_certificate_is_an_svid_by_the_book(ca: SigningCa, now: datetime) -> None:
    leaf = issue_svid(request(), DETAILS, issuer=ca.issuer, ttl=DAY, now=now, serial=2**158 + 1)
    assert_is_leaf_svid(leaf, DETAILS, ca.issuer.certificate)
    assert usages_of(leaf) == {"digital_signature"}
    assert leaf.subject == x509.Name([])
    assert (leaf.not_valid_before_utc, leaf.not_valid_after_utc) == (now - timedelta(minutes=2), now + DAY)
    assert leaf.serial_number == 2**158 + 1
    assert len(leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == 1


def test_an_rsa_workload_may_encipher_keys_too(ca: SigningCa, now: datetime) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    leaf = issue_svid(request(key), DETAILS, issuer=ca.issuer, ttl=DAY, now=now, serial=1)
    assert usages_of(leaf) == {"digital_signature", "key_encipherment"}
    assert_is_leaf_svid(leaf, DETAILS, ca.issuer.certificate)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(public_exponent=65537, key_size=2048)])
def test_other_kinds_of_ca_keys_sign_too(make_authority, now: datetime, key: PrivateKey) -> None:
    issuer = make_authority("root", key=key)
    assert_is_leaf_svid(issue_svid(request(), DETAILS, issuer=issuer, ttl=DAY, now=now, serial=1), DETAILS, issuer.certificate)


def test_the_key_identifier_is_copied_from_an_issuer_that_computed_its_own(make_authority, now: datetime) -> None:
    key = make_key()
    name = x509.Name([])
    odd = (
        x509.CertificateBuilder(name, name, key.public_key(), 5, now - DAY, now + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier(b"by another method"), critical=False)
    )
    issuer = Issuer(odd.sign(key, hashes.SHA256()), key)
    leaf = issue_svid(request(), DETAILS, issuer=issuer, ttl=DAY, now=now, serial=1)
    assert leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == b"by another method"


@given(ttl=st.timedeltas(timedelta(seconds=1), timedelta(days=4000)), later=st.timedeltas(timedelta(), timedelta(days=3649)))
@settings(max_examples=30)
def test_no_certificate_outlives_its_issuer(ca: SigningCa, now: datetime, ttl: timedelta, later: timedelta) -> None:
    leaf = issue_svid(request(), DETAILS, issuer=ca.issuer, ttl=ttl, now=now + later, serial=1)
    root = ca.issuer.certificate
    assert root.not_valid_before_utc <= leaf.not_valid_before_utc <= now + later
    assert leaf.not_valid_after_utc == min(now + later + ttl, root.not_valid_after_utc).replace(microsecond=0)


def test_an_ended_issuer_signs_nothing(ca: SigningCa, now: datetime) -> None:
    with pytest.raises(IssuerExpired, match=r"ended at 2036-02-27 12:00:00 UTC. Replace the CA."):
        issue_svid(request(), DETAILS, issuer=ca.issuer, ttl=DAY, now=now + timedelta(days=3650), serial=1)


def test_a_request_for_another_identity_is_not_signed(ca: SigningCa, now: datetime) -> None:
    other = SpiffeId.parse("spiffe://cluster.local/ns/bookinfo/sa/default")
    with pytest.raises(CsrRejected):
        issue_svid(request(), other, issuer=ca.issuer, ttl=DAY, now=now, serial=1)


def test_a_serving_certificate_bears_dns_names_beside_its_identity(ca: SigningCa, now: datetime) -> None:
    istiod = SpiffeId.parse("spiffe://cluster.local/ns/istio-system/sa/istiod-basic")
    dns_names = ("istiod-basic.istio-system.svc", "istiod.istio-system.svc")
    leaf = issue_server_certificate(make_key().public_key(), istiod, dns_names, issuer=ca.issuer, ttl=DAY, now=now, serial=1)
    assert_is_leaf_svid(leaf, istiod, ca.issuer.certificate)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert tuple(names.get_values_for_type(x509.DNSName)) == dns_names


def test_cryptographys_own_verifier_accepts_what_is_issued(ca: SigningCa, now: datetime) -> None:
    leaf = issue_svid(request(), DETAILS, issuer=ca.issuer, ttl=DAY, now=now, serial=1)
    verifier = PolicyBuilder().store(Store([ca.issuer.certificate])).time(now).build_client_verifier()
    verified = verifier.verify(leaf, [])
    assert verified.subjects is not None
    assert [name.value for name in verified.subjects] == [str(DETAILS)]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on PATH")
def test_openssl_accepts_what_is_issued_in_its_strict_mode(ca: SigningCa, now: datetime, tmp_path: Path) -> None:
    leaf = issue_svid(request(), DETAILS, issuer=ca.issuer, ttl=DAY, now=now, serial=1)
    (tmp_path / "root.pem").write_bytes(ca.bundle.to_pem())
    (tmp_path / "leaf.pem").write_bytes(certificates_to_pem([leaf]))
    for purpose in ("sslserver", "sslclient"):
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-attime", str(int(now.timestamp())), "-CAfile", "root.pem"]
        verified = subprocess.run([*command, "leaf.pem"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
        assert (verified.returncode, verified.stdout) == (0, "leaf.pem: OK\n"), verified.stderr


def test_an_issuer_does_not_show_its_key(ca: SigningCa) -> None:
    assert repr(ca.issuer).startswith("Issuer(CN=Root CA ")
    assert "PRIVATE" not in repr(ca)
