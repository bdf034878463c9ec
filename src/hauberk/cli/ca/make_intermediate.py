"""`hauberk ca make-intermediate`: a CA below another one, for trying the plug-in without openssl."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hauberk.cli.ca.options import Days, Folder, Force, KeyKind, Output, TrustDomainName, lifetime_of, make_key_of_kind
from hauberk.errors import ConfigError
from hauberk.names import DEFAULT_TRUST_DOMAIN

__all__ = ["make_intermediate"]


def make_intermediate(
    folder: Folder,
    parent: Annotated[Path, typer.Option("--parent", metavar="FOLDER", help="The CA that signs it: what make-root, or this, wrote.")],
    trust_domain: TrustDomainName = DEFAULT_TRUST_DOMAIN,
    days: Days = 730,
    key: KeyKind = "ecdsa-p256",
    force: Force = False,
    output: Output = "text",
) -> None:
    """Make a CA below another one: the four files of secret `cacerts`. Its parent may be an intermediate too.

    Example: hauberk ca make-intermediate certs/ --parent root/
    """
    from cryptography import x509  # noqa: PLC0415 - keeps `hauberk --help` fast

    from hauberk.cli.ca.files import check_files, read_files  # noqa: PLC0415
    from hauberk.cli.ca.made import Made, keep  # noqa: PLC0415
    from hauberk.model.identity import TrustDomain  # noqa: PLC0415
    from hauberk.pki.ca import SigningCa  # noqa: PLC0415
    from hauberk.pki.issue import Issuer, issue_intermediate  # noqa: PLC0415

    now = datetime.now(UTC).replace(microsecond=0)  # X.509 knows whole seconds
    domain = TrustDomain(trust_domain)
    above, findings = check_files(read_files([parent]), domain, now=now)
    if above is None:
        raise ConfigError(f"{parent} holds no CA that could sign:\n" + "\n".join(map(str, findings)))
    own = make_key_of_kind(key)
    certificate = issue_intermediate(
        own.public_key(), domain, issuer=above.issuer, lifetime=lifetime_of(days), now=now, serial=x509.random_serial_number()
    )
    ca = SigningCa(Issuer(certificate, own), (certificate, *above.path), above.bundle)
    keep(Made("an intermediate CA", ca, folder, force), output, now=now)
