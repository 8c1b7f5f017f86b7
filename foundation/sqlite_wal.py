"""SQLite's write-ahead log (WAL), used for all files of this project: processes can read while one writes."""

from __future__ import annotations

import sqlite3
import time

PATIENCE_S = 30.0
"""Seconds to wait for another process that holds a lock."""


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
