"""Bundles without doubles, and an SVID that does not show its key."""

from datetime import datetime

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import fingerprint, parse_certificates
from hauberk.pki.keys import key_to_pem, make_key, parse_key, same_key
from hauberk.pki.svid import X509Bundle, X509Svid


def test_a_bundle_is_read_back_without_doubles(make_authority, trust_domain: TrustDomain) -> None:
    one, two = (make_authority(name).certificate for name in ("one", "two"))
    bundle = X509Bundle(trust_domain, (one, two))
    assert X509Bundle.parse(trust_domain, bundle.to_pem() + bundle.to_pem()) == bundle
    assert bundle.fingerprints() == (fingerprint(one), fingerprint(two))


def test_a_union_keeps_ours_first(make_authority, trust_domain: TrustDomain) -> None:
    one, two, three = (make_authority(name).certificate for name in ("one", "two", "three"))
    union = X509Bundle(trust_domain, (one, two)).union(X509Bundle(trust_domain, (three, two)))
    assert union == X509Bundle(trust_domain, (one, two, three))


def test_an_svid_has_leaf_identity_and_key_and_hides_the_key(ca: SigningCa, now: datetime, trust_domain: TrustDomain) -> None:
    key, spiffe_id = make_key(), SpiffeId.for_workload(trust_domain, "istio-system", "istiod-basic")
    svid = ca.issue_server(key, spiffe_id, ("istiod.istio-system.svc",), now=now, serial=5)
    assert (svid.leaf, svid.spiffe_id) == (svid.chain[0], spiffe_id)
    assert parse_certificates(svid.chain_to_pem()) == svid.chain
    assert same_key(parse_key(svid.key_to_pem()).public_key(), key.public_key())
    assert svid == X509Svid(svid.chain, key)
    assert "key" not in repr(svid)
    assert key_to_pem(key).decode() not in repr(svid)
