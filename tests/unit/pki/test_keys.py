"""Which keys are good enough, and that a key's bytes never enter a message."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from hauberk.pki.keys import KeyRefused, PrivateKey, describe_key, digest_for, key_to_pem, make_key, parse_key, same_key, weakness_of

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize("key", [make_key(), ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1()), RSA])
def test_good_keys_are_read_back_as_they_were_written(key: PrivateKey) -> None:
    assert same_key(parse_key(key_to_pem(key)).public_key(), key.public_key())


def test_older_pem_forms_are_read() -> None:
    for form in (serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8):
        for key in (RSA, make_key()):
            pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
            assert same_key(parse_key(pem).public_key(), key.public_key())


def test_a_new_key_is_p256() -> None:
    assert describe_key(make_key().public_key()) == "ECDSA P-256"


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        (b"", "holds no PEM block"),
        (b"garbage", "holds no PEM block"),
        (b"-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n", "no private key that can be read"),
        (
            make_key().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
            ),
            "is encrypted. Decrypt it: openssl pkey",
        ),
        (
            ed25519.Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            "Give ECDSA (P-256, P-384, P-521) or RSA",
        ),
        (key_to_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "too weak: RSA with 1024 bits"),  # noqa: S505 - to be refused
        (key_to_pem(ec.generate_private_key(ec.SECP256K1())), "too weak: curve secp256k1"),
    ],
)
def test_keys_that_must_not_be_used_are_refused_with_the_mend(pem: bytes, said: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        parse_key(pem)
    assert said in str(refused.value)


@given(st.binary(max_size=200).map(lambda body: b"-----BEGIN PRIVATE KEY-----\n" + body + b"\n-----END PRIVATE KEY-----\n") | st.binary())
def test_any_bytes_are_a_key_or_refused_by_name(pem: bytes) -> None:
    with pytest.raises(KeyRefused):
        parse_key(pem)


def test_a_key_of_another_kind_is_named() -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    assert (describe_key(key), weakness_of(key)) == ("Ed25519", "Ed25519 is not taken by every proxy. Use ECDSA P-256.")
    assert not same_key(key, key)


def test_the_digest_is_as_strong_as_the_curve() -> None:
    keys = [make_key(), ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1()), RSA]
    assert [digest_for(key).name for key in keys] == ["sha256", "sha384", "sha512", "sha256"]
    assert describe_key(RSA.public_key()) == "RSA 2048"


def test_an_rsa_key_that_every_handshake_would_pay_for_is_refused() -> None:
    huge = rsa.RSAPublicNumbers(65537, (1 << 8200) + 1).public_key()
    assert weakness_of(huge) == "RSA with 8201 bits, more than proxies take. Use ECDSA P-384, or RSA with at most 8192 bits."
    small_exponent = rsa.RSAPublicNumbers(3, RSA.public_key().public_numbers().n).public_key()
    assert weakness_of(small_exponent) == "RSA with the exponent 3. Use ECDSA P-256, or RSA with exponent 65537."
