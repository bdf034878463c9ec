"""What is to be said of certificates: as facts (for -o json) and as a tree from the root down. No I/O."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import fingerprint, uris_of
from hauberk.pki.keys import describe_key

__all__ = ["Facts", "certificate_facts", "chain_facts", "days_left", "name_of_certificate", "render_tree"]

Facts = dict[str, Any]


def certificate_facts(certificate: x509.Certificate, *, now: datetime) -> Facts:
    """Subject, issuer, identities, key, validity and fingerprint of a certificate."""
    return {
        "subject": name_of_certificate(certificate.subject),
        "issuer": name_of_certificate(certificate.issuer),
        "spiffe_id": next(iter(uris_of(certificate)), ""),
        "key": describe_key(certificate.public_key()),
        "serial": f"{certificate.serial_number:x}",
        "not_valid_before": certificate.not_valid_before_utc.isoformat(),
        "not_valid_after": certificate.not_valid_after_utc.isoformat(),
        "days_left": days_left(certificate, now),
        "sha256": fingerprint(certificate),
    }


def chain_facts(ca: SigningCa, *, now: datetime) -> list[Facts]:
    """The CA's certificates from the root down to the one that signs the workloads', each with its `role`."""
    downwards = list(reversed(ca.path))
    roles = ["intermediate"] * len(downwards)
    roles[0] = "root"
    facts = [{"role": role, **certificate_facts(one, now=now)} for role, one in zip(roles, downwards, strict=True)]
    return [each | {"signs_workloads": position == len(facts) - 1} for position, each in enumerate(facts)]


def days_left(certificate: x509.Certificate, now: datetime) -> int:
    """Whole days until the end of its validity; negative where that is past."""
    return (certificate.not_valid_after_utc - now).days


def name_of_certificate(name: x509.Name) -> str:
    """The name as RFC 4514 writes it; an empty one says so."""
    return name.rfc4514_string() or "(empty)"


def render_tree(chain: Sequence[Facts], *, now: datetime) -> list[str]:
    """The lines of a chain, root first, each certificate below its issuer."""
    lines: list[str] = []
    for depth, facts in enumerate(chain):
        lead = "   " * (depth - 1) + "└─ " if depth else ""
        below = "   " * depth
        signs = ", signs the workloads' certificates" if facts.get("signs_workloads") else ""
        lines.append(f"{lead}{facts.get('role', 'root')} {facts['subject']}{signs}")
        lines += [f"{below}   {key:<11}{value}" for key, value in _rows(facts, now)]
    return lines


def _rows(facts: Facts, now: datetime) -> list[tuple[str, str]]:
    return [
        ("SPIFFE ID", facts["spiffe_id"] or "none"),
        ("key", facts["key"]),
        ("valid", _validity(facts, now)),
        ("serial", facts["serial"]),
        ("SHA-256", facts["sha256"]),
    ]


def _validity(facts: Facts, now: datetime) -> str:
    start, end = (datetime.fromisoformat(facts[key]).astimezone(UTC) for key in ("not_valid_before", "not_valid_after"))
    left = facts["days_left"]
    if now > end:
        state = f"ENDED {-left} days ago"
    elif now < start:
        state = "NOT YET VALID"
    else:
        state = f"{left} days left"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC ({state})"
