"""What kubectl's verbs share: their options, the connection to the API, and how failures are told."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hauberk.cli.options import paths_of

if TYPE_CHECKING:  # these imports cost a third of a second, which `hauberk --help` does not have
    import httpx2

    from hauberk.client.http import ApiClient
    from hauberk.client.kubeconfig import Access

__all__ = [
    "AllNamespaces",
    "Container",
    "Context",
    "Filename",
    "Instance",
    "Namespace",
    "Output",
    "Recursive",
    "Selector",
    "Session",
    "describe",
    "open_session",
    "run",
]

Instance = Annotated[str | None, typer.Option("--name", help="The instance on this machine; by default $KUBECONFIG, else `default`.")]
Context = Annotated[str | None, typer.Option("--context", help="The kubeconfig's context.")]
Namespace = Annotated[str | None, typer.Option("--namespace", "-n", help="The namespace; by default the kubeconfig's.")]
AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")]
Selector = Annotated[str, typer.Option("--selector", "-l", help="Only objects with these labels: app=reviews,version!=v1.")]
Filename = Annotated[list[str], typer.Option("--filename", "-f", help="A file, a folder, or - for standard input; may be repeated.")]
Recursive = Annotated[bool, typer.Option("--recursive", "-R", help="Folders with all below them.")]
Output = Annotated[str, typer.Option("--output", "-o", help="wide, yaml, json, name, jsonpath=TEMPLATE.")]
Container = Annotated[str, typer.Option("--container", "-c", help="The container; by default the pod's first.")]


@dataclass(frozen=True, slots=True)
class Session:
    """A connection to the API, and the namespace that a command is about."""

    client: "ApiClient"
    access: "Access"
    namespace: str
    namespace_given: bool


@asynccontextmanager
async def open_session(instance: str | None, namespace: str | None, *, context: str | None = None) -> AsyncIterator[Session]:
    """Connect as the kubeconfig says: the instance's where `--name` is given, else $KUBECONFIG's, else the default instance's."""
    from hauberk.client.kubeconfig import Access  # noqa: PLC0415

    access = Access.read(_kubeconfig(instance), context=context)
    client = access.client()
    client.http.event_hooks = {"response": [_print_warnings]}
    try:
        yield Session(client, access, namespace or access.namespace, namespace is not None)
    finally:
        await client.close()


def _kubeconfig(instance: str | None) -> Path:
    named = [path for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    if instance is None and named:
        return next((path for path in map(Path, named) if path.is_file()), Path(named[0]))
    return paths_of(instance or "default").kubeconfig


async def _print_warnings(response: "httpx2.Response") -> None:
    """`Warning: ...` on stderr for each RFC 7234 warning of the API (`299 - "text"`)."""
    for header in response.headers.get_list("warning"):
        code, _, text = header.partition('"')
        if code.startswith("299"):
            text = text.rstrip().removesuffix('"').replace('\\"', '"')
            print(f"Warning: {text}", file=sys.stderr)


def run(command: Coroutine[Any, Any, int | None]) -> None:
    """Run a command to its end and leave with its exit code; the API's refusals are told as kubectl tells them, with code 1."""
    import httpx2  # noqa: PLC0415

    from hauberk.client.http import ApiStatusError  # noqa: PLC0415

    try:
        code = asyncio.run(command)
    except (ApiStatusError, httpx2.HTTPError, ExceptionGroup) as error:
        for leaf in _leaves(error):
            print(describe(leaf), file=sys.stderr)
        code = 1
    if code:
        raise typer.Exit(code)


def describe(error: Exception) -> str:
    """What went wrong with a request, in kubectl's words. Raises: `error` itself where it is not about a request."""
    import httpx2  # noqa: PLC0415

    from hauberk.cli.render import render_failure  # noqa: PLC0415
    from hauberk.client.http import ApiStatusError  # noqa: PLC0415

    if isinstance(error, ApiStatusError):
        return render_failure(error.status)
    if isinstance(error, httpx2.HTTPError):
        return f"Unable to connect to the server: {str(error) or type(error).__name__}. Is it up? (hauberk status)"
    raise error


def _leaves(error: Exception) -> list[Exception]:
    if not isinstance(error, ExceptionGroup):
        return [error]
    return [leaf for one in error.exceptions for leaf in _leaves(one)]
