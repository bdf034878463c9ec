"""The CA as Secrets and ConfigMaps of the API: to and from manifests.

`istio-ca-secret` (type istio.io/ca-root) keeps the mesh's own root and its key, `cacerts` is the user's, ConfigMap
`istio-ca-root-cert` hands the trusted roots to the workloads. Names and keys are Istio's.
"""

import base64
import binascii
from datetime import datetime
from typing import Final

from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.identity import TrustDomain
from hauberk.names import CA_SECRET, ROOT_CERT_FILE, ROOT_CONFIG_MAP
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import CertificateRefused, certificates_to_pem
from hauberk.pki.keys import key_to_pem
from hauberk.pki.plugged import CA_CERT_FILE, CA_KEY_FILE, CHAIN_FILE, ROOT_FILE, load_plugged_ca
from hauberk.pki.svid import X509Bundle

__all__ = ["CA_SECRET_TYPE", "bundle_in_config_map", "ca_in_cacerts", "ca_in_secret", "ca_secret", "root_config_map"]

CA_SECRET_TYPE: Final = "istio.io/ca-root"  # noqa: S105 - the type of a Secret


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


def root_config_map(bundle: X509Bundle, namespace: str) -> Manifest:
    """ConfigMap `istio-ca-root-cert` for one namespace of the mesh."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": ROOT_CONFIG_MAP, "namespace": namespace},
        "data": {ROOT_CERT_FILE: bundle.to_pem().decode()},
    }


def bundle_in_config_map(config_map: Manifest, trust_domain: TrustDomain) -> X509Bundle:
    """The trusted roots in ConfigMap `istio-ca-root-cert`. Raises: CertificateRefused."""
    pem = (config_map.get("data") or {}).get(ROOT_CERT_FILE, "")
    try:
        return X509Bundle.parse(trust_domain, pem.encode())
    except CertificateRefused as error:
        where = f'ConfigMap {namespace_of(config_map)}/{name_of(config_map)}, data["{ROOT_CERT_FILE}"]'
        raise CertificateRefused(f"{where}: {error} Delete the ConfigMap: the mesh writes it anew.") from error


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
