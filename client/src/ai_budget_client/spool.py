"""Calls that the service has not recorded yet, in a SQLite file of this process.

A call is a row from before the model is called until the service has recorded it. The row starts as the most
that the call can use and becomes what it used, so a call that was cut off by the end of its process is still
charged: at its maximum. SQLite's exclusive lock shows that a file's process is alive; that of a dead one is
adopted.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from ai_budget_client.errors import SpoolFailed, SpoolFull

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('open', 'track', 'release', 'failed')),
    body TEXT NOT NULL,
    error TEXT
)
"""
# Connections of a parent process: SQLite permits neither their use nor their end in a child.
_inherited: list[sqlite3.Connection] = []


class Row(NamedTuple):
    """`path` is that of the service: `track` or `release`."""

    path: str
    body: dict[str, Any]


class Spool:
    """One file, locked until `close`. Methods may be called from any thread. What they have written outlives
    the process, with `fsync` also a crash of the machine.

    Raises SpoolFull for a call beyond `max_calls`, SpoolFailed if the file cannot be written, and
    sqlite3.OperationalError in the constructor if another process has the file.
    """

    def __init__(self, path: Path, max_calls: int, fsync: bool = False) -> None:
        self.path = path
        self.max_calls = max_calls
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            synchronous = f"synchronous = {'FULL' if fsync else 'NORMAL'}"
            for statement in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", synchronous):
                self._connection.execute(f"PRAGMA {statement}")
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(_SCHEMA)
            (self._count,) = self._connection.execute("SELECT count(*) FROM calls").fetchone()
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            self._connection.close()
            raise

    def __len__(self) -> int:
        return self._count

    @contextmanager
    def _cursor(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._connection
        except sqlite3.Error as error:
            raise SpoolFailed(f"the spool {self.path} cannot be written: {error}") from error

    def add(self, state: str, body: dict[str, Any]) -> int:
        """A new row; its id."""
        with self._cursor() as connection:
            if self._count >= self.max_calls:
                raise SpoolFull(
                    f"the spool {self.path} holds {self._count} calls that the AI budget service has not "
                    "recorded; no call is permitted until it answers, or raise spool_max_calls"
                )
            cursor = connection.execute(
                "INSERT INTO calls (state, body) VALUES (?, ?)", (state, json.dumps(body))
            )
            self._count += 1
            return int(cursor.lastrowid or 0)

    def update(self, row_id: int, state: str, body: dict[str, Any]) -> None:
        """The outcome of a call."""
        with self._cursor() as connection:
            connection.execute(
                "UPDATE calls SET state = ?, body = ? WHERE id = ?", (state, json.dumps(body), row_id)
            )

    def fail(self, row_id: int, error: str) -> None:
        """Keeps a row that the service refused, until the next process sends it again."""
        with self._cursor() as connection:
            connection.execute("UPDATE calls SET state = 'failed', error = ? WHERE id = ?", (error, row_id))

    def delete(self, row_id: int) -> None:
        """The service has it."""
        with self._cursor() as connection:
            self._count -= connection.execute("DELETE FROM calls WHERE id = ?", (row_id,)).rowcount

    def row(self, row_id: int) -> Row | None:
        """What is to be sent; None if it was sent already or is not complete yet."""
        with self._cursor() as connection:
            row = connection.execute("SELECT state, body FROM calls WHERE id = ?", (row_id,)).fetchone()
        return Row(row[0], json.loads(row[1])) if row and row[0] in ("track", "release") else None

    def adopt_rows(self) -> list[int]:
        """The ids of all rows, after their process died: what was cut off counts at its maximum."""
        with self._cursor() as connection:
            connection.execute(
                "UPDATE calls SET state = 'track', error = NULL WHERE state IN ('open', 'failed')"
            )
            return [row_id for (row_id,) in connection.execute("SELECT id FROM calls ORDER BY id")]

    def close(self) -> None:
        """Unlocks the file, and deletes it if it is empty."""
        if os.getpid() != self._pid:
            _inherited.append(self._connection)
            return
        with self._lock:
            if not self._count:
                # While the lock is held, so that no other process adopts the file meanwhile.
                self.path.unlink(missing_ok=True)
            self._connection.close()
            if not self._count:
                for suffix in ("-wal", "-shm"):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


def new_spool(directory: Path, max_calls: int, fsync: bool = False) -> Spool:
    """A spool in a file of its own. Raises SpoolFailed if the directory cannot be used."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Spool(directory / f"{uuid.uuid4().hex}.db", max_calls, fsync)
    except (OSError, sqlite3.Error) as error:
        raise SpoolFailed(
            f"the spool directory {directory} cannot be used: {error}; set spool_directory"
        ) from error


def abandoned_spools(directory: Path, max_calls: int) -> Iterator[Spool]:
    """The spools of processes that have ended, each locked for this process from now on."""
    for path in sorted(directory.glob("*.db")):
        with suppress(sqlite3.Error):
            yield Spool(path, max_calls)
