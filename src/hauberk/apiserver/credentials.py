"""The API's own certificates: a CA, what it issues, and who is whom by them.

No I/O; keys, serials and the time are passed in or made by `cryptography`. This CA vouches for users of the API and for its
server, never for workloads: those have the CAs of their meshes (`hauberk.pki`).
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from hauberk import names
from hauberk.k8s.kind import Manifest
from hauberk.names import API_VIP

__all__ = ["CLIENTS", "Client", "Issued", "admin_kubeconfig", "is_due", "issue_client", "issue_server", "make_ca", "new_key", "pem_key"]

_CA_LIFETIME = timedelta(days=3650)
_LIFETIME = timedelta(days=365)
"""As kubeadm: a year for what is issued, ten for the CA."""
_RENEW_BEFORE = timedelta(days=60)
_CLOCK_SKEW = timedelta(minutes=5)
_SERVER_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    f"kubernetes.default.svc.{names.CLUSTER_DOMAIN}",
)


@dataclass(frozen=True, slots=True)
class Client:
    """A user of the API that has a client certificate: `file` names its files, `name` is the CN, `group` the O."""

    file: str
    name: str
    group: str = ""


CLIENTS = (
    Client("admin", "admin", names.GROUP_MASTERS),
    Client("control-plane", names.USER_CONTROL_PLANE),
    Client("node", names.USER_NODE, names.GROUP_NODES),
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key of the kind that everything here uses."""
    return ec.generate_private_key(ec.SECP256R1())


def pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as unencrypted PKCS#8 PEM; for files of mode 0600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_ca(key: ec.EllipticCurvePrivateKey, *, now: datetime) -> Issued:
    """A new self-signed CA."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hauberk-api-ca")])
    ski = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        _builder(subject, subject, key, now=now, lifetime=_CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(ski, critical=False)
        # some verifiers (Python's strict mode, RFC 5280 4.2.1.1) want it in a self-signed certificate too
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Issued(certificate, key)


def issue_server(ca: Issued, key: ec.EllipticCurvePrivateKey, *, now: datetime) -> Issued:
    """The serving certificate, for loopback and for the names by which pods would call the API."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
    alternatives = [*(x509.DNSName(name) for name in _SERVER_NAMES), *(x509.IPAddress(IPv4Address(one)) for one in ("127.0.0.1", API_VIP))]
    return _issue(ca, key, subject, ExtendedKeyUsageOID.SERVER_AUTH, now=now, alternatives=alternatives)


def issue_client(ca: Issued, key: ec.EllipticCurvePrivateKey, client: Client, *, now: datetime) -> Issued:
    """The certificate by which `client` is known."""
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, client.group)] if client.group else []
    subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, client.name)])
    return _issue(ca, key, subject, ExtendedKeyUsageOID.CLIENT_AUTH, now=now)


def is_due(certificate: x509.Certificate, *, now: datetime) -> bool:
    """Whether `certificate` should be renewed: it ends soon, or is not valid yet (a clock that went back)."""
    return now + _RENEW_BEFORE >= certificate.not_valid_after_utc or now < certificate.not_valid_before_utc


def admin_kubeconfig(ca: Issued, admin: Issued, *, server: str, name: str) -> Manifest:
    """A kubeconfig with everything in it, for the administrator; `server` is a URL, `name` the instance's."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": _base64(ca.pem)}}],
        "users": [
            {
                "name": f"{name}-admin",
                "user": {"client-certificate-data": _base64(admin.pem), "client-key-data": _base64(pem_key(admin.key))},
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": f"{name}-admin", "namespace": "default"}}],
        "current-context": name,
        "preferences": {},
    }


def _issue(
    ca: Issued,
    key: ec.EllipticCurvePrivateKey,
    subject: x509.Name,
    usage: ObjectIdentifier,
    *,
    now: datetime,
    alternatives: "list[x509.GeneralName] | None" = None,
) -> Issued:
    issuer_ski = ca.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(subject, ca.certificate.subject, key, now=now, lifetime=_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_ski), critical=False)
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return Issued(builder.sign(ca.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + lifetime)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,  # ECDSA keys only sign
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
