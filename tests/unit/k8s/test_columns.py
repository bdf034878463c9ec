from datetime import UTC, datetime

import pytest

from hauberk.k8s.columns import AGE, CRD_AGE, NAME, age_of, condition_reason, dig, format_labels, joined, json_cell, number, text
from hauberk.k8s.kind import Column

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)
OBJECT = {
    "metadata": {"name": "basic", "creationTimestamp": "2025-11-25T11:00:00Z"},
    "spec": {"hosts": ["*"], "host": "", "replicas": 3, "since": "2025-11-25T11:59:00Z"},
    "status": {"conditions": [{"type": "Installed", "reason": "x"}, {"type": "Ready", "status": "True", "reason": "ComponentsReady"}]},
}


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        (NAME, "basic"),
        (AGE, "60m"),
        (CRD_AGE, "60m"),
        (text("Host", "spec", "host"), None),
        (text("Host", "spec", "host", empty="<none>"), "<none>"),
        (text("Host", "spec", "hosts", "deeper"), None),
        (number("Desired", "spec", "replicas"), 3),
        (number("Ready", "status", "ready"), 0),
        (json_cell("Hosts", "spec", "hosts"), '["*"]'),
        (json_cell("Gateways", "spec", "gateways"), None),
        (condition_reason("Status", "Ready"), "ComponentsReady"),
        (condition_reason("Ready", "Ready", "status"), "True"),
        (condition_reason("Status", "Gone"), None),
        (age_of("Since", "spec", "since"), "60s"),
    ],
)
def test_cells(column: Column, cell: str | int | None) -> None:
    assert column.value(OBJECT, NOW) == cell


def test_dig_goes_no_further_than_there_are_objects() -> None:
    assert (dig(OBJECT, "spec", "replicas"), dig(OBJECT, "spec", "replicas", "x"), dig(None, "a")) == (3, None, None)


def test_labels_and_long_lists() -> None:
    assert (format_labels({"b": "2", "a": "1"}), format_labels({}), format_labels(None)) == ("a=1,b=2", "<none>", "<none>")
    assert (joined("abc"), joined("abcde"), joined([]), joined([], empty="<unset>")) == ("a,b,c", "a,b,c + 2 more...", "<none>", "<unset>")
