"""`hauberk ca verify`: would this CA be accepted, and why not."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hauberk.cli.ca.options import Output, TrustDomainName, print_facts
from hauberk.names import DEFAULT_TRUST_DOMAIN

if TYPE_CHECKING:
    from hauberk.cli.ca.describe import Facts

__all__ = ["verify"]


def verify(
    paths: Annotated[list[Path], typer.Argument(metavar="FOLDER|FILE...", help="A folder with the files of `cacerts`, or the files.")],
    trust_domain: TrustDomainName = DEFAULT_TRUST_DOMAIN,
    output: Output = "text",
) -> None:
    """Say whether a CA would be accepted as secret `cacerts`, and if not, all that is wrong. Exit status 0 or 1.

    Example: hauberk ca verify certs/
    """
    from hauberk.cli.ca.describe import chain_facts  # noqa: PLC0415 - keeps `hauberk --help` fast
    from hauberk.cli.ca.files import check_files, read_files  # noqa: PLC0415
    from hauberk.model.identity import TrustDomain  # noqa: PLC0415

    now = datetime.now(UTC)
    given = read_files(paths)
    ca, findings = check_files(given, TrustDomain(trust_domain), now=now)
    facts = {
        "place": given.place,
        "trust_domain": trust_domain,
        "accepted": ca is not None,
        "chain": chain_facts(ca, now=now) if ca is not None else [],
        "findings": [
            {"code": one.code, "level": str(one.level), "file": one.path, "message": one.message, "fix": one.fix} for one in findings
        ],
    }
    print_facts(facts, output, lambda: _render(facts, [str(finding) for finding in findings], now))
    if ca is None:
        raise typer.Exit(1)


def _render(facts: "Facts", findings: list[str], now: datetime) -> str:
    from hauberk.cli.ca.describe import render_tree  # noqa: PLC0415

    if not facts["accepted"]:
        return "\n".join([*findings, f"{facts['place']}: this CA would be refused."])
    lines = [f"{facts['place']}: this CA would be accepted for trust domain {facts['trust_domain']}.", *findings]
    return "\n".join([*lines, *(f"  {line}" for line in render_tree(facts["chain"], now=now))])
