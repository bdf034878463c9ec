from datetime import UTC, datetime

from hauberk.apiserver.table import render_table
from hauberk.k8s.kind import Kind
from hauberk.k8s.security import PEER_AUTHENTICATION

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)
METADATA = {"name": "default", "creationTimestamp": "2025-11-25T11:59:55Z"}
POLICY = {"kind": "PeerAuthentication", "metadata": METADATA, "spec": {"mtls": {"mode": "STRICT"}}}


def test_a_table_of_policies() -> None:
    table = render_table(PEER_AUTHENTICATION, [POLICY], now=NOW, list_metadata={"resourceVersion": "7"})
    descriptions = [column.pop("description") for column in table["columnDefinitions"]]
    assert all(descriptions)
    assert table == {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "7"},
        "columnDefinitions": [
            {"name": "Name", "type": "string", "format": "name", "priority": 0},
            {"name": "Mode", "type": "string", "format": "", "priority": 0},
            {"name": "Age", "type": "date", "format": "", "priority": 0},
        ],
        "rows": [
            {
                "cells": ["default", "STRICT", "5s"],
                "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": METADATA},
            }
        ],
    }


def test_rows_carry_what_was_asked_for() -> None:
    def rows(include: str) -> list[object]:
        return [row["object"] for row in render_table(PEER_AUTHENTICATION, [POLICY], now=NOW, include_object=include)["rows"]]

    assert (rows("Object"), rows("None")) == ([POLICY], [None])


def test_a_watch_sends_the_columns_once() -> None:
    assert render_table(PEER_AUTHENTICATION, [POLICY], now=NOW, headers=False)["columnDefinitions"] is None


def test_an_empty_list_has_columns_and_no_rows() -> None:
    table = render_table(PEER_AUTHENTICATION, [], now=NOW)
    assert (len(table["columnDefinitions"]), table["rows"], table["metadata"]) == (3, [], {})


def test_a_kind_without_columns_shows_name_and_age() -> None:
    table = render_table(Kind("example.com", "v1", "Thing", "things"), [{"metadata": METADATA}], now=NOW)
    assert [row["cells"] for row in table["rows"]] == [["default", "5s"]]
