"""Recover the readable records of a damaged journal into a new one. The door is `repair_journal`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .database_layout import experiment_in, files_of
from .journal import Journal
from .salvage import copy_of, readable_records, stored_tables
from .sqlite_pages import Record
from .tables import NewerJournal, lock_of

_CODES_OF_THE_MACHINE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM)
"""Codes of SQLite's errors that say nothing about the file, such as a full disk."""


@dataclass(frozen=True)
class Repaired:
    """The result of a repair.

    Attributes:
        path: path of the new journal, which took the place of the damaged one.
        damaged: path of the damaged file, which is kept.
        found: number of recovered records by table.
        missing: number of problems without a row by combination. Combinations that were lost themselves are not listed.
    """

    path: Path
    damaged: Path
    found: dict[str, int]
    missing: dict[str, int]


def repair_journal(path: Path) -> Repaired | None:
    """Write the readable records of a damaged journal into a new one, and keep the damaged file beside it.

    Args:
        path: path of the journal, damaged or not.

    Returns:
        What was recovered; None if nothing is damaged. The file is then left as it is.

    Raises:
        JournalBusy: a run is writing to it.
        ValueError: the file has no readable row or reply of a journal, or is of a newer version.
        OSError: the copy or the new file cannot be written. The journal is then left as it is.
    """
    # in the same folder, so that the new file can be moved into place within one file system
    with _told(path), closing(lock_of(path)), TemporaryDirectory(dir=path.parent) as folder:
        if _sound(path, Path(folder)):
            return None
        new = Path(folder) / path.name
        with Journal(new) as journal:
            found = _fill(journal, readable_records(path, Path(folder)))
            if not found.get("rows") and not found.get("replies"):
                raise ValueError(f"{path} holds no row and no reply that can be read: delete it, and rerun the experiment")
            if journal.is_newer:
                raise NewerJournal(path)
            missing = _missing(journal)
            journal.fold()
        damaged = _aside(path)
        # the lock, the fourth file, is held here and stays
        for old, kept in zip(files_of(path)[:3], files_of(damaged)[:3], strict=True):
            if old.exists():
                old.replace(kept)
        new.replace(path)
    return Repaired(path, damaged, found, missing)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Explain errors of the machine, such as a full disk, which would name files of the repair itself."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        why = getattr(error, "strerror", None) or error.__cause__ or error
        raise OSError(
            f"cannot repair the journal {path}: {why}. Its contents are safe: free disk space, or allow writing to "
            f"{path.parent}, then repair it again"
        ) from error


def _sound(path: Path, folder: Path) -> bool:
    """Return whether a journal opens, SQLite finds no fault in it, and every record is one of a journal.

    It is checked in a copy in a folder. Errors of the machine are raised: they are no damage.
    """
    with TemporaryDirectory(dir=folder) as inner:
        copy = copy_of(path, Path(inner))
        try:
            return _whole(copy)
        except NewerJournal:
            raise NewerJournal(path) from None
        except (OSError, ValueError, sqlite3.Error) as error:
            if _of_the_machine(error):
                raise
            return False


def _of_the_machine(error: Exception) -> bool:
    cause = error.__cause__ or error  # `Journal` explains SQLite's errors by its own
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _CODES_OF_THE_MACHINE
    return isinstance(cause, OSError)


def _whole(path: Path) -> bool:
    with Journal(path) as copy:
        copy.db.row_factory = None  # plain tuples, as records are
        return copy.db.execute("pragma integrity_check").fetchall() == [("ok",)] and all(
            table.takes(record)
            for table in stored_tables()
            for record in copy.db.execute(f"select {', '.join(table.columns)} from {table.name}")
        )


def _fill(journal: Journal, records: Iterator[Record]) -> dict[str, int]:
    """Insert records into their tables and return the number of records by table. Of two rows with one key the later stays."""
    tables = stored_tables()
    for record in records:
        table = next((table for table in tables if table.takes(record)), None)
        if table is None:
            continue
        columns, marks = ", ".join(table.columns), ", ".join("?" for _ in record)
        # a stale copy of a record may survive on a page that is no longer in use
        newer = ""
        if table.name == "rows":
            newer = " where coalesce(excluded.started_ms, 0) >= coalesce(rows.started_ms, 0)"
        keys = ", ".join(table.columns[: table.key])
        kept = ", ".join(f"{name} = excluded.{name}" for name in table.columns[table.key :])
        otherwise = f" on conflict ({keys}) do update set {kept}{newer}" if table.key else ""
        journal.db.execute(f"insert into {table.name} ({columns}) values ({marks}){otherwise}", record)
    return {table.name: journal.db.execute(f"select count(*) from {table.name}").fetchone()[0] for table in tables}


def _missing(journal: Journal) -> dict[str, int]:
    missing: dict[str, int] = {}
    for cell in journal.cells():
        left, *_ = journal.unfinished(cell)
        if left:
            name = f"{cell['label']}, {cell['student_label']}, {cell['problems']}"
            missing[name] = missing.get(name, 0) + left
    return missing


def _aside(path: Path) -> Path:
    numbers = iter(range(1, 10_000))
    return next(file for n in numbers if not (file := path.with_name(f"{experiment_in(path)}.damaged-{n}.sqlite")).exists())
