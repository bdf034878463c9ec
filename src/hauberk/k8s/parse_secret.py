"""Secret -> TlsCredential, where it holds certificates as Gateways want them."""

import base64
import binascii
from typing import Final

from hauberk.k8s.fields import mapping, text
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.secret import TlsCredential

__all__ = ["parse_tls_credential"]

_CERTIFICATES: Final = (b"-----BEGIN CERTIFICATE-----",)
_KEYS: Final = (b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN EC PRIVATE KEY-----", b"-----BEGIN RSA PRIVATE KEY-----")


def parse_tls_credential(secret: Manifest) -> TlsCredential | None:
    """Certificates of types kubernetes.io/tls (`tls.crt`, `tls.key`, `ca.crt`) and generic (`cert`, `key`, `cacert`); None without any.

    What is no PEM counts as not there: Envoy would refuse it, and all listeners that wait for it with it.
    """
    data, plain = mapping(secret, "data"), mapping(secret, "stringData")

    def read(names: tuple[str, ...], marks: tuple[bytes, ...]) -> bytes:
        for name in names:
            content = text(plain, name).encode() if name in plain else _decode(text(data, name))
            if any(mark in content for mark in marks):
                return content
        return b""

    found = TlsCredential(
        namespace=namespace_of(secret),
        name=name_of(secret),
        certificate=read(("tls.crt", "cert"), _CERTIFICATES),
        key=read(("tls.key", "key"), _KEYS),
        authorities=read(("ca.crt", "cacert"), _CERTIFICATES),
    )
    return found if found.serves or found.authorities else None


def _decode(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return b""
