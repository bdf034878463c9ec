"""The CA in Secrets and ConfigMaps: written, read back, and refused where it is spoiled."""

import base64
from datetime import datetime, timedelta

import pytest

from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import CertificateRefused, certificates_to_pem, fingerprint
from hauberk.pki.keys import key_to_pem, same_key
from hauberk.pki.plugged import CaRefused
from hauberk.pki.secrets import bundle_in_config_map, ca_in_cacerts, ca_in_secret, ca_secret, root_config_map


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_the_meshs_own_ca_is_read_back_from_its_secret(ca: SigningCa, now: datetime, trust_domain: TrustDomain) -> None:
    secret = ca_secret(ca, "istio-system")
    assert secret["metadata"] == {"name": "istio-ca-secret", "namespace": "istio-system"}
    assert secret["type"] == "istio.io/ca-root"
    assert secret["data"] == {
        "ca-cert.pem": b64(ca.bundle.to_pem()),
        "ca-key.pem": b64(key_to_pem(ca.issuer.key)),
        "root-cert.pem": b64(ca.bundle.to_pem()),
    }
    again = ca_in_secret(secret, trust_domain=trust_domain, now=now)
    assert (again.path, again.bundle) == (ca.path, ca.bundle)
    assert same_key(again.issuer.key.public_key(), ca.issuer.key.public_key())


def test_a_secret_as_istio_writes_it_is_taken(ca: SigningCa, now: datetime, trust_domain: TrustDomain) -> None:
    secret = ca_secret(ca, "istio-system")
    secret["data"] |= {"root-cert.pem": "", "cert-chain.pem": "", "key.pem": ""}
    assert ca_in_secret(secret, trust_domain=trust_domain, now=now).bundle == ca.bundle


def test_an_ended_root_is_refused_by_number(ca: SigningCa, now: datetime, trust_domain: TrustDomain) -> None:
    with pytest.raises(CaRefused, match="HBK0407 Secret istio-system/istio-ca-secret"):
        ca_in_secret(ca_secret(ca, "istio-system"), trust_domain=trust_domain, now=now + timedelta(days=4000))


def test_cacerts_is_read_from_its_four_files(make_authority, now: datetime, trust_domain: TrustDomain) -> None:
    root = make_authority("root")
    signing = make_authority("signing", root)
    pem = certificates_to_pem([signing.certificate])
    files = {
        "ca-cert.pem": pem,
        "ca-key.pem": key_to_pem(signing.key),
        "cert-chain.pem": pem,
        "root-cert.pem": certificates_to_pem([root.certificate]),
    }
    secret = {
        "kind": "Secret",
        "metadata": {"name": "cacerts", "namespace": "istio-system-certs"},
        "data": {name: b64(data) for name, data in files.items()},
    }
    assert ca_in_cacerts(secret, trust_domain=trust_domain, now=now).path == (signing.certificate, root.certificate)
    del secret["data"]["cert-chain.pem"]
    with pytest.raises(CaRefused, match=r'HBK0401 Secret istio-system-certs/cacerts, data\["cert-chain.pem"\]: it is missing'):
        ca_in_cacerts(secret, trust_domain=trust_domain, now=now)


def test_values_that_are_not_base64_and_no_data_at_all_are_refused(now: datetime, trust_domain: TrustDomain) -> None:
    secret = {"metadata": {"name": "cacerts", "namespace": "x"}, "data": dict.fromkeys(("ca-cert.pem", "cert-chain.pem"), "%%%")}
    for spoiled in (secret, {"metadata": {"name": "cacerts", "namespace": "x"}}):
        with pytest.raises(CaRefused):
            ca_in_cacerts(spoiled, trust_domain=trust_domain, now=now)


def test_the_roots_are_read_back_from_their_config_map(ca: SigningCa, trust_domain: TrustDomain) -> None:
    config_map = root_config_map(ca, "bookinfo")
    announced = {"hauberk.io/ca-issuer": fingerprint(ca.path[0])}
    assert config_map["metadata"] == {"name": "istio-ca-root-cert", "namespace": "bookinfo", "annotations": announced}
    assert bundle_in_config_map(config_map, trust_domain) == ca.bundle


def test_a_config_map_without_roots_is_refused_with_its_place(trust_domain: TrustDomain) -> None:
    config_map = {"metadata": {"name": "istio-ca-root-cert", "namespace": "bookinfo"}, "data": {}}
    with pytest.raises(CertificateRefused, match=r"ConfigMap bookinfo/istio-ca-root-cert, .*Delete the ConfigMap"):
        bundle_in_config_map(config_map, trust_domain)
