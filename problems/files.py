"""Read rows of JSONL, JSON, CSV, TSV and Parquet files, each with its place for error messages. Start at `read_rows`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..foundation.commands import install
from ..foundation.lines import LONGEST_LINE, numbered_lines

Row = tuple[str, dict[str, Any]]
"""The place of a row, such as "line 3", and the row."""


_ONE_A_LINE = "write one object a line, or name a file that holds one JSON list .json"


class MalformedRow(ValueError):
    """A row that cannot be read. The message names file and line."""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file; its suffix determines the format.

    Raises:
        ValueError: the suffix is unknown.
        MalformedRow: a line is malformed.
        ImportError: Parquet needs pyarrow.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"problem file {str(path)!r}: unknown suffix; use one of {', '.join(READERS)}")
    try:
        yield from reader(path)
    except UnicodeDecodeError as error:
        raise MalformedRow(f"{path}: not UTF-8 ({error}); save the file as UTF-8") from error


def _jsonl(path: Path) -> Iterator[Row]:
    """Yield the objects of a JSON Lines file; empty lines are skipped."""
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:  # RecursionError: JSON nested thousands of levels deep
            raise MalformedRow(f"{path}, line {number}: not JSON ({error}); each line must be one JSON object") from error
        if not isinstance(row, dict):
            raise MalformedRow(f"{path}, line {number}: a {type(row).__name__} instead of a JSON object; {_ONE_A_LINE}")
        yield f"line {number}", row


def _json(path: Path) -> Iterator[Row]:
    """Yield the objects of a JSON list."""
    try:
        # -sig: Excel and some editors begin a file with a byte order mark.
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise MalformedRow(f"{path}: not JSON ({error})") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MalformedRow(f"{path}: must hold a list of JSON objects")
    yield from ((f"item {number}", row) for number, row in enumerate(rows, 1))


def _csv(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV or TSV file."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        csv.field_size_limit(LONGEST_LINE)  # process-wide; the default of 131,072 is too small
        reader = csv.DictReader(lines, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        try:
            for row in reader:
                # `DictReader` puts extra fields under None, and None into missing ones
                if None in row or None in row.values():
                    raise MalformedRow(
                        f"{path}, line {reader.line_num}: the number of fields differs from the header; "
                        "put quotation marks around fields that hold a separator or a line break"
                    )
                yield f"line {reader.line_num}", dict(row)
        except csv.Error as error:
            raise MalformedRow(f"{path}, line {reader.line_num}: {error}") from error


def _parquet(path: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file, batch by batch: the file may be larger than memory."""
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise ImportError(f"{path} needs pyarrow: {install('datasets')}") from error
    number = 0
    for batch in parquet.ParquetFile(path).iter_batches(batch_size=1024):
        for row in batch.to_pylist():
            number += 1
            yield f"row {number}", row


READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _jsonl,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
}
"""Reader by file suffix."""
