"""Recover what can be read of a damaged journal into a new one."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ...foundation.statuses import STATUSES
from .finding import SUFFIX, files_of
from .journal import Journal
from .sqlite_pages import Record, Value, read_records
from .tables import lock_of, schema

_KINDS = {"text": str, "integer": int, "real": float}


_JSON = ("detail", "metadata", "metrics", "prompts", "spec")


@dataclass(frozen=True)
class Table:
    """A table as it is stored: the columns of its primary key first."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[type, ...]
    key: int
    """How many columns the primary key has; 0 for a table with row ids."""

    def takes(self, record: Record) -> bool:
        """Tell whether a record can be of this table."""
        if len(record) != len(self.columns) or any(value is None for value in record[: self.key]):
            return False
        return all(map(_fits, self.columns, self.kinds, record))


@dataclass(frozen=True)
class Repaired:
    """What became of a damaged journal.

    Attributes:
        path: of the new journal, in the place of the damaged one.
        damaged: where the damaged one is now.
        found: records by table.
        missing: problems without a row, by the label of their combination; only of combinations that were found.
    """

    path: Path
    damaged: Path
    found: dict[str, int]
    missing: dict[str, int]


def repair_journal(path: Path) -> Repaired:
    """Write what can be read of a journal into a new one, and keep the damaged file beside it.

    Args:
        path: of the journal, damaged or not.

    Raises:
        JournalBusy: a run writes to it.
        ValueError: nothing in the file is of a journal.
        OSError: the new file cannot be written.
    """
    with TemporaryDirectory(dir=path.parent) as folder:
        new = Path(folder) / path.name
        with closing(lock_of(path)), Journal(new) as journal:
            found = _fill(journal, _records(path, Path(folder)))
            if not found.get("rows") and not found.get("replies"):
                raise ValueError(f"{path} holds no row and no reply that can be read: delete it, and rerun the experiment")
            missing = _missing(journal)
            journal.fold()
        damaged = _aside(path)
        for old, kept in zip(files_of(path)[:3], files_of(damaged)[:3], strict=True):
            if old.exists():
                old.replace(kept)
        new.replace(path)
    return Repaired(path, damaged, found, missing)


def count_readable(path: Path) -> dict[str, int]:
    """Return the number of records that can be read, by table; empty if there are none of a journal."""
    tables = stored_tables()
    counts = dict.fromkeys((table.name for table in tables), 0)
    with TemporaryDirectory() as folder:
        for record in _records(path, Path(folder)):
            if table := next((table for table in tables if table.takes(record)), None):
                counts[table.name] += 1
    return counts if counts["rows"] or counts["replies"] or counts["cells"] else {}


def _records(path: Path, folder: Path) -> Iterator[Record]:
    """Yield the records of a copy into which SQLite has written the write-ahead log, where it can."""
    copy = folder / "damaged.sqlite"
    for old, kept in zip(files_of(path)[:2], files_of(copy)[:2], strict=True):
        if old.exists():
            shutil.copy(old, kept)
    with closing(sqlite3.connect(copy)) as db, suppress(sqlite3.DatabaseError):  # what only the log has is then lost
        db.execute("pragma wal_checkpoint(truncate)")
    return read_records(copy.read_bytes())


def _fill(journal: Journal, records: Iterator[Record]) -> dict[str, int]:
    """Insert records into their tables; of two with the same key, the one that was written later stays."""
    tables = stored_tables()
    for record in records:
        table = next((table for table in tables if table.takes(record)), None)
        if table is None:
            continue
        columns, marks = ", ".join(table.columns), ", ".join("?" for _ in record)
        newer = ""
        if table.name == "rows":
            newer = " where coalesce(excluded.started_ms, 0) >= coalesce(rows.started_ms, 0)"
        keys = ", ".join(table.columns[: table.key])
        kept = ", ".join(f"{name} = excluded.{name}" for name in table.columns[table.key :])
        otherwise = f" on conflict ({keys}) do update set {kept}{newer}" if table.key else ""
        journal.db.execute(f"insert into {table.name} ({columns}) values ({marks}){otherwise}", record)
    return {table.name: journal.db.execute(f"select count(*) from {table.name}").fetchone()[0] for table in tables}


def stored_tables() -> list[Table]:
    """Return the tables of a journal in the order of their records' values."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(schema())
        return [_table(db, name) for (name,) in db.execute("select name from sqlite_master where type = 'table'").fetchall()]


def _table(db: sqlite3.Connection, name: str) -> Table:
    columns = db.execute(f"pragma table_info({name})").fetchall()
    without_rowid = all(column[1] != "id" or column[2].lower() != "integer" for column in columns)
    keys = sorted((column for column in columns if column[5]), key=lambda column: column[5]) if without_rowid else []
    stored = [*keys, *(column for column in columns if column not in keys)]
    return Table(name, tuple(c[1] for c in stored), tuple(_KINDS[c[2].lower()] for c in stored), len(keys))


def _fits(column: str, kind: type, value: Value) -> bool:
    """Tell whether a value can be in a column: a flipped byte may have left a readable record with senseless contents."""
    if value is None:
        return True
    if not isinstance(value, kind) and not (kind is float and isinstance(value, int)):
        return False
    if column in _JSON:
        try:
            json.loads(str(value))
        except (ValueError, RecursionError):
            return False
    return column != "status" or value in STATUSES


def _missing(journal: Journal) -> dict[str, int]:
    missing: dict[str, int] = {}
    for cell in journal.cells():
        left = journal.count_problems(cell["problems"]) - sum(journal.counts(cell["id"]).values())
        if left > 0:
            name = f"{cell['label']}, {cell['student_label']}, {cell['problems']}"
            missing[name] = missing.get(name, 0) + left
    return missing


def _aside(path: Path) -> Path:
    stem = path.name.removesuffix(SUFFIX)
    numbers = iter(range(1, 10_000))
    return next(file for n in numbers if not (file := path.with_name(f"{stem}.damaged-{n}.sqlite")).exists())
