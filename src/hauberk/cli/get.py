"""`hauberk get`: show objects, as kubectl does."""

import sys
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from hauberk.cli.session import AllNamespaces, Context, Instance, Namespace, Output, Selector, Session, open_session, run
from hauberk.cli.usage import UsageError

if TYPE_CHECKING:
    from hauberk.cli.table import Layout, Rows
    from hauberk.cli.targets import Target
    from hauberk.k8s.kind import Manifest

__all__ = ["get"]


@dataclass(frozen=True, slots=True)
class _Question:
    """What was typed, as far as the answer's content is concerned."""

    words: Sequence[str]
    output: str
    params: dict[str, str]
    all_namespaces: bool
    ignore_not_found: bool
    headers: bool
    layout: "Layout"

    @property
    def as_table(self) -> bool:
        return self.output in ("", "wide")


def get(  # noqa: PLR0913, PLR0917 - one parameter an option
    words: Annotated[list[str] | None, typer.Argument(metavar="TYPE[/NAME] [NAME]...", help="pods, svc,deploy, pod/NAME, ...")] = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    output: Output = "",
    selector: Selector = "",
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Then show changes until interrupted.")] = False,
    no_headers: Annotated[bool, typer.Option("--no-headers", help="Rows only.")] = False,
    show_labels: Annotated[bool, typer.Option("--show-labels", help="A last column with all labels.")] = False,
    label_columns: Annotated[list[str] | None, typer.Option("--label-columns", "-L", help="A column for each of these labels.")] = None,
    field_selector: Annotated[str, typer.Option("--field-selector", help="Only objects with these fields: metadata.name=x.")] = "",
    ignore_not_found: Annotated[bool, typer.Option("--ignore-not-found", help="An object that is not there is no error.")] = False,
    raw: Annotated[str, typer.Option("--raw", metavar="PATH", help="Print what the API answers on this path, as it is.")] = "",
    context: Context = None,
    name: Instance = None,
) -> None:
    """Show objects: a table, or with -o the objects themselves.

    Example: hauberk get pods -n bookinfo
    """
    from hauberk.cli.table import Layout  # noqa: PLC0415

    params = {key: value for key, value in (("labelSelector", selector), ("fieldSelector", field_selector)) if value}
    columns = tuple(label for entry in label_columns or () for label in entry.split(","))
    layout = Layout(wide=output == "wide", namespaces=all_namespaces, labels=show_labels, label_columns=columns)
    question = _Question(words or (), output, params, all_namespaces, ignore_not_found, not no_headers, layout)

    async def command() -> int:
        async with open_session(name, namespace, context=context) as session:
            if raw:
                return await _get_raw(session, raw)
            return await (_watch(session, question) if watch else _get(session, question))

    run(command())


async def _get_raw(session: Session, path: str) -> int:
    """The answer's bytes as they come."""
    async for chunk in session.client.stream(path):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
    return 0


async def _targets(session: Session, question: _Question) -> "list[Target]":
    from hauberk.cli.targets import parse_targets  # noqa: PLC0415
    from hauberk.client.discovery import discover  # noqa: PLC0415

    return parse_targets(question.words, await discover(session.client))


async def _get(session: Session, question: _Question) -> int:
    targets = await _targets(session, question)
    return await (_get_tables(session, question, targets) if question.as_table else _get_objects(session, question, targets))


# -- Tables -----------------------------------------------------------------------------------------------------------
async def _get_tables(session: Session, question: _Question, targets: "Sequence[Target]") -> int:
    """One table a kind, each with its own columns; objects that are not there are told after the rest."""
    from dataclasses import replace  # noqa: PLC0415

    from hauberk.cli.table import layout_rows, read_table  # noqa: PLC0415
    from hauberk.cli.targets import qualified  # noqa: PLC0415

    tables: dict[str, Rows] = {}
    failures: list[str] = []
    several = len({target.kind.plural for target in targets}) > 1
    for target in targets:
        layout = replace(question.layout, prefix=f"{qualified(target.kind)}/") if several else question.layout
        table = await _ask(session, question, target, failures)
        if table is not None:
            rows = read_table(table, layout)
            tables[target.kind.plural] = tables[target.kind.plural] + rows if target.kind.plural in tables else rows
    shown = [rows for rows in tables.values() if rows.rows]
    print("\n\n".join("\n".join(layout_rows(rows, headers=question.headers)) for rows in shown), end="\n" if shown else "")
    if not shown and not failures and not question.ignore_not_found:
        namespaced = any(target.kind.namespaced for target in targets) and not question.all_namespaces
        where = f" in {session.namespace} namespace" if namespaced else ""
        print(f"No resources found{where}{'' if not where else '.'}", file=sys.stderr)
    return _tell(failures)


async def _ask(session: Session, question: _Question, target: "Target", failures: list[str]) -> "Manifest | None":
    """The Table (or the objects, where no table is wanted) of a target; None, and a line in `failures`, where it is not there."""
    from hauberk.cli.session import describe  # noqa: PLC0415
    from hauberk.client.http import TABLE, ApiStatusError  # noqa: PLC0415

    namespace = None if question.all_namespaces else session.namespace
    path = target.kind.path(namespace if target.kind.namespaced else None, target.name or None)
    try:
        answer: Manifest = await session.client.request(
            "GET", path, params=question.params, accept=TABLE if question.as_table else "application/json"
        )
    except ApiStatusError as error:
        if error.code != 404 or not target.name:
            raise
        if not question.ignore_not_found:
            failures.append(describe(error))
        return None
    return answer


def _tell(failures: Sequence[str]) -> int:
    for line in failures:
        print(line, file=sys.stderr)
    return 1 if failures else 0


# -- Objects ----------------------------------------------------------------------------------------------------------
async def _get_objects(session: Session, question: _Question, targets: "Sequence[Target]") -> int:
    from hauberk.cli.render import render_objects  # noqa: PLC0415
    from hauberk.cli.targets import qualified  # noqa: PLC0415
    from hauberk.k8s.kind import name_of  # noqa: PLC0415

    found: list[Manifest] = []
    names: list[str] = []
    failures: list[str] = []
    for target in targets:
        answer = await _ask(session, question, target, failures)
        if answer is None:
            continue
        for obj in [answer] if target.name else answer.get("items") or []:
            found.append({"apiVersion": target.kind.api_version, "kind": target.kind.kind, **obj})
            names.append(f"{qualified(target.kind)}/{name_of(obj)}")
    single = len(targets) == 1 and bool(targets[0].name)
    if found or not single:
        sys.stdout.write(render_objects(found, question.output, single=single, names=names))
    return _tell(failures)


# -- Watching ---------------------------------------------------------------------------------------------------------
async def _watch(session: Session, question: _Question) -> int:
    """What is there, then each change as it comes, until interrupted; one kind, as kubectl."""
    from hauberk.cli.render import render_objects  # noqa: PLC0415
    from hauberk.cli.table import layout_rows, read_table  # noqa: PLC0415
    from hauberk.cli.targets import qualified  # noqa: PLC0415
    from hauberk.client.http import TABLE  # noqa: PLC0415
    from hauberk.k8s.kind import name_of  # noqa: PLC0415

    targets = await _targets(session, question)
    if len(targets) != 1:
        raise UsageError("you may only specify a single resource type with --watch")
    kind = targets[0].kind
    namespace = session.namespace if kind.namespaced and not question.all_namespaces else None
    params = question.params | ({"fieldSelector": f"metadata.name={targets[0].name}"} if targets[0].name else {})
    accept = TABLE if question.as_table else "application/json"
    widths: list[int] = []

    def show(answer: "Manifest", *, headers: bool) -> None:
        if question.as_table:
            lines = layout_rows(read_table(answer, question.layout), headers=headers, widths=widths)
            print("\n".join(lines), flush=True)
            return
        for obj in answer.get("items", [answer]):
            whole = {"apiVersion": kind.api_version, "kind": kind.kind, **obj}
            text = render_objects([whole], question.output, single=True, names=[f"{qualified(kind)}/{name_of(obj)}"])
            print(text, end="" if text.endswith("\n") else "\n", flush=True)

    first = await session.client.request("GET", kind.path(namespace), params=params, accept=accept)
    if first.get("rows") or first.get("items"):
        show(first, headers=question.headers)
    shown = bool(first.get("rows"))
    revision = first["metadata"]["resourceVersion"]
    async with aclosing(session.client.watch(kind, namespace, resource_version=revision, params=params, accept=accept)) as events:
        async for event in events:
            if event.type in ("ADDED", "MODIFIED", "DELETED"):
                show(event.object, headers=question.headers and not shown)
                shown = True
    return 0
