from typing import Any

from hauberk.cli.table import Layout, Rows, layout_rows, read_table


def column(name: str, priority: int = 0) -> dict[str, Any]:
    return {"name": name, "type": "string", "priority": priority}


TABLE = {
    "columnDefinitions": [column("Name"), column("Ready"), column("IP", 1)],
    "rows": [
        {"cells": ["a", True, None], "object": {"metadata": {"namespace": "n", "labels": {"app": "x", "v": "1"}}}},
        {"cells": ["a-longer-name", "one\ntwo", "10.0.0.1"], "object": {"metadata": {"namespace": "n"}}},
    ],
}


def test_columns_of_low_priority_show_only_when_wide() -> None:
    assert read_table(TABLE, Layout()) == Rows(("NAME", "READY"), (("a", "true"), ("a-longer-name", "one")))
    wide = read_table(TABLE, Layout(wide=True))
    assert (wide.columns, wide.rows[0]) == (("NAME", "READY", "IP"), ("a", "true", ""))


def test_namespace_labels_and_prefix_surround_the_columns() -> None:
    layout = Layout(namespaces=True, labels=True, label_columns=("example.org/app", "v"), prefix="pod/")
    rows = read_table(TABLE, layout)
    assert rows.columns == ("NAMESPACE", "NAME", "READY", "APP", "V", "LABELS")
    assert rows.rows == (("n", "pod/a", "true", "", "1", "app=x,v=1"), ("n", "pod/a-longer-name", "one", "", "", "<none>"))


def test_a_table_without_rows_is_empty() -> None:
    assert read_table({"columnDefinitions": [column("Name")], "rows": None}, Layout()) == Rows(("NAME",))


def test_columns_are_aligned_and_the_last_is_not_padded() -> None:
    rows = Rows(("NAME", "AGE"), (("default", "5s"), ("x", "")))
    assert list(layout_rows(rows)) == ["NAME      AGE", "default   5s", "x         "]
    assert list(layout_rows(rows, headers=False)) == ["default   5s", "x         "]


def test_short_columns_are_six_wide() -> None:
    assert list(layout_rows(Rows(("A", "B", "C"), (("1", "2", "3"),)))) == ["A     B     C", "1     2     3"]


def test_widths_are_kept_from_row_to_row() -> None:
    widths: list[int] = []
    list(layout_rows(Rows(("NAME", "AGE"), (("a-longer-name", "5s"),)), widths=widths))
    assert list(layout_rows(Rows(("NAME", "AGE"), (("b", "1s"),)), headers=False, widths=widths)) == ["b               1s"]


def test_tables_of_one_kind_are_joined() -> None:
    assert Rows(("NAME",), (("a",),)) + Rows(("NAME",), (("b",),)) == Rows(("NAME",), (("a",), ("b",)))
