"""What the CA answered, checked; and the files that Envoy reads."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hauberk.agent.credentials import Credentials, UnexpectedCertificate, accept_chain, credential_files
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import CertificateRefused, fingerprint, parse_certificates
from hauberk.pki.csr import make_csr, parse_csr
from hauberk.pki.keys import PrivateKey, key_to_pem, make_key
from hauberk.pki.rotation import Held, Leaf
from hauberk.pki.svid import X509Svid
from hauberk.pki.verify import ChainRefused

DETAILS = SpiffeId.for_workload(TrustDomain("cluster.local"), "bookinfo", "bookinfo-details")
REVIEWS = SpiffeId.for_workload(TrustDomain("cluster.local"), "bookinfo", "bookinfo-reviews")


def answer(ca: SigningCa, key: PrivateKey, now: datetime, spiffe_id: SpiffeId = DETAILS) -> tuple[str, ...]:
    csr = parse_csr(make_csr(key, spiffe_id))
    return ca.chain_for_wire(ca.issue(csr, spiffe_id, ttl=timedelta(hours=1), now=now, serial=7))


def test_a_good_answer_becomes_leaf_and_root_of_the_published_bundle(mesh) -> None:
    key = make_key()
    chain = answer(mesh.ca, key, mesh.now)
    credentials = accept_chain(chain, key, DETAILS, bundle=mesh.ca.bundle, now=mesh.now)
    assert credentials == Credentials(X509Svid(parse_certificates("".join(chain).encode()), key), mesh.ca.bundle)


def test_the_roots_in_the_answer_count_for_nothing(mesh, make_ca) -> None:
    key, stranger = make_key(), make_ca(2)
    with pytest.raises(ChainRefused, match="does not lead to any of 1 trusted roots"):
        accept_chain(answer(stranger, key, mesh.now), key, DETAILS, bundle=mesh.ca.bundle, now=mesh.now)


def test_during_a_rotation_only_the_own_root_is_in_the_chain(mesh, make_ca) -> None:
    key, new = make_key(), make_ca(2)
    bundle = new.bundle.union(mesh.ca.bundle)
    credentials = accept_chain(answer(mesh.ca, key, mesh.now), key, DETAILS, bundle=bundle, now=mesh.now)
    assert credentials.svid.chain[1:] == mesh.ca.bundle.roots
    assert credentials.bundle == bundle


def test_a_certificate_for_another_identity_or_key_is_refused(mesh) -> None:
    key = make_key()
    with pytest.raises(UnexpectedCertificate, match=f"certified {REVIEWS} instead of {DETAILS}"):
        accept_chain(answer(mesh.ca, key, mesh.now, REVIEWS), key, DETAILS, bundle=mesh.ca.bundle, now=mesh.now)
    with pytest.raises(UnexpectedCertificate, match="another key"):
        accept_chain(answer(mesh.ca, make_key(), mesh.now), key, DETAILS, bundle=mesh.ca.bundle, now=mesh.now)


def test_an_answer_that_is_no_pem_or_has_ended_is_refused(mesh) -> None:
    key = make_key()
    with pytest.raises(CertificateRefused):
        accept_chain(("leaf", "root"), key, DETAILS, bundle=mesh.ca.bundle, now=mesh.now)
    with pytest.raises(ChainRefused, match="Renew it"):
        accept_chain(answer(mesh.ca, key, mesh.now), key, DETAILS, bundle=mesh.ca.bundle, now=mesh.now + timedelta(hours=2))


def test_envoy_is_given_two_secrets_that_hold_what_they_are_about(mesh) -> None:
    key = make_key()
    credentials = accept_chain(answer(mesh.ca, key, mesh.now), key, DETAILS, bundle=mesh.ca.bundle, now=mesh.now)
    files = credential_files(credentials)
    assert set(files) == {"cert-chain.pem", "key.pem", "root-cert.pem", "sds-default.json", "sds-root.json"}
    assert (files["key.pem"], files["root-cert.pem"]) == (key_to_pem(key), mesh.ca.bundle.to_pem())
    assert parse_certificates(files["cert-chain.pem"]) == credentials.svid.chain
    secret = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    pair = {
        name: {"inline_string": files[file].decode()}
        for name, file in (("certificate_chain", "cert-chain.pem"), ("private_key", "key.pem"))
    }
    assert json.loads(files["sds-default.json"]) == {"resources": [{"@type": secret, "name": "default", "tls_certificate": pair}]}
    roots = {"trusted_ca": {"inline_string": files["root-cert.pem"].decode()}}
    assert json.loads(files["sds-root.json"]) == {"resources": [{"@type": secret, "name": "ROOTCA", "validation_context": roots}]}


def test_revocation_lists_go_into_the_validation_context_for_the_leaf_only(mesh) -> None:
    key = make_key()
    credentials = accept_chain(answer(mesh.ca, key, mesh.now), key, DETAILS, bundle=mesh.ca.bundle, now=mesh.now)
    files = credential_files(replace(credentials, crl=b"a list"))
    (secret,) = json.loads(files["sds-root.json"])["resources"]
    context = secret["validation_context"]
    assert (context["crl"], context["only_verify_leaf_cert_crl"]) == ({"inline_string": "a list"}, True)
    assert files["ca-crl.pem"] == b"a list"


def test_what_is_reported_names_signer_roots_and_lists(mesh) -> None:
    key = make_key()
    credentials = accept_chain(answer(mesh.ca, key, mesh.now), key, DETAILS, bundle=mesh.ca.bundle, now=mesh.now)
    root = fingerprint(mesh.ca.path[0])
    leaf = Leaf.of(credentials.svid.chain[0])
    assert credentials.held(mesh.now) == Held(root, frozenset({root}), "", mesh.now, leaf)
