"""SQLite's write-ahead log for the files of this project: many may read while one writes."""

from __future__ import annotations

import sqlite3
import time

PATIENCE_S = 30.0
"""How long to wait for another process."""


def use_wal(connection: sqlite3.Connection) -> None:
    """Switch a connection and its file to the write-ahead log, safe against a crash of this process.

    Where another process is opening the file, sqlite fails at once instead of waiting; this waits.

    Raises:
        sqlite3.OperationalError: another process holds the file for 30 seconds.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous = NORMAL")
