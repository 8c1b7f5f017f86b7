"""The file of a journal: opening, locking, transactions, and errors that say what to do. `Journal` adds the records."""

from __future__ import annotations

import json
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from ...foundation.commands import call
from ...foundation.sqlite_wal import FULL, PATIENCE_S, TextConnection, reason_of, use_wal
from .database_layout import SCHEMA, VERSION, experiment_in
from .salvage import count_readable


class JournalBusy(RuntimeError):
    """Another run is writing to this journal."""


class JournalDamaged(OSError):
    """Parts of a journal's file cannot be read; `tot repair` recovers the rest."""


class NewerJournal(ValueError):
    """A newer version of this program has written this journal."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was written by a newer version of this program; upgrade it")


class JournalFile:
    """One SQLite file with many readers and one writer. Every statement is committed at once, except inside `together`.

    As a context manager it turns SQLite's errors, such as a full disk or a damaged file, into an `OSError` or `ValueError` that
    says what to do.

    Attributes:
        path: path of the file.
        read_only: whether the file or its folder cannot be written.
        db: the connection.
    """

    def __init__(self, path: str | Path) -> None:
        """Open a journal, or create it.

        Raises:
            ValueError: the file is not a journal.
            NewerJournal: a newer version of this program has written it.
            JournalDamaged: parts of the journal cannot be read.
            OSError: the file cannot be opened or written, or the disk is full.
        """
        self.path = Path(path)
        self.read_only = self.path.exists() and not all(os.access(place, os.W_OK) for place in (self.path, self.path.parent))
        self._lock: sqlite3.Connection | None = None
        try:
            self.db = sqlite3.connect(
                self._address(),
                uri=True,
                timeout=PATIENCE_S,
                isolation_level=None,  # autocommit; `together` begins its transactions itself
                check_same_thread=False,
                factory=TextConnection,
            )
        except sqlite3.OperationalError as error:
            raise self._unwritable(error) from error
        self.db.row_factory = sqlite3.Row
        try:
            self._set_up()
        except sqlite3.DatabaseError as error:
            self.db.close()
            raise self._explained(error) from error
        except BaseException:
            self.db.close()
            raise

    def _address(self) -> str:
        """Return the URI of the file, with the options that let a file be read that cannot be written."""
        address = f"file:{quote(str(self.path.absolute()))}"
        if not self.read_only:
            return address
        # Even a reader creates a file beside a journal with a write-ahead log. "immutable" avoids that, but ignores the log, in
        # which a killed run may have left rows.
        log = self.path.with_name(self.path.name + "-wal")
        return f"{address}?mode=ro" + ("" if log.exists() and log.stat().st_size else "&immutable=1")

    def _set_up(self) -> None:
        found = self._tables()
        if found and not found >= {"meta", "cells", "rows", "replies"}:
            raise ValueError(f"{self.path} is not a journal of this program (it is another program's database)")
        if not self.read_only:
            self._prepare(found)
        if self.is_newer:
            raise NewerJournal(self.path)

    def _prepare(self, found: set[str]) -> None:
        use_wal(self.db)
        if not found:
            # one transaction: a process killed here leaves an empty file, not half of the tables
            self.db.executescript(f"begin immediate; {SCHEMA} commit;")
        self.db.execute("insert or ignore into meta values ('version', ?), ('uuid', ?)", (str(VERSION), uuid.uuid4().hex))

    def _tables(self) -> set[str]:
        return {name for (name,) in self.db.execute("select name from sqlite_master where type = 'table'")}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise self._explained(error) from error

    def _explained(self, error: sqlite3.DatabaseError) -> Exception:
        """Return the error to raise for an error of SQLite. Errors of a single statement are returned unchanged."""
        # text that is not UTF-8 is an OperationalError, too, but a sign of damage
        if isinstance(error, sqlite3.OperationalError) and "decode" not in str(error):
            return self._unwritable(error)
        # subclasses such as IntegrityError are about a statement; damage is the base class itself, or an impossible length
        if not isinstance(error, sqlite3.OperationalError) and type(error) not in (sqlite3.DatabaseError, sqlite3.DataError):
            return error
        if not (found := count_readable(self.path)):
            return ValueError(f"{self.path} is not a journal of this program ({error})")
        name = experiment_in(self.path)
        return JournalDamaged(
            f"the journal {self.path} is damaged ({error}): {found['rows']:,} solutions and {found['replies']:,} "
            f"replies of teachers can still be read. Recover them with: {call('repair', name)}; then rerun the experiment"
        )

    def _unwritable(self, error: sqlite3.OperationalError) -> OSError:
        reason = reason_of(error)
        fix = "end the program that has locked it" if "locked" in reason else "free disk space or allow writing"
        if reason == FULL:
            fix = "free disk space"
        return OSError(
            f"the journal {self.path} cannot be used: {reason}. Its contents are safe: {fix}, then rerun the command to resume"
        )

    def close(self) -> None:
        """Close the file and release the write lock, if this object holds it."""
        self.db.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def fold(self) -> None:
        """Merge the write-ahead log into the database file, so that the file can be moved alone."""
        self.db.execute("pragma wal_checkpoint(truncate)")

    @property
    def busy(self) -> bool:
        """Whether a run is writing to this journal now."""
        if self.read_only or not self.path.with_suffix(".lock").exists():
            return False
        try:
            self.claim()
        except JournalBusy:
            return True
        except sqlite3.OperationalError:  # no run has it, but this process cannot lock it either, as on a full disk
            return False
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        return False

    @property
    def tags(self) -> dict[str, str]:
        """The user's tags of the experiment."""
        return json.loads(self.get("tags") or "{}")

    def claim(self) -> None:
        """Take the write lock, until `close` or the end of the process.

        Raises:
            JournalBusy: another run holds it.
            OSError: the file or its folder cannot be written.
        """
        if self.read_only:
            raise OSError(f"cannot write to {self.path}; allow writing, or copy it and set TOT_HOME to the folder of the copy")
        self._lock = lock_of(self.path)

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of this program has written this journal."""
        return int(self.get("version") or 0) > VERSION

    @property
    def uuid(self) -> str:
        """The permanent id of the experiment, which a new name does not change."""
        return self.get("uuid") or ""

    def get(self, key: str) -> str | None:
        """Return a setting of the experiment by key, None if it was not set."""
        found = self.db.execute("select value from meta where key = ?", (key,)).fetchone()
        return found[0] if found else None

    def set(self, key: str, value: str) -> None:
        """Store a setting of the experiment, such as its name or configuration."""
        self.db.execute("insert or replace into meta values (?, ?)", (key, value))

    def check_writable(self) -> None:
        """Write a setting that nobody reads.

        Raises:
            sqlite3.OperationalError: the disk is full, or another program holds the file.
        """
        self.set("writable", "1")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit the writes inside the block together, or none of them after an exception."""
        # takes the write lock now; upgrading a read lock later could fail with "database is locked"
        self.db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")


def lock_of(path: Path) -> sqlite3.Connection:
    """Take the write lock of a journal. It is released when the returned connection is closed or the process ends.

    Raises:
        JournalBusy: another run holds it.
        sqlite3.OperationalError: the lock cannot be written.
    """
    # an open transaction on a second database: the system frees it however the process ends, and readers are not blocked
    lock = sqlite3.connect(path.with_suffix(".lock"), timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("begin exclusive")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        raise JournalBusy(f"another run is writing to {path}; wait for it, or give this one another --experiment") from error
    return lock


def now_ms() -> int:
    """Return Unix time in milliseconds."""
    return int(time.time() * 1000)
