"""What Envoy is given: certificate chain, key, roots, and the two SDS files that point at them. Pure.

Envoy reads the SDS files, and through them the PEM files, each time something is renamed in the watched directory. A renewal is
a new folder and the renaming of the link `current`, so Envoy sees a whole pair or the old one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hauberk.errors import PeerError
from hauberk.model.identity import SpiffeId
from hauberk.names import (
    CERT_CHAIN_FILE,
    CREDENTIALS_DIR,
    CRL_FILE,
    KEY_FILE,
    ROOT_CERT_FILE,
    SDS_CERTIFICATE,
    SDS_CERTIFICATE_FILE,
    SDS_ROOT,
    SDS_ROOT_FILE,
    TYPE_SECRET,
)
from hauberk.pki.certificates import fingerprint, parse_certificates
from hauberk.pki.keys import PrivateKey, same_key
from hauberk.pki.revocation import digest_of
from hauberk.pki.rotation import Held
from hauberk.pki.svid import X509Bundle, X509Svid
from hauberk.pki.verify import verify_chain

__all__ = ["CURRENT_LINK", "Credentials", "UnexpectedCertificate", "accept_chain", "credential_files"]

CURRENT_LINK = "current"


class UnexpectedCertificate(PeerError):
    """The CA answered a certificate for another identity or another key."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a workload proves itself by, and whom it trusts."""

    svid: X509Svid
    bundle: X509Bundle
    crl: bytes = b""
    """Revocation lists as PEM, empty for none."""

    @property
    def issuer(self) -> str:
        """Fingerprint of the CA certificate that signed the leaf."""
        return fingerprint(self.svid.chain[1])

    def held(self, since: datetime) -> Held:
        """What there is to report of it."""
        return Held(self.issuer, frozenset(self.bundle.fingerprints()), digest_of(self.crl), since)


def accept_chain(chain_pem: tuple[str, ...], key: PrivateKey, spiffe_id: SpiffeId, *, bundle: X509Bundle, now: datetime) -> Credentials:
    """The CA's answer, checked against what was asked for and against the roots that the mesh has published.

    The roots in the answer count for nothing: whoever sits on the CA's socket could send any. The chain that is kept is the path
    to the trusted root, root included, as Istio's sidecars show it.
    Raises: CertificateRefused, ChainRefused, UnexpectedCertificate.
    """
    path = verify_chain(parse_certificates("\n".join(chain_pem).encode()), bundle.roots, now=now)
    svid = X509Svid(path, key)
    if svid.spiffe_id != spiffe_id:
        raise UnexpectedCertificate(
            f"The CA certified {svid.spiffe_id} instead of {spiffe_id}. Does the pod's token belong to another account?"
        )
    if not same_key(svid.leaf.public_key(), key.public_key()):
        raise UnexpectedCertificate("The CA certified another key than the one asked for. Look at the CA's log.")
    return Credentials(svid, bundle)


def credential_files(credentials: Credentials, *, seen_in: str = CREDENTIALS_DIR) -> Mapping[str, bytes]:
    """The files of one credentials folder by name; `seen_in` is where the sidecar sees the folder that holds the link `current`."""
    current = f"{seen_in}/{CURRENT_LINK}"
    watched = {"path": seen_in}
    certificate = {
        "tls_certificate": {
            "certificate_chain": {"filename": f"{current}/{CERT_CHAIN_FILE}"},
            "private_key": {"filename": f"{current}/{KEY_FILE}"},
            "watched_directory": watched,
        }
    }
    context: dict[str, object] = {"trusted_ca": {"filename": f"{current}/{ROOT_CERT_FILE}"}, "watched_directory": watched}
    if credentials.crl:
        # The leaf only: the lists are those of the CAs that sign leaves, and BoringSSL would want one for each CA above too.
        context |= {"crl": {"filename": f"{current}/{CRL_FILE}"}, "only_verify_leaf_cert_crl": True}
    lists = {CRL_FILE: credentials.crl} if credentials.crl else {}
    return {
        CERT_CHAIN_FILE: credentials.svid.chain_to_pem(),
        KEY_FILE: credentials.svid.key_to_pem(),
        ROOT_CERT_FILE: credentials.bundle.to_pem(),
        SDS_CERTIFICATE_FILE: _sds_file(SDS_CERTIFICATE, certificate),
        SDS_ROOT_FILE: _sds_file(SDS_ROOT, {"validation_context": context}),
    } | lists


def _sds_file(name: str, secret: Mapping[str, object]) -> bytes:
    """A DiscoveryResponse with one Secret, as Envoy reads it from a `path_config_source`."""
    return json.dumps({"resources": [{"@type": TYPE_SECRET, "name": name, **secret}]}, indent=1).encode()
