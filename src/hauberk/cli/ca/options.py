"""Options that several commands below `hauberk ca` share, and how their facts are printed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hauberk.cli.usage import UsageError

if TYPE_CHECKING:
    from hauberk.pki.keys import PrivateKey

__all__ = [
    "KEY_KINDS",
    "Days",
    "Folder",
    "Force",
    "KeyKind",
    "MeshName",
    "Output",
    "TrustDomainName",
    "lifetime_of",
    "make_key_of_kind",
    "print_facts",
]

KEY_KINDS = ("ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "rsa-4096")

Output = Annotated[str, typer.Option("--output", "-o", help="text, json or yaml.")]
MeshName = Annotated[str, typer.Option("--mesh", help="Only this ServiceMeshControlPlane: NAME or NAMESPACE/NAME.")]
TrustDomainName = Annotated[str, typer.Option("--trust-domain", help="The mesh's trust domain (spec.security.trust.domain).")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the four files go; made where it is not there.")]
Days = Annotated[int, typer.Option("--days", help="How long it is valid.")]
KeyKind = Annotated[str, typer.Option("--key", help=f"{', '.join(KEY_KINDS)}.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that are there; a key that is overwritten is gone.")]


def lifetime_of(days: int) -> timedelta:
    """`--days` as a duration. Raises: UsageError."""
    if not 1 <= days <= 36500:
        raise UsageError(f"--days {days}: write a number from 1 to 36500.")
    return timedelta(days=days)


def make_key_of_kind(kind: str) -> "PrivateKey":
    """A new private key of `--key`. Raises: UsageError."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - keeps `hauberk --help` fast

    if kind not in KEY_KINDS:
        raise UsageError(f"--key {kind}: write one of {', '.join(KEY_KINDS)}.")
    algorithm, _, size = kind.partition("-")
    if algorithm == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=int(size))
    return ec.generate_private_key(ec.SECP384R1() if size == "p384" else ec.SECP256R1())


def print_facts(facts: Any, output: str, as_text: Callable[[], str]) -> None:
    """Print `facts` as JSON or YAML, or what `as_text` makes of them. Raises: UsageError for another output."""
    if output == "json":
        import orjson  # noqa: PLC0415

        typer.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode())
    elif output == "yaml":
        import yaml  # noqa: PLC0415 - slow to import, and only needed here

        typer.echo(yaml.safe_dump(facts, sort_keys=False, width=2**31).rstrip())
    elif output == "text":
        typer.echo(as_text())
    else:
        raise UsageError(f'unable to match a printer suitable for the output format "{output}", allowed formats are: json,text,yaml')
