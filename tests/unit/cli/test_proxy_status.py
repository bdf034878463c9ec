"""The table of proxies; the real one is in tests/netns."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hauberk.cli.proxy_status import name_of_node, status_rows
from tests.unit.cli.conftest import Hauberk

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def entry(state: str, ago: timedelta = timedelta(seconds=5), **more: str) -> dict[str, Any]:
    stamp = (NOW - ago).isoformat()
    return {"state": state, "sentAt": stamp, "ackedAt": stamp if state == "SYNCED" else None, **more}


PROXIES = [
    {
        "name": "details-1.books",
        "mesh": "istio-system/basic",
        "types": {
            "CDS": entry("SYNCED"),
            "LDS": entry("ERROR", nack="bad\n listener", nackedAt=(NOW - timedelta(hours=3)).isoformat()),
            "EDS": entry("STALE", timedelta(minutes=5)),
            "RDS": {"state": "NOT SENT", "sentAt": None},
        },
    }
]


def test_each_type_has_its_state_and_age() -> None:
    table = status_rows(PROXIES, now=NOW, wide=False)
    assert table.columns == ("NAME", "MESH", "CDS", "LDS", "EDS", "RDS", "VHDS", "SDS")
    assert table.rows == (
        ("details-1.books", "istio-system/basic", "SYNCED (5s)", "ERROR (3h)", "STALE (5m)", "NOT SENT", "IGNORED", "IGNORED"),
    )


def test_wide_has_envoys_own_words_in_one_line() -> None:
    table = status_rows(PROXIES, now=NOW, wide=True)
    assert (table.columns[-1], table.rows[0][-1]) == ("REFUSED", "LDS: bad listener")


@pytest.mark.parametrize(
    ("ago", "shown"), [(timedelta(days=3), "SYNCED (3d)"), (timedelta(hours=30), "SYNCED (30h)"), (-timedelta(1), "SYNCED (0s)")]
)
def test_ages_are_in_the_unit_that_fits(ago: timedelta, shown: str) -> None:
    table = status_rows([{"name": "n", "mesh": "m", "types": {"CDS": entry("SYNCED", ago)}}], now=NOW, wide=False)
    assert table.rows[0][2] == shown


def test_an_envoy_is_called_by_its_pod() -> None:
    assert name_of_node("sidecar~10.0.0.1~details-1.books~books.svc.cluster.local") == "details-1.books"
    assert name_of_node("odd") == "odd"


def test_a_format_that_there_is_not_is_told(hauberk: Hauberk) -> None:
    typed = hauberk("proxy-status", "-o", "csv")
    assert (typed.code, typed.err) == (
        1,
        'error: unable to match a printer suitable for the output format "csv", allowed formats are: json,wide,yaml\n',
    )
