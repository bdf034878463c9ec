"""What Envoy is given: certificate chain, key, roots, and the two SDS files that hold them for it. Pure.

Envoy reads the SDS files each time something is renamed in the watched directory. A renewal is a new folder and the renaming of
the link `current`, so Envoy sees a whole pair or the old one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hauberk.errors import PeerError
from hauberk.model.identity import SpiffeId
from hauberk.names import (
    CERT_CHAIN_FILE,
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
from hauberk.pki.rotation import Held, Leaf
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
        return Held(self.issuer, frozenset(self.bundle.fingerprints()), digest_of(self.crl), since, Leaf.of(self.svid.chain[0]))


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


def credential_files(credentials: Credentials) -> Mapping[str, bytes]:
    """The files of one credentials folder by name.

    The SDS files hold what they are about instead of naming the PEM files: for each secret that names files Envoy keeps one
    more inotify instance, and a user has 128 of them. With two a sidecar instead of four, twice as many pods fit on a machine.
    The PEM files are for people and programs that look at Istio's place for them.
    """
    chain, key, roots = credentials.svid.chain_to_pem(), credentials.svid.key_to_pem(), credentials.bundle.to_pem()
    certificate = {"tls_certificate": {"certificate_chain": _inline(chain), "private_key": _inline(key)}}
    context: dict[str, object] = {"trusted_ca": _inline(roots)}
    if credentials.crl:
        # The leaf only: the lists are those of the CAs that sign leaves, and BoringSSL would want one for each CA above too.
        context |= {"crl": _inline(credentials.crl), "only_verify_leaf_cert_crl": True}
    lists = {CRL_FILE: credentials.crl} if credentials.crl else {}
    return {
        CERT_CHAIN_FILE: chain,
        KEY_FILE: key,
        ROOT_CERT_FILE: roots,
        SDS_CERTIFICATE_FILE: _sds_file(SDS_CERTIFICATE, certificate),
        SDS_ROOT_FILE: _sds_file(SDS_ROOT, {"validation_context": context}),
    } | lists


def _inline(pem: bytes) -> dict[str, str]:
    """Envoy's DataSource with the text in it."""
    return {"inline_string": pem.decode()}


def _sds_file(name: str, secret: Mapping[str, object]) -> bytes:
    """A DiscoveryResponse with one Secret, as Envoy reads it from a `path_config_source`."""
    return json.dumps({"resources": [{"@type": TYPE_SECRET, "name": name, **secret}]}, indent=1).encode()
