"""`hauberk patch`: change some fields of an object."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hauberk.cli.session import Context, Instance, Namespace, Output, open_session, run
from hauberk.cli.usage import UsageError
from hauberk.errors import NotFoundError

if TYPE_CHECKING:
    from hauberk.k8s.kind import Manifest

__all__ = ["PatchType", "patch"]

_HTTP_UNSUPPORTED_MEDIA_TYPE = 415
"""Strategic merge is for built-in kinds only; kubectl says so in its own words."""


class PatchType(StrEnum):
    """The three kinds of patch."""

    JSON = "json"
    MERGE = "merge"
    STRATEGIC = "strategic"


def patch(  # noqa: PLR0913, PLR0917 - one parameter an option
    words: Annotated[list[str], typer.Argument(metavar="TYPE NAME", help="smcp basic, or smcp/basic")],
    content: Annotated[str, typer.Option("--patch", "-p", help="The patch, as JSON or YAML.")] = "",
    patch_file: Annotated[str, typer.Option("--patch-file", help="A file with the patch.")] = "",
    how: Annotated[PatchType, typer.Option("--type", help="How the patch is written.")] = PatchType.STRATEGIC,
    namespace: Namespace = None,
    output: Output = "",
    subresource: Annotated[str, typer.Option("--subresource", help="Patch this part of the object: status.")] = "",
    context: Context = None,
    name: Instance = None,
) -> None:
    """Change some fields of an object.

    Example: hauberk patch smcp basic -n istio-system --type merge -p '{"spec":{"security":{"dataPlane":{"mtls":true}}}}'
    """
    value = _parse(content, patch_file)

    async def command() -> None:
        from hauberk.cli.apply import report  # noqa: PLC0415
        from hauberk.cli.targets import parse_targets  # noqa: PLC0415
        from hauberk.client import http  # noqa: PLC0415
        from hauberk.client.discovery import discover  # noqa: PLC0415

        media = {PatchType.JSON: http.JSON_PATCH, PatchType.MERGE: http.MERGE_PATCH, PatchType.STRATEGIC: http.STRATEGIC_PATCH}[how]
        async with open_session(name, namespace, context=context) as session:
            for target in parse_targets(words, await discover(session.client)):
                if not target.name:
                    raise UsageError("resource(s) were provided, but no name was specified")
                where = session.namespace if target.kind.namespaced else None
                before = await session.client.get(target.kind, target.name, where)
                path = target.kind.path(where, target.name, subresource or None)
                try:
                    after: Manifest = await session.client.request("PATCH", path, body=value, content_type=media)
                except http.ApiStatusError as error:
                    if error.code != _HTTP_UNSUPPORTED_MEDIA_TYPE:
                        raise
                    served = f"{target.kind.api_version}, Kind={target.kind.kind}"
                    raise UsageError(f"{media} is not supported by {served}: {error}") from error
                same = before["metadata"].get("resourceVersion") == after["metadata"].get("resourceVersion")
                report(target.kind, after, "patched (no change)" if same else "patched", output)

    run(command())


def _parse(content: str, patch_file: str) -> Any:
    import yaml  # noqa: PLC0415

    if bool(content) == bool(patch_file):
        raise UsageError("must specify --patch or --patch-file containing the contents of the patch")
    if patch_file and not Path(patch_file).is_file():
        raise NotFoundError(f'the path "{patch_file}" does not exist')
    try:
        value = yaml.safe_load(content or Path(patch_file).read_text())
    except yaml.YAMLError as error:
        raise UsageError(f"unable to parse the patch: {' '.join(str(error).split())}") from error
    if not isinstance(value, dict | list):
        raise UsageError(f"unable to parse {content!r}: a patch is a map, or with --type json a list.")
    return value
