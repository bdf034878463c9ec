"""`hauberk wait`: until a condition holds."""

import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import typer

from hauberk.cli.session import Context, Instance, Namespace, Selector, Session, open_session, run
from hauberk.cli.usage import UsageError

if TYPE_CHECKING:
    from hauberk.k8s.kind import Kind, Manifest

__all__ = ["is_met", "wait"]


def wait(  # noqa: PLR0913, PLR0917 - one parameter an option
    words: Annotated[list[str], typer.Argument(metavar="TYPE[/NAME] [NAME]...", help="smcp/basic, deployment --all, ...")],
    condition: Annotated[str, typer.Option("--for", help="condition=Ready[=False], delete, or jsonpath={.status.phase}=Running.")],
    timeout: Annotated[str, typer.Option("--timeout", help="How long in all: 30s, 2m.")] = "30s",
    everything: Annotated[bool, typer.Option("--all", help="All objects of the type in the namespace.")] = False,
    selector: Selector = "",
    namespace: Namespace = None,
    context: Context = None,
    name: Instance = None,
) -> None:
    """Wait until a condition of objects holds.

    Example: hauberk wait smcp/basic -n istio-system --for condition=Ready --timeout 120s
    """

    async def command() -> int:
        from hauberk.cli.targets import parse_targets, qualified  # noqa: PLC0415
        from hauberk.client.discovery import discover  # noqa: PLC0415
        from hauberk.k8s.kind import name_of  # noqa: PLC0415

        failed = 0
        async with open_session(name, namespace, context=context) as session:
            targets = parse_targets(words, await discover(session.client))
            deadline = asyncio.get_running_loop().time() + seconds_of(timeout)
            for target in targets:
                names = [target.name]
                if not target.name:
                    if not (everything or selector):
                        raise UsageError("resource(s) were provided, but no name was specified")
                    params = {"labelSelector": selector} if selector else None
                    names = [name_of(obj) for obj in (await session.client.list(target.kind, session.namespace, params=params)).items]
                if not names:
                    print("error: no matching resources found", file=sys.stderr)
                    return 1
                for object_name in names:
                    try:
                        async with asyncio.timeout_at(deadline):
                            await _until(session, target.kind, object_name, condition)
                        print(f"{qualified(target.kind)}/{object_name} condition met", flush=True)
                    except TimeoutError:
                        failed += 1
                        print(f"error: timed out waiting for the condition on {target.kind.plural}/{object_name}", file=sys.stderr)
        return 1 if failed else 0

    run(command())


def seconds_of(text: str) -> float:
    """`30s`, `2m`, `1h`, `500ms`, or a bare number of seconds. Raises: UsageError."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
    number = text.rstrip("mhs")
    unit = text[len(number) :]
    try:
        return float(number) * units[unit]
    except (ValueError, KeyError):
        raise UsageError(f"{text!r} is no duration. Write a number and ms, s, m or h, such as 90s.") from None


async def _until(session: Session, kind: "Kind", name: str, condition: str) -> None:
    """Return once the condition holds. Raises: ApiStatusError (NotFound, unless it is deletion that is waited for)."""
    where, params = session.namespace if kind.namespaced else None, {"fieldSelector": f"metadata.name={name}"}
    deletion = condition == "delete"
    if not deletion:
        await session.client.get(kind, name, where)
    while True:
        listing = await session.client.list(kind, where, params=params)
        if (deletion and not listing.items) or any(is_met(obj, condition) for obj in listing.items):
            return
        watch = session.client.watch(kind, where, resource_version=listing.resource_version, params=params)
        async with aclosing(watch) as events:
            async for event in events:
                if event.type == "ERROR":
                    break
                if deletion and event.type == "DELETED":
                    return
                if event.type in ("ADDED", "MODIFIED") and is_met(event.object, condition):
                    return


def is_met(obj: "Manifest", condition: str) -> bool:
    """Whether an object that is there meets `condition=TYPE[=STATUS]` or `jsonpath={PATH}[=VALUE]`. Raises: UsageError for others."""
    how, _, what = condition.partition("=")
    if how == "delete":
        return False
    if how == "condition" and what:
        wanted, _, status = what.partition("=")
        conditions = (obj.get("status") or {}).get("conditions") or ()
        return any(
            entry.get("type", "").lower() == wanted.lower() and str(entry.get("status", "")).lower() == (status or "true").lower()
            for entry in conditions
        )
    if how == "jsonpath" and what:
        from hauberk.cli.jsonpath import find  # noqa: PLC0415

        path, brace, value = what.rpartition("}")
        found = find(path + brace, obj)
        return bool(found) and (not value or str(found[0]) == value.removeprefix("=").strip("\"'"))
    raise UsageError(f"unrecognized condition: {condition!r}. Write condition=Ready, delete, or jsonpath={{.status.phase}}=Running.")
