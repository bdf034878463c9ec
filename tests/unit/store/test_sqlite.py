import sqlite3
from pathlib import Path

import pytest

from hauberk.errors import EnvironmentProblem
from hauberk.store.revisions import Loaded
from hauberk.store.sqlite import SqliteLog
from tests.unit.store.log_suite import Open, RevisionLogSuite, added, modified


class TestSqliteLog(RevisionLogSuite):
    @pytest.fixture
    def open_log(self, tmp_path: Path) -> Open:
        return lambda: SqliteLog(tmp_path / "state.db")


def test_a_log_opened_again_holds_what_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    first = added("p", 1)
    second = modified("p", 2, first, phase="Running")
    log = SqliteLog(path)
    log.append([first, second])
    log.close()
    assert SqliteLog(path).load() == Loaded([second.entry], [first, second], compacted=0, revision=2)


def test_compaction_removes_rows_that_nothing_refers_to(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    records = [added("p", 1)]
    for revision in range(2, 20):
        records.append(modified("p", revision, records[-1]))
    log = SqliteLog(path)
    log.append(records)
    log.compact(18)
    log.close()
    with sqlite3.connect(path) as connection:
        kept = [revision for (revision,) in connection.execute("SELECT revision FROM log ORDER BY revision")]
    connection.close()
    assert kept == [18, 19]


def test_the_file_is_private(tmp_path: Path) -> None:
    SqliteLog(tmp_path / "state.db")
    assert (tmp_path / "state.db").stat().st_mode & 0o777 == 0o600


def test_commits_are_synced(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "state.db")
    settings = [log._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]


def test_a_second_server_on_the_same_file_is_told_who_is_in_the_way(tmp_path: Path) -> None:
    first = SqliteLog(tmp_path / "state.db")
    with pytest.raises(
        EnvironmentProblem, match=r"state\.db: database is locked\. Another process may be using it: stop it \(hauberk down\)"
    ):
        SqliteLog(tmp_path / "state.db")
    first.close()


def test_a_file_that_is_no_database_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"my thesis, only copy " * 100)
    with pytest.raises(EnvironmentProblem, match="is no database of Hauberk"):
        SqliteLog(path)
    assert path.read_bytes().startswith(b"my thesis")


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(EnvironmentProblem, match=r"written by a newer Hauberk .schema 99"):
        SqliteLog(path)


def test_a_failed_append_keeps_nothing_of_the_group(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "state.db")
    log.append([added("p", 1)])
    with pytest.raises(sqlite3.IntegrityError):
        log.append([added("q", 2), added("r", 1)])
    assert [entry.key.name for entry in log.load().entries] == ["p"]
