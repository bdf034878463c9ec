"""`hauberk apply`: make objects what their manifests say (client-side apply, as kubectl's default)."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hauberk.cli.session import Context, Filename, Instance, Namespace, Output, Recursive, Selector, Session, describe, open_session, run
from hauberk.cli.usage import UsageError

if TYPE_CHECKING:
    from hauberk.k8s.kind import Kind, Manifest

__all__ = ["apply", "apply_object"]


def apply(  # noqa: PLR0913, PLR0917 - one parameter an option
    filename: Filename,
    namespace: Namespace = None,
    recursive: Recursive = False,
    selector: Selector = "",
    output: Output = "",
    dry_run: Annotated[str, typer.Option("--dry-run", help="none, or server: check and change nothing.")] = "none",
    context: Context = None,
    name: Instance = None,
) -> None:
    """Create objects, or change them to what their manifests say; what others set in them stays.

    Example: hauberk apply -n bookinfo -f bookinfo.yaml
    """
    from hauberk.cli.manifests import read_manifests  # noqa: PLC0415

    documents = read_manifests(filename, recursive=recursive)
    params = {"dryRun": "All"} if dry_run == "server" else {}

    async def command() -> int:
        from hauberk.cli.targets import kind_of  # noqa: PLC0415
        from hauberk.client.discovery import discover  # noqa: PLC0415
        from hauberk.client.http import ApiStatusError  # noqa: PLC0415

        failed = 0
        async with open_session(name, namespace, context=context) as session:
            kinds = await discover(session.client)
            for source, manifest in documents:
                if not _matches(manifest, selector):
                    continue
                try:
                    kind = kind_of(manifest, kinds)
                    done, obj = await apply_object(session, kind, place(manifest, kind, session), params=params)
                    report(kind, obj, f"{done} (server dry run)" if params else done, output)
                except ApiStatusError as error:
                    failed += 1
                    where = f'error when applying "{source}": ' if error.reason != "Invalid" else ""
                    print(where_in(describe(error), where), file=sys.stderr)
                except UsageError as error:
                    failed += 1
                    print(f"error: {error}" if "\n" in str(error) else f'error: unable to apply "{source}": {error}', file=sys.stderr)
        return 1 if failed else 0

    run(command())


def where_in(line: str, where: str) -> str:
    """`Error from server (Reason): <where>message`."""
    head, separator, message = line.partition("): ")
    return f"{head}{separator}{where}{message}" if separator and head.startswith("Error from server") else line


def _matches(manifest: "Manifest", selector: str) -> bool:
    if not selector:
        return True
    labels = manifest.get("metadata", {}).get("labels") or {}
    pairs = [term.replace("==", "=").partition("=") for term in selector.split(",")]
    return all(labels.get(key.strip()) == value.strip() for key, _, value in pairs)


def place(manifest: "Manifest", kind: "Kind", session: Session) -> "Manifest":
    """The manifest in its namespace: its own, else the command's. Raises: UsageError where -n says another."""
    metadata = manifest.setdefault("metadata", {})
    own = metadata.get("namespace")
    if not kind.namespaced:
        return manifest
    if own and session.namespace_given and own != session.namespace:
        raise UsageError(
            f'the namespace from the provided object "{own}" does not match the namespace "{session.namespace}". '
            f"You must pass '--namespace={own}' to perform this operation."
        )
    metadata.setdefault("namespace", session.namespace)
    return manifest


async def apply_object(
    session: Session, kind: "Kind", manifest: "Manifest", *, params: dict[str, str] | None = None
) -> "tuple[str, Manifest]":
    """Apply one manifest; what was done (created, configured, unchanged) and the object. Raises: ApiStatusError."""
    from hauberk.client.http import MERGE_PATCH, STRATEGIC_PATCH, ApiStatusError  # noqa: PLC0415
    from hauberk.client.threeway import with_last_applied  # noqa: PLC0415
    from hauberk.k8s.kind import name_of  # noqa: PLC0415

    client, path = session.client, kind.path(manifest["metadata"].get("namespace"), name_of(manifest))
    noted = with_last_applied(manifest)
    try:
        current: Manifest = await client.request("GET", path)
    except ApiStatusError as error:
        if error.code != 404:
            raise
        collection = kind.path(manifest["metadata"].get("namespace"))
        return "created", await client.request("POST", collection, body=noted, params=params)
    patch = _patch(kind, noted, current)
    if not patch:
        return "unchanged", current
    how = STRATEGIC_PATCH if kind.strategic else MERGE_PATCH
    changed: Manifest = await client.request("PATCH", path, body=patch, content_type=how, params=params)
    same = changed["metadata"].get("resourceVersion") == current["metadata"].get("resourceVersion")
    return ("unchanged" if same and not params else "configured"), changed


def _patch(kind: "Kind", noted: "Manifest", current: "Manifest") -> "Manifest":
    import orjson  # noqa: PLC0415

    from hauberk.client.threeway import LAST_APPLIED, guide_by_schema, three_way_patch  # noqa: PLC0415

    annotation = current.get("metadata", {}).get("annotations", {}).get(LAST_APPLIED)
    try:
        original = orjson.loads(annotation) if annotation else {}
    except ValueError:
        original = {}
    if not kind.strategic:
        return three_way_patch(original, noted, current)
    from hauberk.k8s.schema import field_schema, resolve, root_schema  # noqa: PLC0415

    return three_way_patch(original, noted, current, schema=root_schema(kind), guide=guide_by_schema(field_schema, resolve))


def report(kind: "Kind", obj: "Manifest", done: str, output: str) -> None:
    """Say what was done to an object, or print it where an output format is wanted."""
    from hauberk.cli.render import render_objects  # noqa: PLC0415
    from hauberk.cli.targets import qualified  # noqa: PLC0415
    from hauberk.k8s.kind import name_of  # noqa: PLC0415

    named = f"{qualified(kind)}/{name_of(obj)}"
    print(render_objects([obj], output, single=True, names=[named]), end="") if output else print(f"{named} {done}")
