"""A CA of the user's own, as section 5 of the walkthrough has it: root, intermediate, and the four files of secret `cacerts`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

__all__ = ["OwnCa", "certificates_in", "make_own_ca"]

LIFETIME = timedelta(days=30)
_SIGNS = x509.KeyUsage(
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


@dataclass(frozen=True, slots=True)
class OwnCa:
    """PEM texts; the root's key is thrown away, as one that is kept offline."""

    root: str
    intermediate: str
    key: str

    def files(self) -> dict[str, str]:
        """The secret's entries by file name; the chain leads from the intermediate to the root."""
        return {
            "root-cert.pem": self.root,
            "ca-cert.pem": self.intermediate,
            "ca-key.pem": self.key,
            "cert-chain.pem": self.intermediate + self.root,
        }


def make_own_ca(now: datetime) -> OwnCa:
    """A root for a month and an intermediate CA below it."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = _name("The company's root"), _name("The company's mesh CA")
    root = _certificate(root_name, root_name, root_key.public_key(), now, path_length=1).sign(root_key, hashes.SHA256())
    intermediate = _certificate(name, root_name, key.public_key(), now, path_length=0).sign(root_key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return OwnCa(root.public_bytes(Encoding.PEM).decode(), intermediate.public_bytes(Encoding.PEM).decode(), pem)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, *, path_length: int
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(minutes=2)).not_valid_after(now + LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = builder.add_extension(_SIGNS, critical=True)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def certificates_in(text: str) -> list[x509.Certificate]:
    """The PEM certificates in any text, such as what `openssl s_client -showcerts` prints, in their order."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    blocks = [part.partition(end)[0] for part in text.split(begin)[1:]]
    return [x509.load_pem_x509_certificate(f"{begin}{block}{end}\n".encode()) for block in blocks]
