"""`hauberk create`: make objects that must not exist yet."""

from typing import Annotated

import typer

from hauberk.cli.session import Context, Instance, Namespace, Output, open_session, run
from hauberk.cli.usage import UsageError

__all__ = ["create"]


def create(
    words: Annotated[list[str] | None, typer.Argument(metavar="[namespace NAME]", help="Or the objects of -f.")] = None,
    filename: Annotated[list[str] | None, typer.Option("--filename", "-f", help="A file, a folder, or - for standard input.")] = None,
    namespace: Namespace = None,
    output: Output = "",
    context: Context = None,
    name: Instance = None,
) -> None:
    """Create a namespace, or the objects of a file.

    Example: hauberk create namespace bookinfo
    """
    from hauberk.cli.manifests import read_manifests  # noqa: PLC0415

    if filename and not words:
        manifests = [manifest for _, manifest in read_manifests(filename)]
    elif words and len(words) == 2 and words[0] in ("namespace", "ns"):
        manifests = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": words[1]}}]
    else:
        raise UsageError("Write `hauberk create namespace NAME` or `hauberk create -f FILE`.")

    async def command() -> None:
        from hauberk.cli.apply import place, report  # noqa: PLC0415
        from hauberk.cli.targets import kind_of  # noqa: PLC0415
        from hauberk.client.discovery import discover  # noqa: PLC0415

        async with open_session(name, namespace, context=context) as session:
            kinds = await discover(session.client)
            for manifest in manifests:
                kind = kind_of(manifest, kinds)
                report(kind, await session.client.create(kind, place(manifest, kind, session)), "created", output)

    run(command())
