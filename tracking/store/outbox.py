"""The outbox: keep finished traces on disk until the tracking store has confirmed them. Start at `Outbox`.

This makes tracing lossless. MLflow's own queue is in memory: it drops traces when many come at once or the process dies.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ...foundation.sqlite_wal import PATIENCE_S, TextConnection, use_wal

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

# `owner` is the process id of the process that sends a trace; others take it over only if that process is dead.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS traces (
    trace_id TEXT PRIMARY KEY, uri TEXT NOT NULL, owner INTEGER NOT NULL, ended REAL NOT NULL, body TEXT NOT NULL,
    refusal TEXT
);
CREATE INDEX IF NOT EXISTS by_owner ON traces (uri, owner, ended);
CREATE TABLE IF NOT EXISTS held (
    trace_id TEXT PRIMARY KEY, run TEXT NOT NULL, uri TEXT NOT NULL, owner INTEGER NOT NULL, ended REAL NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS pauses (thread_id TEXT PRIMARY KEY, body TEXT NOT NULL);
"""

_BATCH_BYTES = 4_000_000
"""Maximum size of a batch, in characters of JSON, so that a request stays small even if traces are long."""


@dataclass(frozen=True)
class Kept:
    """A waiting trace: its id, its JSON, and the address of the tracking store to send it to."""

    trace_id: str
    body: str
    uri: str


class Outbox:
    """Finished traces of any number of processes, in one SQLite file.

    Args:
        path: the file; created at the first write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._opened: tuple[int, sqlite3.Connection] | None = None

    def add(self, trace_id: str, body: str, uri: str) -> None:
        """Store a trace, replacing one with the same id."""
        row = (trace_id, uri, os.getpid(), time.time(), body)
        self._write(("INSERT OR REPLACE INTO traces (trace_id, uri, owner, ended, body) VALUES (?, ?, ?, ?, ?)", [row]))

    def hold(self, trace_id: str, body: str, uri: str, run: str) -> None:
        """Store a trace that is not sent before `release`, because it is not known yet whether its result will be stored.

        Args:
            trace_id: id of the trace.
            body: its JSON.
            uri: address of the tracking store.
            run: id of the MLflow run that it belongs to.
        """
        row = (trace_id, run, uri, os.getpid(), time.time(), body)
        self._write(("INSERT OR REPLACE INTO held (trace_id, run, uri, owner, ended, body) VALUES (?, ?, ?, ?, ?, ?)", [row]))

    def held(self, runs: Iterable[str]) -> dict[str, bool]:
        """Return the held traces of these runs, each with whether this process or a dead one holds it."""
        if not self.path.exists():
            return {}
        # One parameter for all runs, because SQLite limits their number.
        query = "SELECT trace_id, owner FROM held WHERE run IN (SELECT value FROM json_each(?))"
        found = self._read(query, (json.dumps(list(runs)),))
        ours = {owner: owner == os.getpid() or not _alive(owner) for owner in {owner for _, owner in found}}
        return {trace_id: ours[owner] for trace_id, owner in found}

    def release(self, trace_ids: Iterable[str]) -> None:
        """Move held traces to those that this process sends; unknown ids are ignored."""
        mine = os.getpid()
        rows = [(trace_id,) for trace_id in trace_ids]
        moved = f"SELECT trace_id, uri, {mine}, ended, body FROM held WHERE trace_id = ?"
        self._write(
            (f"INSERT OR REPLACE INTO traces (trace_id, uri, owner, ended, body) {moved}", rows),
            ("DELETE FROM held WHERE trace_id = ?", rows),
        )

    def discard(self, trace_ids: Iterable[str]) -> None:
        """Delete held traces."""
        self._write(("DELETE FROM held WHERE trace_id = ?", [(trace_id,) for trace_id in trace_ids]))

    def next(self, uri: str, *, owner: int | None, limit: int) -> list[Kept]:
        """Return the oldest traces for a store, at most `limit` and about 4 MB, without refused ones.

        Args:
            uri: address of the tracking store.
            owner: process id whose traces to return; None for all processes.
            limit: maximum number of traces.
        """
        mine = "" if owner is None else f"AND owner = {int(owner)}"
        query = f"SELECT trace_id, body FROM traces WHERE uri = ? AND refusal IS NULL {mine} ORDER BY ended LIMIT ?"
        batch: list[Kept] = []
        size = 0
        for trace_id, body in self._read(query, (uri, limit)):
            if batch and size + len(body) > _BATCH_BYTES:  # at least one, however long
                break
            batch.append(Kept(trace_id, body, uri))
            size += len(body)
        return batch

    def remove(self, trace_ids: Iterable[str]) -> None:
        """Delete traces that the store has confirmed."""
        self._write(("DELETE FROM traces WHERE trace_id = ?", [(trace_id,) for trace_id in trace_ids]))

    def refuse(self, trace_id: str, reason: str) -> None:
        """Mark a trace as rejected by the store, with the reason; it stays on disk but is not sent again."""
        self._write(("UPDATE traces SET refusal = ? WHERE trace_id = ?", [(reason, trace_id)]))

    def retry_refused(self, uri: str) -> None:
        """Let the refused traces of a store be sent again."""
        self._write(("UPDATE traces SET refusal = NULL WHERE uri = ?", [(uri,)]))

    def count(self, uri: str | None = None, *, owner: int | None = None, refused: bool = False) -> int:
        """Return the number of waiting traces, or of refused ones."""
        if not self.path.exists():
            return 0
        clauses = ["refusal IS NOT NULL" if refused else "refusal IS NULL"]
        values: list[Any] = []
        for column, value in (("uri", uri), ("owner", owner)):
            if value is not None:
                clauses.append(f"{column} = ?")
                values.append(value)
        return self._read(f"SELECT COUNT(*) FROM traces WHERE {' AND '.join(clauses)}", values)[0][0]

    def uris(self) -> list[str]:
        """Return the addresses of the stores that traces wait for."""
        return [uri for (uri,) in self._read("SELECT DISTINCT uri FROM traces", ())] if self.path.exists() else []

    def refusals(self, uri: str) -> list[str]:
        """Return the distinct reasons why a store refused traces."""
        return [
            text for (text,) in self._read("SELECT DISTINCT refusal FROM traces WHERE uri = ? AND refusal NOT NULL", (uri,))
        ]

    def adopt(self, uri: str) -> int:
        """Take over the traces of dead processes; return how many traces this process now owns."""
        if not self.path.exists():
            return 0
        owners = [owner for (owner,) in self._read("SELECT DISTINCT owner FROM traces WHERE uri = ?", (uri,))]
        gone = [owner for owner in owners if owner != os.getpid() and not _alive(owner)]
        self._write(("UPDATE traces SET owner = ? WHERE owner = ? AND uri = ?", [(os.getpid(), owner, uri) for owner in gone]))
        return self.count(uri, owner=os.getpid())

    def pause(self, thread_id: str, facts: dict[str, Any]) -> None:
        """Remember the last trace of a thread, of its pause or its end."""
        self._write(("INSERT OR REPLACE INTO pauses VALUES (?, ?)", [(thread_id, json.dumps(facts))]))

    def paused(self, thread_id: str) -> dict[str, Any] | None:
        """Return what `pause` remembered for a thread, or None."""
        rows = self._read("SELECT body FROM pauses WHERE thread_id = ?", (thread_id,)) if self.path.exists() else []
        return json.loads(rows[0][0]) if rows else None

    def of_pauses(self, trace_ids: Iterable[str]) -> set[str]:
        """Return those of some trace ids that `pause` remembers."""
        query = "SELECT json_extract(body, '$.trace_id') FROM pauses"
        wanted = set(trace_ids)
        return wanted & {found for (found,) in self._read(query, ())} if wanted else set()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            # Another process's connection, before a fork, must not be closed here.
            if self._opened and self._opened[0] == os.getpid():
                self._opened[1].close()
            self._opened = None

    def _connection(self) -> sqlite3.Connection:
        """Return this process's connection. SQLite connections must not be used across a fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = (os.getpid(), _open(self.path))
        return self._opened[1]

    def _read(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._safely(lambda connection: connection.execute(query, values).fetchall())

    def _write(self, *statements: tuple[str, Sequence[tuple[Any, ...]]]) -> None:
        """Execute statements, each for all its rows, in one transaction."""

        def write(connection: sqlite3.Connection) -> None:
            # "immediate" takes the write lock first: a transaction that begins by reading could fail when it wants to write.
            connection.execute("BEGIN IMMEDIATE")
            try:
                for query, rows in statements:
                    connection.executemany(query, rows)
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled back by itself
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

        self._safely(write)

    def _safely(self, use: Callable[[sqlite3.Connection], _T]) -> _T:
        """Use the connection. A damaged file is moved aside, with a warning, and a new one is created."""
        with self._lock:
            try:
                return use(self._connection())
            except sqlite3.DatabaseError as error:
                # The exact type means a damaged file; subclasses are a locked file, a full disk or a mistake of ours.
                if type(error) is not sqlite3.DatabaseError:
                    raise
                self._put_aside(error)
                return use(self._connection())

    def _put_aside(self, error: sqlite3.DatabaseError) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None
        kept = self.path.with_name(f"{self.path.stem}.damaged-{time.time_ns()}.sqlite")
        self.path.replace(kept)
        # They belong to the damaged file and would damage the new one.
        for rest in ("-wal", "-shm"):
            self.path.with_name(self.path.name + rest).unlink(missing_ok=True)
        logger.warning(
            "%s is damaged (%s): unsent traces in it are lost, the results are in the journals; it is kept as %s",
            self.path,
            error,
            kept,
        )


def _open(path: Path) -> sqlite3.Connection:
    """Open the file and create its tables."""
    connection = sqlite3.connect(
        path, timeout=PATIENCE_S, check_same_thread=False, isolation_level=None, factory=TextConnection
    )
    connection.execute("PRAGMA auto_vacuum=FULL")  # the file shrinks again after an outage
    use_wal(connection)
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    return connection


def _alive(process: int) -> bool:
    """Return whether a process exists; True if that cannot be determined."""
    if os.name == "nt":  # on Windows, os.kill terminates the process whatever the signal number
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it exists but belongs to another user
        return True
    return True
