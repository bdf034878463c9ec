"""The CA as one value: the chains that it gives, and lifetimes."""

from datetime import datetime, timedelta

import pytest

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import DEFAULT_LIFETIMES, Lifetimes, SigningCa, self_signed_ca
from hauberk.pki.certificates import certificates_to_pem, parse_certificates
from hauberk.pki.csr import make_csr, parse_csr
from hauberk.pki.keys import make_key
from hauberk.pki.svid import X509Bundle
from hauberk.pki.verify import verify_chain

DETAILS = SpiffeId.parse("spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details")


def issue(ca: SigningCa, now: datetime):
    return ca.issue(parse_csr(make_csr(make_key(), DETAILS)), DETAILS, ttl=timedelta(hours=1), now=now, serial=77)


def test_a_self_signed_ca_sends_leaf_and_root(ca: SigningCa, now: datetime, trust_domain: TrustDomain) -> None:
    chain = issue(ca, now)
    assert ca.is_self_signed
    assert ca.trust_domain == trust_domain
    assert chain[1:] == ca.bundle.roots
    assert chain[0].serial_number == 77
    assert ca.chain_for_wire(chain) == (certificates_to_pem(chain[:1]).decode(), ca.bundle.to_pem().decode())


def test_a_plugged_in_ca_sends_the_whole_way_up(make_authority, now: datetime, trust_domain: TrustDomain) -> None:
    root, other_root = make_authority("root"), make_authority("other root")
    lower = make_authority("lower", root)
    bundle = X509Bundle(trust_domain, (other_root.certificate, root.certificate))
    ca = SigningCa(lower, (lower.certificate, root.certificate), bundle)
    chain = issue(ca, now)
    assert not ca.is_self_signed
    assert verify_chain(chain, [root.certificate], now=now) == chain == (chain[0], lower.certificate, root.certificate)
    wire = ca.chain_for_wire(chain)
    assert [len(parse_certificates(element.encode())) for element in wire] == [1, 1, 2]
    assert wire[-1] == bundle.to_pem().decode()


def test_roots_differ_by_key_and_share_a_trust_domain(now: datetime, trust_domain: TrustDomain) -> None:
    one, two = (self_signed_ca(trust_domain=trust_domain, key=make_key(), now=now, serial=serial) for serial in (1, 2))
    assert one.bundle != two.bundle
    assert one.trust_domain == two.trust_domain


def test_a_serving_certificate_lives_for_the_default(ca: SigningCa, now: datetime) -> None:
    svid = ca.issue_server(make_key(), DETAILS, ("a.svc",), now=now, serial=3)
    assert svid.leaf.not_valid_after_utc == now + DEFAULT_LIFETIMES.default
    assert svid.chain[1:] == ca.path


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (timedelta(), timedelta(hours=24)),
        (timedelta(seconds=-5), timedelta(hours=24)),
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(days=90), timedelta(days=90)),
        (timedelta(days=91), timedelta(days=90)),
    ],
)
def test_lifetimes_are_clipped_and_not_refused(asked: timedelta, given: timedelta) -> None:
    assert DEFAULT_LIFETIMES.clip(asked) == given


def test_a_maximum_below_the_default_counts() -> None:
    assert Lifetimes(maximum=timedelta(hours=1)).clip(timedelta()) == timedelta(hours=1)
