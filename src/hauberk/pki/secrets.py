"""The CA as Secrets and ConfigMaps of the API: to and from manifests.

`istio-ca-secret` (type istio.io/ca-root) keeps the mesh's own root and its key, `cacerts` is the user's, ConfigMap
`istio-ca-root-cert` hands the trusted roots to the workloads. Names and keys are Istio's. `hauberk-ca-in-use` is ours: what signs
and what is trusted at this moment, whatever the other two say by now.
"""

import base64
import binascii
from datetime import datetime
from typing import Final

from hauberk.errors import Finding
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.identity import TrustDomain
from hauberk.names import ANNOTATION_ISSUER, ANNOTATION_ROTATION, CA_IN_USE_SECRET, CA_SECRET, CRL_FILE, ROOT_CERT_FILE, ROOT_CONFIG_MAP
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import CertificateRefused, certificates_to_pem, fingerprint, parse_certificates
from hauberk.pki.issue import Issuer
from hauberk.pki.keys import KeyRefused, key_to_pem, parse_key
from hauberk.pki.plugged import CA_CERT_FILE, CA_KEY_FILE, CHAIN_FILE, ROOT_FILE, load_plugged_ca, read_plugged_ca
from hauberk.pki.revocation import crls_to_pem, parse_crls
from hauberk.pki.svid import X509Bundle

__all__ = [
    "CA_IN_USE_TYPE",
    "CA_SECRET_TYPE",
    "bundle_in_config_map",
    "ca_in_cacerts",
    "ca_in_secret",
    "ca_in_use",
    "ca_in_use_secret",
    "ca_secret",
    "read_cacerts",
    "root_config_map",
    "secret_file",
]

CA_SECRET_TYPE: Final = "istio.io/ca-root"  # noqa: S105 - the type of a Secret
CA_IN_USE_TYPE: Final = "hauberk.io/ca-in-use"


def ca_secret(ca: SigningCa, namespace: str) -> Manifest:
    """Secret `istio-ca-secret` for a self-signed CA."""
    data = {
        CA_CERT_FILE: certificates_to_pem([ca.issuer.certificate]),
        CA_KEY_FILE: key_to_pem(ca.issuer.key),
        ROOT_FILE: ca.bundle.to_pem(),
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": CA_SECRET, "namespace": namespace},
        "type": CA_SECRET_TYPE,
        "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
    }


def ca_in_secret(secret: Manifest, *, trust_domain: TrustDomain, now: datetime) -> SigningCa:
    """The CA in `istio-ca-secret`, checked as a plugged-in one is. Raises: CaRefused.

    Istio's own secret has no root and chain (or empty ones): there the certificate itself is the root.
    """
    files = _decoded(secret)
    own = files.get(CA_CERT_FILE, b"")
    whole = files | {CHAIN_FILE: own, ROOT_FILE: files.get(ROOT_FILE) or own}
    return load_plugged_ca(whole, trust_domain=trust_domain, subject=_subject(secret), now=now)


def ca_in_cacerts(secret: Manifest, *, trust_domain: TrustDomain, now: datetime) -> SigningCa:
    """The CA in the user's secret `cacerts`. Raises: CaRefused, with all that is wrong."""
    return load_plugged_ca(_decoded(secret), trust_domain=trust_domain, subject=_subject(secret), now=now)


def read_cacerts(secret: Manifest, *, trust_domain: TrustDomain, now: datetime) -> tuple[SigningCa | None, tuple[Finding, ...]]:
    """The CA in `cacerts` or None, and what is to be said about it; see `plugged.read_plugged_ca`."""
    return read_plugged_ca(_decoded(secret), trust_domain=trust_domain, subject=_subject(secret), now=now)


def ca_in_use_secret(ca: SigningCa, namespace: str, *, rotation: str = "") -> Manifest:
    """Secret `hauberk-ca-in-use`; `rotation` says in words how far a change of the CA is, empty when it is done."""
    data = {
        CA_CERT_FILE: certificates_to_pem([ca.issuer.certificate]),
        CA_KEY_FILE: key_to_pem(ca.issuer.key),
        CHAIN_FILE: certificates_to_pem(ca.path[1:]),
        ROOT_FILE: ca.bundle.to_pem(),
        CRL_FILE: crls_to_pem(ca.crls),
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": CA_IN_USE_SECRET, "namespace": namespace, "annotations": {ANNOTATION_ROTATION: rotation}},
        "type": CA_IN_USE_TYPE,
        "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
    }


def ca_in_use(secret: Manifest, trust_domain: TrustDomain) -> SigningCa | None:
    """The CA in `hauberk-ca-in-use`; None where it cannot be read.

    Not judged: it was when it was written, and one that has ended since must still be known, so that its root stays trusted
    until the workloads have another.
    """
    files = _decoded(secret)
    try:
        (signing,) = parse_certificates(files[CA_CERT_FILE])
        above = parse_certificates(files[CHAIN_FILE]) if files[CHAIN_FILE] else ()
        bundle = X509Bundle.parse(trust_domain, files[ROOT_FILE])
        return SigningCa(Issuer(signing, parse_key(files[CA_KEY_FILE])), (signing, *above), bundle, parse_crls(files[CRL_FILE]))
    except (KeyError, ValueError, CertificateRefused, KeyRefused):
        return None


def root_config_map(ca: SigningCa, namespace: str) -> Manifest:
    """ConfigMap `istio-ca-root-cert` for one namespace of the mesh: roots, revocation lists, and who signs now.

    All in one object, so that no workload sees new roots with old lists. Istio has the lists in a ConfigMap of their own.
    """
    lists = {CRL_FILE: crls_to_pem(ca.crls).decode()} if ca.crls else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": ROOT_CONFIG_MAP, "namespace": namespace, "annotations": {ANNOTATION_ISSUER: fingerprint(ca.path[0])}},
        "data": {ROOT_CERT_FILE: ca.bundle.to_pem().decode()} | lists,
    }


def bundle_in_config_map(config_map: Manifest, trust_domain: TrustDomain) -> X509Bundle:
    """The trusted roots in ConfigMap `istio-ca-root-cert`. Raises: CertificateRefused."""
    pem = (config_map.get("data") or {}).get(ROOT_CERT_FILE, "")
    try:
        return X509Bundle.parse(trust_domain, pem.encode())
    except CertificateRefused as error:
        where = f'ConfigMap {namespace_of(config_map)}/{name_of(config_map)}, data["{ROOT_CERT_FILE}"]'
        raise CertificateRefused(f"{where}: {error} Delete the ConfigMap: the mesh writes it anew.") from error


def secret_file(secret: Manifest, name: str) -> bytes:
    """One entry of a Secret's data, empty where it is missing."""
    return _decoded(secret).get(name, b"")


def _subject(secret: Manifest) -> str:
    return f"Secret {namespace_of(secret)}/{name_of(secret)}"


def _decoded(secret: Manifest) -> dict[str, bytes]:
    """The Secret's data; a value that is not base64 counts as garbage, which is refused by what is expected in it."""
    return {name: _decode(value) for name, value in (secret.get("data") or {}).items()}


def _decode(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b"not base64"
