"""Write the row of a problem, even if a model or a problem file has put something into it that cannot be stored."""

from __future__ import annotations

import sqlite3
from typing import cast, get_type_hints

from ..journal.journal import Journal
from ..journal.records import Row, UsageColumns
from .rows import describe

# columns that this program fills itself, so that they can always be written
_PLAIN = ("cell_id", "key", "problem_id", "tries", "seconds", "started_ms", "trace_id", *get_type_hints(UsageColumns))


def write_row(journal: Journal, row: Row) -> Row:
    """Write a row, or an error row in its place if its contents cannot be stored. Returns the row that was written.

    Raises:
        sqlite3.OperationalError: the disk is full, or the file cannot be written.
        sqlite3.DatabaseError: the file is damaged.
    """
    try:
        journal.write_row(row)
        return row
    except Exception as error:
        if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
            raise  # a fault of the file, not of this row
        failed = _without_contents(row, error)
    journal.write_row(failed)
    return failed


def _without_contents(row: Row, error: Exception) -> Row:
    kept = {name: value for name, value in row.items() if name in _PLAIN and isinstance(value, int | float | str | None)}
    failed = {"status": "error", "score": None, "error": f"the row cannot be written: {describe(error)}"}
    return cast(Row, kept | failed)
