"""Certificates of the bench: a CA, the server's, and one for each namespace's service account."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from bench.discovery import mesh
from hauberk.model.identity import SpiffeId
from hauberk.pki.ca import self_signed_ca
from hauberk.pki.certificates import parse_certificates
from hauberk.pki.keys import make_key, parse_key
from hauberk.pki.svid import X509Bundle, X509Svid
from hauberk.xds.server import ServerCredentials

HOST = "istiod-basic.istio-system.svc"


def write_credentials(folder: Path) -> None:
    now = datetime.now(UTC)
    ca = self_signed_ca(trust_domain=mesh.DOMAIN, key=make_key(), now=now, serial=x509.random_serial_number())
    (folder / "root.pem").write_bytes(ca.bundle.to_pem())
    owners = {"server": "ns/istio-system/sa/istiod-basic", **{f"ns{index}": f"ns/ns{index}/sa/default" for index in range(mesh.NAMESPACES)}}
    for name, path in owners.items():
        identity = SpiffeId.parse(f"spiffe://cluster.local/{path}")
        svid = ca.issue_server(make_key(), identity, (HOST,), now=now, serial=x509.random_serial_number())
        (folder / f"{name}.key").write_bytes(svid.key_to_pem())
        (folder / f"{name}.crt").write_bytes(svid.chain_to_pem())


def read_credentials(folder: Path) -> ServerCredentials:
    svid = X509Svid(parse_certificates((folder / "server.crt").read_bytes()), parse_key((folder / "server.key").read_bytes()))
    return ServerCredentials(svid, X509Bundle.parse(mesh.DOMAIN, (folder / "root.pem").read_bytes()))
