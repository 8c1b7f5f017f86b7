"""Read the records of a damaged journal and tell which table each belongs to."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ...foundation.sqlite_wal import TextConnection
from ...foundation.statuses import STATUSES
from .database_layout import SCHEMA, files_of
from .sqlite_pages import Record, Value, read_records

_KINDS = {"text": str, "integer": int, "real": float}
_JSON = ("detail", "metadata", "metrics", "prompts", "spec")


@dataclass(frozen=True)
class Table:
    """A table in the order in which SQLite stores its columns: those of the primary key first."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[type, ...]
    key: int
    """Number of columns of the primary key; 0 for a table with row ids."""

    def takes(self, record: Record) -> bool:
        """Return whether a record may belong to this table, by the number and types of its values."""
        if len(record) != len(self.columns) or any(value is None for value in record[: self.key]):
            return False
        return all(map(_fits, self.columns, self.kinds, record))


def count_readable(path: Path) -> dict[str, int]:
    """Return the number of readable records by table; {} if the file holds no row, reply or cell of a journal."""
    tables = stored_tables()
    counts = dict.fromkeys((table.name for table in tables), 0)
    with TemporaryDirectory() as folder:
        for record in readable_records(path, Path(folder)):
            if table := next((table for table in tables if table.takes(record)), None):
                counts[table.name] += 1
    return counts if counts["rows"] or counts["replies"] or counts["cells"] else {}


def readable_records(path: Path, folder: Path) -> Iterator[Record]:
    """Yield the readable records of a journal.

    They are read from a copy in `folder`, into which SQLite first merges the write-ahead log. The journal is not changed.
    """
    copy = copy_of(path, folder)
    # a log that SQLite cannot merge is lost
    with closing(sqlite3.connect(copy, factory=TextConnection)) as db, suppress(sqlite3.DatabaseError):
        db.execute("pragma wal_checkpoint(truncate)")
    return read_records(copy.read_bytes())


def copy_of(path: Path, folder: Path) -> Path:
    """Copy a journal and its write-ahead log into a folder, and return the copy's path."""
    copy = folder / "damaged.sqlite"
    for old, kept in zip(files_of(path)[:2], files_of(copy)[:2], strict=True):
        if old.exists():
            shutil.copy(old, kept)
    return copy


def stored_tables() -> list[Table]:
    """Return the tables of a journal with their columns in stored order, from an empty database."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        return [_table(db, name) for (name,) in db.execute("select name from sqlite_master where type = 'table'").fetchall()]


def _table(db: sqlite3.Connection, name: str) -> Table:
    columns = db.execute(f"pragma table_info({name})").fetchall()
    # an integer primary key is the row id itself and not part of the key that records store first
    without_rowid = all(column[1] != "id" or column[2].lower() != "integer" for column in columns)
    keys = sorted((column for column in columns if column[5]), key=lambda column: column[5]) if without_rowid else []
    stored = [*keys, *(column for column in columns if column not in keys)]
    return Table(name, tuple(c[1] for c in stored), tuple(_KINDS[c[2].lower()] for c in stored), len(keys))


def _fits(column: str, kind: type, value: Value) -> bool:
    """Return whether a value may be in a column. A flipped byte can leave a record readable but with invalid contents."""
    if value is None:
        return True
    # SQLite stores whole numbers of a real column as integers, to save space
    if not isinstance(value, kind) and not (kind is float and isinstance(value, int)):
        return False
    if column in _JSON:
        try:
            json.loads(str(value))
        except (ValueError, RecursionError):
            return False
    return column != "status" or value in STATUSES
