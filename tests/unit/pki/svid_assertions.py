"""The assertions of the SPIFFE X509-SVID standard, by section, for every certificate that is made.

Source: spiffe/spiffe standards/X509-SVID.md (2 SPIFFE ID, 3 hierarchy, 4 constraints and usage, Appendix A the required fields),
RFC 5280 for what it rests on. Each assertion also holds the critical bit.
"""

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from hauberk.model.identity import SpiffeId
from hauberk.pki.certificates import is_issued_by

USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


def usages_of(certificate: x509.Certificate) -> set[str]:
    """4.3: the key usage extension MUST be set, and MUST be marked critical."""
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    return {name for name in USAGES if getattr(usage.value, name)}


def assert_is_leaf_svid(certificate: x509.Certificate, spiffe_id: SpiffeId, issuer: x509.Certificate) -> None:
    """A leaf: authenticates a workload, and can sign nothing."""
    _assert_one_identity(certificate, spiffe_id)
    # 2: a leaf's SPIFFE ID has a path; that of the trust domain alone is for signing certificates.
    assert spiffe_id.path
    # 4.1 and Appendix A: the CA field is false; RFC 5280 4.2.1.9 then allows no path length.
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, False, None)
    # 4.3: digitalSignature MUST; keyEncipherment and keyAgreement MAY; keyCertSign and cRLSign MUST NOT.
    assert {"digital_signature"} <= usages_of(certificate) <= {"digital_signature", "key_encipherment", "key_agreement"}
    # 4.4: SHOULD be there; where it is, both of these MUST be.
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(extended.value) == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    _assert_hangs_below(certificate, issuer)
    assert not {"NameConstraints", "PolicyConstraints"} & {type(extension.value).__name__ for extension in certificate.extensions}


def assert_is_signing_certificate(certificate: x509.Certificate, issuer: x509.Certificate | None = None) -> None:
    """A root (without `issuer`) or an intermediate: signs certificates, and authenticates nobody."""
    uris = _uris(certificate)
    # 3.2 and 4.1: SHOULD have a SPIFFE ID, without a path (MUST NOT), so that it cannot be taken for a workload.
    identity = SpiffeId.parse(uris[0])
    assert (len(uris), identity.path) == (1, ())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, True)
    # 4.3: keyCertSign MUST; digitalSignature, keyEncipherment, keyAgreement MUST NOT be what it serves for.
    assert usages_of(certificate) == {"key_cert_sign", "crl_sign"}
    # 4.4: none, since BoringSSL and Go would apply them to all that is below.
    assert not any(isinstance(extension.value, x509.ExtendedKeyUsage) for extension in certificate.extensions)
    # RFC 5280 4.1.2.6: an issuer has a name, by which its certificates name it.
    assert len(certificate.subject) > 0
    _assert_hangs_below(certificate, issuer or certificate)


def _assert_one_identity(certificate: x509.Certificate, spiffe_id: SpiffeId) -> None:
    """2: exactly one URI SAN. RFC 5280 4.2.1.6: critical where the subject is empty."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.critical == (len(certificate.subject) == 0)
    assert _uris(certificate) == [str(spiffe_id)]
    assert len(str(spiffe_id).encode()) <= 2048


def _assert_hangs_below(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    """Signed by `issuer`, within its validity, with its SKI as AKI (RFC 5280 4.2.1.1), and its own SKI (not critical, both)."""
    assert is_issued_by(certificate, issuer)
    assert certificate.version is x509.Version.v3
    authority = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    above = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert (authority.critical, authority.value.key_identifier) == (False, above.digest)
    assert not own.critical
    assert issuer.not_valid_before_utc <= certificate.not_valid_before_utc < certificate.not_valid_after_utc <= issuer.not_valid_after_utc
    # RFC 5280 4.1.2.2: positive, at most 20 octets.
    assert 0 < certificate.serial_number < 2**159


def _uris(certificate: x509.Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)
