"""Recover the readable records of a damaged journal into a new one. The door is `repair_journal`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .database_layout import SUFFIX, files_of
from .journal import Journal
from .salvage import copy_of, readable_records, stored_tables
from .sqlite_pages import Record
from .tables import lock_of


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
        ValueError: the file has no readable row or reply of a journal.
        OSError: the new file cannot be written.
    """
    # in the same folder, so that the new file can be moved into place within one file system
    with closing(lock_of(path)), TemporaryDirectory(dir=path.parent) as folder:
        if _sound(path):
            return None
        new = Path(folder) / path.name
        with Journal(new) as journal:
            found = _fill(journal, readable_records(path, Path(folder)))
            if not found.get("rows") and not found.get("replies"):
                raise ValueError(f"{path} holds no row and no reply that can be read: delete it, and rerun the experiment")
            missing = _missing(journal)
            journal.fold()
        damaged = _aside(path)
        # the lock, the fourth file, is held here and stays
        for old, kept in zip(files_of(path)[:3], files_of(damaged)[:3], strict=True):
            if old.exists():
                old.replace(kept)
        new.replace(path)
    return Repaired(path, damaged, found, missing)


def _sound(path: Path) -> bool:
    """Return whether a journal opens, SQLite finds no fault in it, and every record is one of a journal."""
    with TemporaryDirectory() as folder:
        try:
            with Journal(copy_of(path, Path(folder))) as copy:
                copy.db.row_factory = None  # plain tuples, as records are
                return copy.db.execute("pragma integrity_check").fetchall() == [("ok",)] and all(
                    table.takes(record)
                    for table in stored_tables()
                    for record in copy.db.execute(f"select {', '.join(table.columns)} from {table.name}")
                )
        except (OSError, ValueError, sqlite3.Error):
            return False


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
    stem = path.name.removesuffix(SUFFIX)
    numbers = iter(range(1, 10_000))
    return next(file for n in numbers if not (file := path.with_name(f"{stem}.damaged-{n}.sqlite")).exists())
