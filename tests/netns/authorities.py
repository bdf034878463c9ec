"""CAs for tests to plug in: roots, intermediates and revocation lists, made with cryptography alone, as a user's own PKI would."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

__all__ = ["Authority", "cacerts", "make_authority", "make_crl"]

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA certificate with its key, and the certificates from it up to its root."""

    certificate: x509.Certificate
    key: Key
    path: tuple[x509.Certificate, ...]


def make_authority(name: str, issuer: Authority | None = None, *, key: Key | None = None, days: int = 30) -> Authority:
    """A CA `CN=name` issued by `issuer`, or by itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    now, subject = datetime.now(UTC), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    above = issuer.certificate if issuer else None
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.subject if above else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Authority(certificate, key, (certificate, *(issuer.path if issuer else ())))


def make_crl(authority: Authority, serials: Iterable[int], *, ends: timedelta = timedelta(days=1)) -> bytes:
    """A list by `authority` of these serial numbers, as PEM."""
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(now - timedelta(days=2)).next_update(now + ends)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - timedelta(minutes=1)).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def cacerts(authority: Authority, **changes: bytes) -> str:
    """Secret `cacerts` in istio-system as a manifest; `changes` by file name with `_` for `-`, without `.pem`; an empty one is left out."""
    pem = [certificate.public_bytes(Encoding.PEM) for certificate in authority.path]
    files = {
        "ca-cert": pem[0],
        "ca-key": authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "cert-chain": b"".join(pem),
        "root-cert": pem[-1],
    }
    files |= {name.replace("_", "-"): content for name, content in changes.items()}
    return _secret({f"{name}.pem": content for name, content in files.items() if content})


def _secret(files: Mapping[str, bytes]) -> str:
    data = "".join(f"  {name}: {base64.b64encode(content).decode()}\n" for name, content in files.items())
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: cacerts, namespace: istio-system}}\ntype: Opaque\ndata:\n{data}"
