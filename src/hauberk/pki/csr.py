"""Certificate signing requests: reading one, and refusing those that must not be signed."""

from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from hauberk.errors import PeerError
from hauberk.model.identity import SpiffeId
from hauberk.pki.keys import PrivateKey, PublicKey, digest_for, weakness_of

__all__ = ["CsrRejected", "check_csr", "make_csr", "parse_csr"]


_DIGESTS: Final = {"sha256", "sha384", "sha512"}
"""SHA-1 and MD5 can be made to collide, so a signature by them shows nothing."""


class CsrRejected(PeerError):
    """A request that is not signed; the message gives the reason."""


def parse_csr(pem: bytes) -> x509.CertificateSigningRequest:
    """The request in `pem`. Raises: CsrRejected."""
    try:
        return x509.load_pem_x509_csr(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise CsrRejected("The request is no PKCS#10 request in PEM form. Send -----BEGIN CERTIFICATE REQUEST-----.") from error


def check_csr(csr: x509.CertificateSigningRequest, spiffe_id: SpiffeId) -> PublicKey:
    """The public key that `csr` asks to have certified for `spiffe_id`.

    A request may name that identity or none; names of its subject are passed over, since an X.509-SVID has none.
    What else it asks for is passed over, since a certificate's usages are ours to say, unless it is what only a CA may have.
    Raises: CsrRejected - bad self-signature, weak key, CA asked for, another identity or a DNS name asked for.
    """
    key = _key_of(csr)
    if weakness := weakness_of(key):
        raise CsrRejected(f"The key is too weak: {weakness}")
    if not isinstance(key, PublicKey):
        raise CsrRejected("The key is neither RSA nor ECDSA. Use ECDSA P-256.")
    _check_signature(csr)
    _check_extensions(csr, spiffe_id)
    return key


def make_csr(key: PrivateKey, spiffe_id: SpiffeId) -> bytes:
    """A request for `spiffe_id`, signed with `key`, as PEM; its subject is empty, as Istio's agents send it."""
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(str(spiffe_id))])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=True)
    return builder.sign(key, digest_for(key)).public_bytes(Encoding.PEM)


def _key_of(csr: x509.CertificateSigningRequest) -> object:
    try:
        return csr.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CsrRejected("The request's key cannot be read. Use ECDSA P-256.") from error


def _check_signature(csr: x509.CertificateSigningRequest) -> None:
    try:
        digest = csr.signature_hash_algorithm
        if digest is None or digest.name not in _DIGESTS:
            raise CsrRejected(f"The request is signed with {digest.name if digest else 'no digest'}. Sign it with SHA-256.")
        valid = csr.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise CsrRejected("The request is signed by an algorithm that is not taken. Sign it with SHA-256.") from error
    if not valid:
        raise CsrRejected("The request's own signature is wrong, so its sender has not shown to hold the key. Make a new request.")


def _check_extensions(csr: x509.CertificateSigningRequest, spiffe_id: SpiffeId) -> None:
    try:
        extensions = csr.extensions
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise CsrRejected(f"The request's extensions cannot be read: {error}. Ask for a URI name only.") from error
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            raise CsrRejected("The request asks for a CA certificate (basicConstraints CA:true). Workloads get leaf certificates only.")
        if isinstance(value, x509.KeyUsage) and (value.key_cert_sign or value.crl_sign):
            raise CsrRejected("The request asks to sign certificates or revocation lists (keyUsage). Workloads get leaf certificates only.")
        if isinstance(value, x509.NameConstraints):
            raise CsrRejected("The request asks for name constraints, which only a CA has. Workloads get leaf certificates only.")
        if isinstance(value, x509.SubjectAlternativeName):
            _check_names(value, spiffe_id)


def _check_names(names: x509.SubjectAlternativeName, spiffe_id: SpiffeId) -> None:
    own = str(spiffe_id)
    others = [name for name in names if not (isinstance(name, x509.UniformResourceIdentifier) and name.value == own)]
    if others:
        asked = ", ".join(str(name.value) for name in others)
        raise CsrRejected(f"The request asks for {asked}, its sender is {spiffe_id}. Ask for that identity, or name none.")
