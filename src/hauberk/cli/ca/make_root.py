"""`hauberk ca make-root`: a root of one's own, for trying the plug-in without openssl."""

from datetime import UTC, datetime
from pathlib import Path

from hauberk.cli.ca.options import Days, Folder, Force, KeyKind, Output, TrustDomainName, lifetime_of, make_key_of_kind
from hauberk.names import DEFAULT_TRUST_DOMAIN

__all__ = ["make_root"]


def make_root(
    folder: Folder = Path(),
    trust_domain: TrustDomainName = DEFAULT_TRUST_DOMAIN,
    days: Days = 3650,
    key: KeyKind = "ecdsa-p256",
    force: Force = False,
    output: Output = "text",
) -> None:
    """Make a root CA: the four files of secret `cacerts`, and the parent that make-intermediate asks for.

    Example: hauberk ca make-root root/
    """
    from cryptography import x509  # noqa: PLC0415 - keeps `hauberk --help` fast

    from hauberk.cli.ca.made import Made, keep  # noqa: PLC0415
    from hauberk.model.identity import TrustDomain  # noqa: PLC0415
    from hauberk.pki.ca import self_signed_ca  # noqa: PLC0415

    now = datetime.now(UTC).replace(microsecond=0)  # X.509 knows whole seconds
    root = self_signed_ca(
        trust_domain=TrustDomain(trust_domain),
        key=make_key_of_kind(key),
        now=now,
        serial=x509.random_serial_number(),
        lifetime=lifetime_of(days),
    )
    keep(Made("a root CA", root, folder, force), output, now=now)
