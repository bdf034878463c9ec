"""A fixed clock, a CA, and a maker of certificate authorities with chosen defects."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.issue import Issuer
from hauberk.pki.keys import PrivateKey, make_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MakeAuthority = Callable[..., Issuer]
_serials = count(1000)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def trust_domain() -> TrustDomain:
    return TrustDomain("cluster.local")


@pytest.fixture(scope="session")
def ca(trust_domain: TrustDomain) -> SigningCa:
    return self_signed_ca(trust_domain=trust_domain, key=make_key(), now=NOW, serial=2**120 + 7)


@pytest.fixture(scope="session")
def make_authority() -> MakeAuthority:
    return _make_authority


def _make_authority(
    name: str,
    issuer: Issuer | None = None,
    *,
    is_ca: bool = True,
    path_length: int | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
    starts: timedelta = timedelta(days=-1),
    ends: timedelta = timedelta(days=365),
    key: PrivateKey | None = None,
) -> Issuer:
    """A CA certificate below `issuer`, or self-signed; `extensions` are added, and with `is_ca` false it is a leaf."""
    own = key or make_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(next(_serials))
        .not_valid_before(NOW + starts)
        .not_valid_after(NOW + ends)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Issuer(builder.sign(issuer.key if issuer else own, hashes.SHA256()), own)
