"""The outbox: keeps finished traces on disk until the tracking store has confirmed them.

This makes tracing lossless. MLflow's own queue is in memory: it drops traces in bursts and when the process dies.
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
"""Size at which a batch is closed, so that one request stays small even if traces are long."""


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
        """Store a trace that is not sent before `release`: whether its run's result will be kept is not known yet.

        Args:
            trace_id: id of the trace.
            body: its JSON.
            uri: address of the tracking store.
            run: id of the MLflow run that it belongs to.
        """
        row = (trace_id, run, uri, os.getpid(), time.time(), body)
        self._write(("INSERT OR REPLACE INTO held (trace_id, run, uri, owner, ended, body) VALUES (?, ?, ?, ?, ?, ?)", [row]))

    def held(self, runs: Iterable[str]) -> dict[str, bool]:
        """Return the held traces of these runs, and whether the process that holds each is this one, or is gone."""
        if not self.path.exists():
            return {}
        query = "SELECT trace_id, owner FROM held WHERE run IN (SELECT value FROM json_each(?))"
        found = self._read(query, (json.dumps(list(runs)),))
        ours = {owner: owner == os.getpid() or not _alive(owner) for owner in {owner for _, owner in found}}
        return {trace_id: ours[owner] for trace_id, owner in found}

    def release(self, trace_ids: Iterable[str]) -> None:
        """Let held traces be sent, by this process; others are left as they are."""
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
            if batch and size + len(body) > _BATCH_BYTES:
                break
            batch.append(Kept(trace_id, body, uri))
            size += len(body)
        return batch

    def remove(self, trace_ids: Iterable[str]) -> None:
        """Delete traces that the store has confirmed."""
        self._write(("DELETE FROM traces WHERE trace_id = ?", [(trace_id,) for trace_id in trace_ids]))

    def refuse(self, trace_id: str, reason: str) -> None:
        """Mark a trace that the store rejects for good, with the reason; it stays on disk but is not sent again."""
        self._write(("UPDATE traces SET refusal = ? WHERE trace_id = ?", [(reason, trace_id)]))

    def retry_refused(self, uri: str) -> None:
        """Mark the refused traces of a store for sending again."""
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
        """Remember the trace of a run that is paused for review."""
        self._write(("INSERT OR REPLACE INTO pauses VALUES (?, ?)", [(thread_id, json.dumps(facts))]))

    def paused(self, thread_id: str) -> dict[str, Any] | None:
        """Return what `pause` remembered for a thread, or None."""
        rows = self._read("SELECT body FROM pauses WHERE thread_id = ?", (thread_id,)) if self.path.exists() else []
        return json.loads(rows[0][0]) if rows else None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
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
        """Use the connection; a damaged file is put aside, with a warning, and a new one begun."""
        with self._lock:
            try:
                return use(self._connection())
            except sqlite3.DatabaseError as error:
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
    """Return whether a process exists; when in doubt, True."""
    if os.name == "nt":  # on Windows, os.kill terminates the process whatever the signal number
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it exists but belongs to another user
        return True
    return True
