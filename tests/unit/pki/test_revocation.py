"""Revocation lists: what is taken, what is left out and why, and the empty list that stands in."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from hauberk.errors import Level
from hauberk.pki.issue import Issuer
from hauberk.pki.revocation import (
    crls_to_pem,
    digest_of,
    empty_crl,
    has_ended,
    is_list_of,
    is_vouched_for,
    may_sign_lists,
    parse_crls,
    read_crls,
    revoked_serials,
)

SUBJECT = "Secret istio-system/cacerts"


HOUR = timedelta(hours=1)


def make_crl(issuer: Issuer, now: datetime, *serials: int, starts: timedelta = -HOUR, ends: timedelta = HOUR) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(now + starts).next_update(now + ends)
    for serial in serials:
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def chain(make_authority) -> tuple[Issuer, Issuer]:
    """The signing CA and its root."""
    root = make_authority("root")
    return make_authority("signing", root), root


def path_of(chain: tuple[Issuer, ...]) -> tuple[x509.Certificate, ...]:
    return tuple(issuer.certificate for issuer in chain)


def test_lists_of_this_ca_are_taken_and_read_back(chain, now: datetime) -> None:
    pem = make_crl(chain[0], now, 5, 6) + make_crl(chain[1], now, 7)
    crls, findings = read_crls(pem, path_of(chain), subject=SUBJECT, now=now)
    assert (crls, findings) == (parse_crls(pem), ())
    assert (crls_to_pem(crls), revoked_serials(crls)) == (pem, {5, 6, 7})
    assert digest_of(pem) != digest_of(b"") == ""


def test_a_bad_list_is_reported_and_left_out_and_never_an_error(chain, make_authority, now: datetime) -> None:
    stranger = make_authority("stranger")
    bad = {
        b"garbage": "it holds no PEM block of a revocation list.",
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----": "list 1 cannot be read",
        make_crl(stranger, now): 'list 1, of "CN=stranger", is signed by none of this CA\'s certificates.',
        make_crl(Issuer(chain[0].certificate, stranger.key), now): 'list 1, of "CN=signing", is signed by none',
        make_crl(chain[0], now, starts=timedelta(hours=-2), ends=timedelta(hours=-1)): "list 1 ends at 2026-03-01 11:00:00 UTC",
        make_crl(chain[0], now, starts=timedelta(minutes=30)): "list 1 is not valid before 2026-03-01 12:30:00 UTC",
        make_crl(chain[1], now): 'no list in it is by the signing CA "CN=signing"',
    }
    for pem, message in bad.items():
        crls, (finding, *_) = read_crls(pem, path_of(chain), subject=SUBJECT, now=now)
        assert crls == ()
        assert (finding.code, finding.level, finding.path) == ("HBK0421", Level.WARNING, 'data["ca-crl.pem"]')
        assert message in str(finding)
        assert "It is left out." in str(finding)


def test_a_list_is_taken_back_before_its_end_and_not_after(chain, now: datetime) -> None:
    (crl,) = parse_crls(make_crl(chain[0], now, ends=timedelta(minutes=10)))
    assert [has_ended(crl, now + timedelta(seconds=seconds)) for seconds in (0, 569, 570, 600)] == [False, False, True, True]


def test_a_good_list_beside_a_bad_one_is_taken(chain, make_authority, now: datetime) -> None:
    good = make_crl(chain[0], now, 5)
    crls, findings = read_crls(make_crl(make_authority("stranger"), now) + good, path_of(chain), subject=SUBJECT, now=now)
    assert (crls, [finding.code for finding in findings]) == (parse_crls(good), ["HBK0421"])


def test_a_list_that_revokes_the_ca_itself_is_said(chain, now: datetime) -> None:
    pem = make_crl(chain[0], now) + make_crl(chain[1], now, chain[0].certificate.serial_number)
    _, (finding,) = read_crls(pem, path_of(chain), subject=SUBJECT, now=now)
    assert (finding.code, finding.message) == ("HBK0422", 'it revokes "CN=signing", a certificate of this very CA.')


def test_a_ca_whose_key_usage_lacks_crl_sign_signs_no_lists(make_authority, now: datetime) -> None:
    usage = x509.KeyUsage(False, False, False, False, False, True, False, False, False)  # keyCertSign only
    issuer = make_authority("certificates only", extensions=(usage,))
    assert not may_sign_lists(issuer.certificate)
    assert may_sign_lists(make_authority("anything").certificate)
    crls, (finding,) = read_crls(make_crl(issuer, now), [issuer.certificate], subject=SUBJECT, now=now)
    assert crls == ()
    assert "leaves out cRLSign" in finding.message


def test_the_empty_list_is_good_and_revokes_nothing(chain, now: datetime) -> None:
    crl = empty_crl(chain[0], now=now)
    assert is_list_of(crl, chain[0].certificate)
    assert not is_list_of(crl, chain[1].certificate)
    assert read_crls(crls_to_pem([crl]), path_of(chain), subject=SUBJECT, now=now) == ((crl,), ())
    assert revoked_serials([crl]) == frozenset()


@given(st.binary(max_size=200))
def test_any_bytes_are_left_out_by_number(junk: bytes) -> None:
    moment = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    for pem in (junk, b"-----BEGIN X509 CRL-----\n" + junk + b"\n-----END X509 CRL-----"):
        crls, findings = read_crls(pem, (), subject=SUBJECT, now=moment)
        assert crls == ()
        assert {finding.code for finding in findings} == {"HBK0421"}


def test_a_leaf_holds_where_its_issuer_has_a_list_and_it_is_not_on_it(chain, make_authority, now: datetime) -> None:
    signing, root = chain
    leaf, above = make_authority("leaf", signing).certificate, path_of(chain)
    own, listed = make_crl(signing, now), make_crl(signing, now, leaf.serial_number)
    impostor = make_authority("signing")  # of the same name, with another key
    assert is_vouched_for(leaf, above, ())
    assert is_vouched_for(leaf, above, parse_crls(own))
    assert not is_vouched_for(leaf, above, parse_crls(listed))
    assert not is_vouched_for(leaf, above, parse_crls(make_crl(root, now))), "its issuer has no list"
    assert not is_vouched_for(leaf, above, parse_crls(make_crl(impostor, now)))
    assert not is_vouched_for(make_authority("forged", impostor).certificate, above, parse_crls(own))
