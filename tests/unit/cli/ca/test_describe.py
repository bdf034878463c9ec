from datetime import UTC, datetime, timedelta

from cryptography import x509

from hauberk.cli.ca.describe import certificate_facts, chain_facts, days_left, name_of_certificate, render_tree
from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.certificates import fingerprint
from hauberk.pki.issue import Issuer, issue_intermediate
from hauberk.pki.keys import make_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TRUST_DOMAIN = TrustDomain("mesh.example")
ROOT = self_signed_ca(trust_domain=TRUST_DOMAIN, key=make_key(), now=NOW, serial=0xABC)


def below(ca: SigningCa) -> SigningCa:
    key = make_key()
    certificate = issue_intermediate(key.public_key(), TRUST_DOMAIN, issuer=ca.issuer, lifetime=30 * DAY, now=NOW, serial=0xDEF)
    return SigningCa(Issuer(certificate, key), (certificate, *ca.path), ca.bundle)


def test_a_certificates_facts_are_what_openssl_would_print() -> None:
    assert certificate_facts(ROOT.issuer.certificate, now=NOW + DAY) == {
        "subject": "CN=Root CA abc,O=mesh.example",
        "issuer": "CN=Root CA abc,O=mesh.example",
        "spiffe_id": "spiffe://mesh.example",
        "key": "ECDSA P-256",
        "serial": "abc",
        "not_valid_before": "2026-03-01T11:58:00+00:00",
        "not_valid_after": "2036-02-27T12:00:00+00:00",
        "days_left": 3649,
        "sha256": fingerprint(ROOT.issuer.certificate),
    }


def test_a_chain_goes_from_the_root_down_to_what_signs_the_workloads() -> None:
    facts = chain_facts(below(below(ROOT)), now=NOW)
    assert [(one["role"], one["signs_workloads"]) for one in facts] == [("root", False), ("intermediate", False), ("intermediate", True)]
    assert chain_facts(ROOT, now=NOW)[0]["signs_workloads"]


def test_the_tree_shows_each_certificate_below_its_issuer() -> None:
    lines = render_tree(chain_facts(below(ROOT), now=NOW), now=NOW)
    assert lines[:2] == ["root CN=Root CA abc,O=mesh.example", "   SPIFFE ID  spiffe://mesh.example"]
    assert lines[6:10] == [
        "└─ intermediate CN=Intermediate CA def,O=mesh.example, signs the workloads' certificates",
        "      SPIFFE ID  spiffe://mesh.example",
        "      key        ECDSA P-256",
        "      valid      2026-03-01 11:58 to 2026-03-31 12:00 UTC (30 days left)",
    ]


def test_the_tree_says_what_is_not_valid_now() -> None:
    def validity(now: datetime) -> str:
        return next(line for line in render_tree(chain_facts(below(ROOT), now=now)[1:], now=now) if "valid" in line)

    assert validity(NOW + 32 * DAY).endswith("(ENDED 2 days ago)")
    assert validity(NOW - DAY).endswith("(NOT YET VALID)")
    assert days_left(ROOT.issuer.certificate, NOW + 4000 * DAY) == -350


def test_an_empty_name_says_so() -> None:
    assert name_of_certificate(x509.Name([])) == "(empty)"
