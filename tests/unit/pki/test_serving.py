"""The serving certificate: the same until half of its life is over, then a new one; at once after a change of the CA."""

from datetime import datetime, timedelta

import pytest

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.certificates import is_issued_by
from hauberk.pki.issue import IssuerExpired
from hauberk.pki.keys import make_key
from hauberk.pki.serving import ServingCertificate

ISTIOD = SpiffeId.parse("spiffe://cluster.local/ns/istio-system/sa/istiod-basic")
NAMES = ("istiod-basic.istio-system.svc",)


def test_it_stays_until_half_of_its_life_is_over(ca: SigningCa, now: datetime) -> None:
    serving = ServingCertificate(ca, ISTIOD, NAMES)
    first = serving.at(now)
    assert first.spiffe_id == ISTIOD
    assert serving.at(now + timedelta(hours=11)) is first
    second = serving.at(now + timedelta(hours=12))
    assert second.leaf.serial_number != first.leaf.serial_number
    assert second.leaf.not_valid_after_utc == now + timedelta(hours=36)


def test_a_new_ca_counts_at_once(ca: SigningCa, now: datetime, trust_domain: TrustDomain) -> None:
    serving = ServingCertificate(ca, ISTIOD, NAMES)
    serving.at(now)
    other = self_signed_ca(trust_domain=trust_domain, key=make_key(), now=now, serial=9)
    serving.replace_ca(other)
    assert serving.ca is other
    assert is_issued_by(serving.at(now).leaf, other.issuer.certificate)


def test_an_ended_ca_serves_nothing(ca: SigningCa, now: datetime) -> None:
    with pytest.raises(IssuerExpired):
        ServingCertificate(ca, ISTIOD, NAMES).at(now + timedelta(days=4000))
