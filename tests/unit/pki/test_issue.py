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

from hauberk.errors import BugError
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import certificates_to_pem, spiffe_id_of
from hauberk.pki.csr import CsrRejected, make_csr, parse_csr
from hauberk.pki.issue import Issuer, IssuerExpired, issue_intermediate, issue_server_certificate, issue_svid, make_self_signed_root
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


# -- By every kind of CA, every verifier ------------------------------------------------------------------------------
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KINDS: dict[str, PrivateKey] = {"P-256": make_key(), "P-384": ec.generate_private_key(ec.SECP384R1()), "RSA": RSA}


def issued_below_an_intermediate(now: datetime, trust_domain: TrustDomain, signer: PrivateKey, own: PrivateKey) -> list[x509.Certificate]:
    """A workload's certificate, the intermediate that signed it, and the root."""
    root_key = make_key()
    root = make_self_signed_root(trust_domain=trust_domain, key=root_key, now=now, serial=1)
    above = Issuer(root, root_key)
    middle = issue_intermediate(signer.public_key(), trust_domain, issuer=above, lifetime=9 * DAY, now=now, serial=2)
    leaf = issue_svid(request(own), DETAILS, issuer=Issuer(middle, signer), ttl=DAY, now=now, serial=x509.random_serial_number())
    return [leaf, middle, root]


@pytest.mark.parametrize("own", KINDS)
@pytest.mark.parametrize("signer", KINDS)
def test_every_kind_of_key_gets_an_svid_from_every_kind_of_ca(
    now: datetime, trust_domain: TrustDomain, tmp_path: Path, signer: str, own: str
) -> None:
    leaf, middle, root = issued_below_an_intermediate(now, trust_domain, KINDS[signer], KINDS[own])
    assert_is_leaf_svid(leaf, DETAILS, middle)
    assert_is_signing_certificate(middle, root)
    assert_is_signing_certificate(root)
    verified = PolicyBuilder().store(Store([root])).time(now).build_client_verifier().verify(leaf, [middle])
    assert verified.subjects is not None
    assert [name.value for name in verified.subjects] == [str(DETAILS)]
    assert_openssl_accepts([leaf, middle], root, now, tmp_path)


def assert_openssl_accepts(chain: list[x509.Certificate], root: x509.Certificate, now: datetime, folder: Path) -> None:
    """In its strict mode, as a server's and as a client's certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on PATH")
    for name, certificates in (("root.pem", [root]), ("above.pem", chain[1:]), ("leaf.pem", chain[:1])):
        (folder / name).write_bytes(certificates_to_pem(certificates))
    for purpose in ("sslserver", "sslclient"):
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-attime", str(int(now.timestamp())), "-CAfile", "root.pem"]
        untrusted = ["-untrusted", "above.pem"] if chain[1:] else []
        verified = subprocess.run([*command, *untrusted, "leaf.pem"], cwd=folder, capture_output=True, text=True, timeout=30, check=False)
        assert (verified.returncode, verified.stdout) == (0, "leaf.pem: OK\n"), verified.stderr


def test_a_self_signed_ca_and_its_servers_pass_both_verifiers(ca: SigningCa, now: datetime, tmp_path: Path) -> None:
    istiod = SpiffeId.parse("spiffe://cluster.local/ns/istio-system/sa/istiod-basic")
    served = ca.issue_server(make_key(), istiod, ("istiod.istio-system.svc",), now=now, serial=3)
    assert_is_leaf_svid(served.leaf, istiod, ca.issuer.certificate)
    verifier = PolicyBuilder().store(Store([ca.issuer.certificate])).time(now)
    verifier.build_server_verifier(x509.DNSName("istiod.istio-system.svc")).verify(served.leaf, [])
    leaf, *_ = ca.issue(request(), DETAILS, ttl=DAY, now=now, serial=4)
    verifier.build_client_verifier().verify(leaf, [])
    for certificate in (served.leaf, leaf):
        assert_openssl_accepts([certificate], ca.issuer.certificate, now, tmp_path)


def test_a_leaf_for_a_whole_trust_domain_is_never_made(ca: SigningCa, now: datetime, trust_domain: TrustDomain) -> None:
    bare = parse_csr(make_csr(make_key(), trust_domain.id))
    with pytest.raises(BugError, match="the name of signing certificates"):
        issue_svid(bare, trust_domain.id, issuer=ca.issuer, ttl=DAY, now=now, serial=1)


def test_an_intermediate_never_outlives_its_root(ca: SigningCa, now: datetime, trust_domain: TrustDomain) -> None:
    middle = issue_intermediate(make_key().public_key(), trust_domain, issuer=ca.issuer, lifetime=9999 * DAY, now=now, serial=5)
    assert middle.not_valid_after_utc == ca.issuer.certificate.not_valid_after_utc
    with pytest.raises(IssuerExpired):
        issue_intermediate(make_key().public_key(), trust_domain, issuer=ca.issuer, lifetime=DAY, now=now + 9999 * DAY, serial=5)


def test_an_issuer_does_not_show_its_key(ca: SigningCa) -> None:
    assert repr(ca.issuer).startswith("Issuer(CN=Root CA ")
    assert "PRIVATE" not in repr(ca)
