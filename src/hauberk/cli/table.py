"""Tables of the API as kubectl lays them out. No I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hauberk.k8s.kind import Manifest

__all__ = ["Layout", "Rows", "layout_rows", "read_table"]

_LEAST_WIDTH = 6
_GAP = 3
"""As the tabwriter in k8s.io/cli-runtime: cells at least 6 wide, 3 blanks between columns."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table ready to be laid out: `columns` in capitals, each row's cells as text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()

    def __add__(self, other: "Rows") -> "Rows":
        """Both tables' rows; the columns are the first's."""
        return Rows(self.columns, (*self.rows, *other.rows))


@dataclass(frozen=True, slots=True)
class Layout:
    """What `get` is asked to show beside the columns that everybody sees."""

    wide: bool = False
    namespaces: bool = False
    labels: bool = False
    label_columns: tuple[str, ...] = field(default_factory=tuple)
    prefix: str = ""
    """Stands before each name, `deployment.apps/` where several kinds are listed together."""


def read_table(table: Manifest, layout: Layout) -> Rows:
    """The rows of a meta.k8s.io Table; columns of priority over 0 only where `layout.wide`."""
    definitions = table["columnDefinitions"]
    shown = [index for index, column in enumerate(definitions) if layout.wide or not column.get("priority")]
    columns = tuple(definitions[index]["name"].upper() for index in shown)
    before = ("NAMESPACE",) if layout.namespaces else ()
    after = tuple(label.rpartition("/")[2].upper() for label in layout.label_columns) + (("LABELS",) if layout.labels else ())
    rows = tuple(_row(row, shown, layout) for row in table.get("rows") or ())
    return Rows((*before, *columns, *after), rows)


def _row(row: Manifest, shown: Sequence[int], layout: Layout) -> tuple[str, ...]:
    metadata = (row.get("object") or {}).get("metadata") or {}
    labels = metadata.get("labels") or {}
    cells = [_cell(row["cells"][index]) for index in shown]
    if layout.prefix and cells:
        cells[0] = layout.prefix + cells[0]
    before = (str(metadata.get("namespace", "")),) if layout.namespaces else ()
    after = [labels.get(label, "") for label in layout.label_columns]
    if layout.labels:
        after.append(",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>")
    return (*before, *cells, *after)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    # A cell is one line; kubectl cuts at the first line break too.
    return str(value).splitlines()[0] if str(value) else ""


def layout_rows(rows: Rows, *, headers: bool = True, widths: list[int] | None = None) -> Iterable[str]:
    """The lines, columns aligned and the last one unpadded.

    `widths` carries the columns' widths from one call to the next where rows come one by one (`--watch`); it is updated.
    """
    lines = [rows.columns, *rows.rows] if headers else list(rows.rows)
    known = widths if widths is not None else []
    for line in lines:
        for index, cell in enumerate(line):
            width = max(_LEAST_WIDTH, len(cell) + _GAP)
            if index == len(known):
                known.append(width)
            known[index] = max(known[index], width)
    for line in lines:
        yield "".join(cell.ljust(known[index]) for index, cell in enumerate(line[:-1])) + line[-1]
