"""Private and public keys: which are good enough, how they are made, read and written.

Source of the limits: CA/Browser Forum baseline 6.1.5 (RSA 2048 and more; NIST curves), which Istio's agents keep to as well.
A key's bytes never enter a message or a log.
"""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hauberk.errors import ConfigError

__all__ = [
    "KeyRefused",
    "PrivateKey",
    "PublicKey",
    "describe_key",
    "digest_for",
    "key_to_pem",
    "make_key",
    "parse_key",
    "same_key",
    "weakness_of",
]

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_LEAST_RSA_BITS: Final = 2048
_MOST_RSA_BITS: Final = 8192
"""Each handshake pays for the key's length, cubed; BoringSSL itself has a limit."""
_LEAST_RSA_EXPONENT: Final = 65537
"""NIST SP 800-56B 6.2; baseline requirements 6.1.6."""
_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


class KeyRefused(ConfigError):
    """A private key that cannot be read or must not be used; the message never quotes it."""


def make_key() -> ec.EllipticCurvePrivateKey:
    """A new ECDSA P-256 key: signing takes a tenth of RSA's time, and every TLS stack knows the curve."""
    return ec.generate_private_key(ec.SECP256R1())


def parse_key(pem: bytes) -> PrivateKey:
    """The private key in `pem` (PKCS#8, PKCS#1 or SEC1; not encrypted).

    Raises: KeyRefused - no PEM, an encrypted key, another algorithm than RSA and ECDSA, a weak key.
    """
    if b"-----BEGIN" not in pem:
        raise KeyRefused("It holds no PEM block. Give a private key that starts with -----BEGIN PRIVATE KEY-----.")
    if b"ENCRYPTED" in pem:
        raise KeyRefused("The private key is encrypted. Decrypt it: openssl pkey -in KEY -out DECRYPTED.")
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's text may quote its input; ours does not.
        raise KeyRefused("The PEM block is no private key that can be read. Give PKCS#8, as openssl genpkey writes it.") from None
    if not isinstance(key, PrivateKey):
        raise KeyRefused(f"The private key is {type(key).__name__.removeprefix('_')}. Give ECDSA (P-256, P-384, P-521) or RSA.")
    if weakness := weakness_of(key.public_key()):
        raise KeyRefused(f"The private key is too weak: {weakness}")
    return key


def key_to_pem(key: PrivateKey) -> bytes:
    """The key as PKCS#8 PEM, not encrypted, as Envoy reads it."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def weakness_of(key: object) -> str | None:
    """Why a public key must not be certified, and what to use; None where it is good."""
    # First what nearly all keys are: asking what kind an object is takes microseconds with these classes (bench/ca.py).
    if isinstance(key, ec.EllipticCurvePublicKey):
        return None if key.curve.name in _CURVES else f"curve {key.curve.name}. Use ECDSA P-256."
    if isinstance(key, rsa.RSAPublicKey):
        return _weakness_of_rsa(key)
    return f"{type(key).__name__.removesuffix('PublicKey')} is not taken by every proxy. Use ECDSA P-256."


def _weakness_of_rsa(key: rsa.RSAPublicKey) -> str | None:
    if key.key_size < _LEAST_RSA_BITS:
        return f"RSA with {key.key_size} bits. Use ECDSA P-256, or RSA with {_LEAST_RSA_BITS} bits or more."
    if key.key_size > _MOST_RSA_BITS:
        return f"RSA with {key.key_size} bits, more than proxies take. Use ECDSA P-384, or RSA with at most {_MOST_RSA_BITS} bits."
    if key.public_numbers().e < _LEAST_RSA_EXPONENT:
        return f"RSA with the exponent {key.public_numbers().e}. Use ECDSA P-256, or RSA with exponent {_LEAST_RSA_EXPONENT}."
    return None


def describe_key(key: object) -> str:
    """`ECDSA P-256`, `RSA 2048`, or the type's name where it is neither."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {_CURVES.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.removesuffix("PublicKey")


def digest_for(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
    """The digest to sign with: as strong as the curve (RFC 5758), SHA-256 with RSA."""
    curve = key.curve.name if isinstance(key, ec.EllipticCurvePrivateKey) else ""
    if curve == "secp384r1":
        return hashes.SHA384()
    if curve == "secp521r1":
        return hashes.SHA512()
    return hashes.SHA256()


def same_key(one: object, other: object) -> bool:
    """Whether two public keys are one and the same."""
    if not isinstance(one, PublicKey) or not isinstance(other, PublicKey):
        return False
    return _spki(one) == _spki(other)


def _spki(key: PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
