"""SQLite as all files of this project use it: with the write-ahead log (WAL), so that processes can read while one writes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from typing import Any, Self

from .encodable import encodable_values

PATIENCE_S = 30.0
"""Seconds to wait for another process that holds a lock."""


FULL = "the disk is full"


def reason_of(error: sqlite3.Error) -> str:
    """Return what SQLite says of an error; `FULL` also where it calls a full disk a "disk I/O error"."""
    code = getattr(error, "sqlite_errorcode", None)
    # SHMSIZE: no room for the index that every reader of a write-ahead log needs
    full = code is not None and (code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE)
    return FULL if full else str(error)


class TextCursor(sqlite3.Cursor):
    """Stores text with lone surrogates, which SQLite refuses, with U+FFFD in their place."""

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        """Execute a statement."""
        try:
            return super().execute(sql, parameters)
        except UnicodeEncodeError:
            return super().execute(sql, encodable_values(parameters))
        except UnicodeDecodeError as error:  # SQLite's own message quotes what stands in a damaged file
            raise sqlite3.DatabaseError(f"its tables cannot be read ({error})") from error

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Self:
        """Execute a statement for each row."""
        rows = list(parameters)
        try:
            return super().executemany(sql, rows)
        except UnicodeEncodeError:
            return super().executemany(sql, encodable_values(rows))


class TextConnection(sqlite3.Connection):
    """A connection whose cursors are `TextCursor`."""

    def cursor(self, factory: Any = TextCursor) -> Any:
        """Return a cursor."""
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Execute a statement with a cursor of its own."""
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Execute a statement for each row."""
        return self.cursor().executemany(sql, parameters)


def use_wal(connection: sqlite3.Connection) -> None:
    """Switch a connection and its file to the write-ahead log. Committed data survives a crash of this process.

    SQLite does not wait for this switch, whatever the connection's timeout: with 20 processes opening new files, 1 in 100 opens
    failed with "database is locked". This function retries.

    Raises:
        sqlite3.OperationalError: another process held the file for 30 seconds.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            # the lower byte is the primary code; the rest says which kind of busy
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous = NORMAL")  # no fsync per commit: only a power failure can lose the last ones
