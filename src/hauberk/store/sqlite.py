"""The revision log on disk: one SQLite file.

The schema does the work: `log` is the history (its key is the revision), `current` the objects as they are, so that a start
reads each object once and no query ever searches the history (kine's slow lists: k3s-io/k3s#8042, #3063). WAL with
synchronous=FULL syncs every commit before it is acknowledged. Nobody but the one writer reads the file, so the automatic
checkpoints are never held up and the WAL stays small (k3s-io/k3s#14593).
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import orjson

from hauberk.errors import EnvironmentProblem
from hauberk.store.revisions import Entry, Key, Loaded, Operation, Record

__all__ = ["SqliteLog"]

_SCHEMA_VERSION = 1
_CHECKPOINT_PAGES = 256
"""About 1 MB of WAL: a checkpoint is then a few milliseconds, four times as often as SQLite's default."""

_SCHEMA = """
CREATE TABLE log (
  revision INTEGER PRIMARY KEY,
  operation TEXT NOT NULL,
  resource TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  previous INTEGER NOT NULL,
  value BLOB NOT NULL
);
CREATE TABLE current (
  resource TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  value BLOB NOT NULL,
  UNIQUE (resource, namespace, name)
);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT INTO counters VALUES ('compacted', 0), ('revision', 0);
"""

_APPEND = "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)"
_PUT = """INSERT INTO current VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (resource, namespace, name) DO UPDATE SET revision = excluded.revision, value = excluded.value"""
_REMOVE = "DELETE FROM current WHERE resource = ? AND namespace = ? AND name = ?"
_COUNT = "UPDATE counters SET value = ? WHERE name = ?"
# A forgotten record stays as long as it is the `previous` of one that is kept, or of one that is still to come: the state before
# a change is what tells a watch with a selector whether an object came, changed or left.
_COMPACT = """DELETE FROM log WHERE revision <= :upto
              AND revision NOT IN (SELECT previous FROM log WHERE revision > :upto)
              AND revision NOT IN (SELECT revision FROM current)"""


class SqliteLog:
    """Implements `RevisionLog`. Opens or creates `path`, and holds it against every other process until `close`.

    Raises: EnvironmentProblem - the file is held by another process, is not ours, or is from a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.touch(mode=0o600)
            # autocommit: transactions are only where they are written below; threads: the store calls from one at a time
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        except (OSError, sqlite3.Error) as error:
            raise EnvironmentProblem(f"{path}: {error}. It must be a file that we can write, or not be there.") from error
        try:
            self._prepare()
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise EnvironmentProblem(
                f"{path}: {error}. Another process may be using it: stop it (hauberk down), or choose another --name."
            ) from error
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise EnvironmentProblem(f"{path} is no database of Hauberk ({error}). Move it away to start with an empty one.") from error

    def load(self) -> Loaded:
        """As `RevisionLog.load`."""
        counters = dict(self._connection.execute("SELECT name, value FROM counters"))
        entries = [
            Entry(Key(resource, namespace, name), revision, orjson.loads(value), value)
            for resource, namespace, name, revision, value in self._connection.execute(
                "SELECT resource, namespace, name, revision, value FROM current ORDER BY resource, namespace, name"
            )
        ]
        return Loaded(entries, self._records(counters["compacted"], entries), counters["compacted"], counters["revision"])

    def append(self, records: Sequence[Record]) -> None:
        """As `RevisionLog.append`: one transaction, one sync."""
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        try:
            for record in records:
                run(_APPEND, (record.revision, record.operation.value, *record.key, _previous(record), record.entry.data))
                if record.operation is Operation.DELETED:
                    run(_REMOVE, record.key)
                else:
                    run(_PUT, (*record.key, record.revision, record.entry.data))
            run(_COUNT, (records[-1].revision, "revision"))
            run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise

    def compact(self, revision: int) -> None:
        """As `RevisionLog.compact`."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(_COMPACT, {"upto": revision})
            self._connection.execute("UPDATE counters SET value = max(value, ?) WHERE name = 'compacted'", (revision,))

    def close(self) -> None:
        """As `RevisionLog.close`; the WAL is folded into the file."""
        self._connection.close()

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        run("BEGIN IMMEDIATE")  # takes the lock now, so that a second process fails at its start and not at its first write
        (version,) = run("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            run("ROLLBACK")
            raise EnvironmentProblem(
                f"{self._path} was written by a newer Hauberk (schema {version}, this one knows {_SCHEMA_VERSION}). Upgrade Hauberk."
            )
        if version == 0:
            for statement in _SCHEMA.split(";\n"):
                run(statement)
            run(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        run("COMMIT")

    def _records(self, compacted: int, entries: Sequence[Entry]) -> list[Record]:
        """The records after `compacted`. An entry that is still current is the same value in both, not a copy."""
        seen = {entry.revision: entry for entry in entries}
        records = []
        rows = self._connection.execute("SELECT revision, operation, resource, namespace, name, previous, value FROM log ORDER BY revision")
        for revision, operation, resource, namespace, name, previous, value in rows:
            entry = seen.get(revision) or Entry(Key(resource, namespace, name), revision, orjson.loads(value), value)
            seen[revision] = entry
            if revision > compacted:
                records.append(Record(Operation(operation), entry, seen.get(previous)))
        return records


def _previous(record: Record) -> int:
    return record.previous.revision if record.previous else 0
