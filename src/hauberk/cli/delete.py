"""`hauberk delete`: take objects away."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hauberk.cli.session import AllNamespaces, Context, Instance, Namespace, Recursive, Selector, Session, describe, open_session, run
from hauberk.cli.usage import UsageError

if TYPE_CHECKING:
    from hauberk.k8s.kind import Kind

__all__ = ["delete"]


def delete(  # noqa: PLR0913, PLR0917 - one parameter an option
    words: Annotated[list[str] | None, typer.Argument(metavar="TYPE[/NAME] [NAME]...", help="pod NAME, pod/NAME, dr --all, ...")] = None,
    filename: Annotated[list[str] | None, typer.Option("--filename", "-f", help="The objects in a file, a folder, or - for stdin.")] = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    selector: Selector = "",
    everything: Annotated[bool, typer.Option("--all", help="All objects of the type in the namespace.")] = False,
    recursive: Recursive = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Return only once they are gone.")] = True,
    ignore_not_found: Annotated[bool, typer.Option("--ignore-not-found", help="An object that is not there is no error.")] = False,
    grace_period: Annotated[int, typer.Option("--grace-period", help="Seconds that a pod has to end; -1: its own.")] = -1,
    force: Annotated[bool, typer.Option("--force", help="With --grace-period 0: do not wait for the node.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Same as --grace-period 1.")] = False,
    context: Context = None,
    name: Instance = None,
) -> None:
    """Delete objects by name, label or manifest.

    Example: hauberk delete dr details -n bookinfo
    """
    documents = _read(filename, recursive=recursive)
    seconds = 1 if now else 0 if force and grace_period < 0 else grace_period
    options: dict[str, Any] = {"propagationPolicy": "Background"} | ({"gracePeriodSeconds": seconds} if seconds >= 0 else {})

    async def command() -> int:
        async with open_session(name, namespace, context=context) as session:
            chosen = await _choose(session, words or [], documents, selector=selector, everything=everything, anywhere=all_namespaces)
            if not chosen and not documents:
                print("No resources found", file=sys.stderr)
            deleted, failures = await _delete(session, chosen, options, ignore_not_found=ignore_not_found or (everything or bool(selector)))
            if wait:
                for kind, where, object_name, uid in deleted:
                    await _gone(session, kind, where, object_name, uid)
        for line in failures:
            print(line, file=sys.stderr)
        return 1 if failures else 0

    run(command())


def _read(filename: Sequence[str] | None, *, recursive: bool) -> list[Any]:
    if not filename:
        return []
    from hauberk.cli.manifests import read_manifests  # noqa: PLC0415

    return [manifest for _, manifest in read_manifests(filename, recursive=recursive)]


async def _choose(
    session: Session, words: Sequence[str], documents: Sequence[Any], *, selector: str, everything: bool, anywhere: bool
) -> "list[tuple[Kind, str, str]]":
    """Kind, namespace and name of each object that is meant. Raises: UsageError where nothing says which."""
    from hauberk.cli.apply import place  # noqa: PLC0415
    from hauberk.cli.targets import kind_of, parse_targets  # noqa: PLC0415
    from hauberk.client.discovery import discover  # noqa: PLC0415
    from hauberk.k8s.kind import name_of, namespace_of  # noqa: PLC0415

    kinds = await discover(session.client)
    chosen = []
    for manifest in documents:
        kind = kind_of(manifest, kinds)
        chosen.append((kind, namespace_of(place(manifest, kind, session)), name_of(manifest)))
    for target in parse_targets(words, kinds) if words or not documents else []:
        if target.name:
            chosen.append((target.kind, session.namespace if target.kind.namespaced else "", target.name))
            continue
        if not (everything or selector):
            raise UsageError("resource(s) were provided, but no name was specified")
        where = None if anywhere or not target.kind.namespaced else session.namespace
        listing = await session.client.list(target.kind, where, params={"labelSelector": selector} if selector else None)
        chosen += [(target.kind, namespace_of(obj), name_of(obj)) for obj in listing.items]
    return chosen


async def _delete(
    session: Session, chosen: "Sequence[tuple[Kind, str, str]]", options: dict[str, Any], *, ignore_not_found: bool
) -> "tuple[list[tuple[Kind, str, str, str]], list[str]]":
    """Delete one after the other; those that were there (with their uid), and a line for each that could not be deleted."""
    from hauberk.cli.targets import qualified  # noqa: PLC0415
    from hauberk.client.http import ApiStatusError  # noqa: PLC0415

    deleted, failures = [], []
    for kind, namespace, name in chosen:
        try:
            answer = await session.client.request("DELETE", kind.path(namespace or None, name), body=options)
        except ApiStatusError as error:
            if not (error.code == 404 and ignore_not_found):
                failures.append(describe(error))
            continue
        print(f'{qualified(kind)} "{name}" {"force deleted" if options.get("gracePeriodSeconds") == 0 else "deleted"}', flush=True)
        uid = (answer.get("details") or {}).get("uid") or answer.get("metadata", {}).get("uid") or ""
        deleted.append((kind, namespace, name, uid))
    return deleted, failures


async def _gone(session: Session, kind: "Kind", namespace: str, name: str, uid: str) -> None:
    """Return once the object with this uid is no more."""
    from contextlib import aclosing  # noqa: PLC0415

    where, params = namespace or None, {"fieldSelector": f"metadata.name={name}"}
    while True:
        listing = await session.client.list(kind, where, params=params)
        if not any(obj["metadata"].get("uid") == uid or not uid for obj in listing.items):
            return
        watch = session.client.watch(kind, where, resource_version=listing.resource_version, params=params)
        async with aclosing(watch) as events:
            async for event in events:
                if event.type == "DELETED":
                    return
                if event.type == "ERROR":
                    break
