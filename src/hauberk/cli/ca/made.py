"""What `make-root` and `make-intermediate` have in common: check what was made as `cacerts` is checked, write it, tell."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hauberk.cli.ca.describe import Facts, chain_facts, days_left, name_of_certificate
from hauberk.cli.ca.files import GivenFiles, check_files, files_of_ca, write_files
from hauberk.cli.ca.options import print_facts
from hauberk.errors import ConfigError
from hauberk.pki.ca import SigningCa
from hauberk.pki.keys import describe_key
from hauberk.pki.plugged import CA_CERT_FILE, CA_KEY_FILE, CHAIN_FILE, PLUGGED_FILES, ROOT_FILE

__all__ = ["Made", "keep"]


@dataclass(frozen=True, slots=True)
class Made:
    """A new CA and where it goes; `what` names it in a sentence."""

    what: str
    ca: SigningCa
    folder: Path
    force: bool


def keep(made: Made, output: str, *, now: datetime) -> None:
    """Write the four files and tell what was made, where, and until when.

    Raises: ConfigError - files are there already, or the new CA would be refused (its parent may not sign CAs).
    """
    files = files_of_ca(made.ca)
    _, findings = check_files(GivenFiles(str(made.folder), files, {}), made.ca.trust_domain, now=now)
    if findings:
        raise ConfigError("It would be refused, so nothing was written:\n" + "\n".join(map(str, findings)))
    write_files(made.folder, files, force=made.force)
    facts: Facts = {
        "folder": str(made.folder),
        "files": list(PLUGGED_FILES),
        "trust_domain": str(made.ca.trust_domain),
        "chain": chain_facts(made.ca, now=now),
    }
    print_facts(facts, output, lambda: _render(made, now))


def _render(made: Made, now: datetime) -> str:
    certificate = made.ca.issuer.certificate
    rows = {
        CA_CERT_FILE: f"its certificate, {name_of_certificate(certificate.subject)}",
        CA_KEY_FILE: f"its key, {describe_key(certificate.public_key())}; only you can read it, keep it so",
        CHAIN_FILE: f"the certificates from it up ({len(made.ca.path[:-1] or made.ca.path)})",
        ROOT_FILE: f"the root to trust, {name_of_certificate(made.ca.path[-1].subject)}",
    }
    files = " ".join(f"--from-file={made.folder / name}" for name in PLUGGED_FILES)
    end = certificate.not_valid_after_utc
    return "\n".join(
        [
            f"Made {made.what} for trust domain {made.ca.trust_domain}, in {made.folder}:",
            *(f"  {name:<15} {what}" for name, what in rows.items()),
            f"It is valid until {end:%Y-%m-%d %H:%M} UTC ({days_left(certificate, now)} days).",
            "",
            "Look at it:   hauberk ca verify " + str(made.folder),
            f"Plug it in:   kubectl create secret generic cacerts -n istio-system {files}",
        ]
    )
