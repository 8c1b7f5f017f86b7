"""Rows of an experiment for other programs: one a problem and combination, as CSV, Parquet, JSON lines or a data set."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..journal.journal import Journal
from ..journal.records import CellValues, Row

COLUMNS: dict[str, str] = {
    "experiment": "name of the experiment",
    "cell": "id of the combination: the same in every session",
    "condition": "id of the combination without its seed",
    "problems": "name of the problem set",
    "method": "method",
    "label": "method with its options, as tables show it",
    "teacher": "teacher, empty without one",
    "student": "student",
    "prompts": "prompt set",
    "mode": "how the student uses the teacher",
    "samples": "solutions per problem that vote",
    "seed": "seed",
    "problem_id": "id of the problem in its set",
    "question": "the problem",
    "reference": "the known answer",
    "domain": "subject of the problem",
    "metadata": "other columns of the problem set, JSON",
    "status": "correct, incorrect, no_answer, timeout, bad_reference, consistent, inconsistent, unchecked, waiting or error",
    "score": "from 0 to 1, empty where nothing is scored",
    "strict": "1 if right in the format that was asked for, 0 if not",
    "answer": "answer as extracted",
    "answer_source": "where the answer was found",
    "steps": "the steps that the student followed, a list",
    "solution": "what the student wrote",
    "flags": "kinds of flags of the steps, a list",
    "leaked": "1 if the reference stands in the steps",
    "agreement": "share of the samples that gave the winning answer",
    "arithmetic": "what the solution's own arithmetic says",
    "finish_reason": "why the student stopped, of all samples",
    "attempts": "of the student in the last run",
    "tries": "how often the problem was run, with retries after errors",
    "n_steps": "number of steps",
    "error": "what failed",
    "teacher_calls": "calls of the teacher",
    "teacher_input_tokens": "input tokens of the teacher",
    "teacher_output_tokens": "output tokens of the teacher",
    "student_calls": "calls of the student",
    "student_input_tokens": "input tokens of the student",
    "student_output_tokens": "output tokens of the student",
    "teacher_cost_usd": "USD, empty if unknown",
    "student_cost_usd": "USD, empty if unknown",
    "seconds": "time of the problem",
    "started_ms": "Unix time in milliseconds",
    "trace_id": "trace in MLflow, empty without tracking",
}
"""Columns of every export, in order, with what they mean."""

FORMATS = ("csv", "parquet", "jsonl", "hf")


def flat_rows(journal: Journal) -> Iterator[dict[str, Any]]:
    """Yield one plain dict for each row of each cell, with the keys of `COLUMNS`."""
    name = journal.get("name") or journal.path.stem
    for cell in journal.cells():
        problems = journal.problems(cell["problems"])
        for row in journal.rows(cell["id"], detail=True):
            values = {**_of_cell(cell), **_of_row(row), "experiment": name}
            if problem := problems.get(row["key"]):
                values |= {"question": problem.question, "reference": problem.reference, "domain": problem.domain}
                values["metadata"] = json.dumps(dict(problem.metadata), ensure_ascii=False, default=str)
            yield {column: values.get(column) for column in COLUMNS}


def _of_cell(cell: CellValues) -> dict[str, Any]:
    names = ("condition", "problems", "method", "label", "prompts", "mode", "samples", "seed")
    values: Mapping[str, Any] = cell
    kept = {name: values[name] for name in names}
    return kept | {"cell": cell["id"], "teacher": cell["teacher_label"], "student": cell["student_label"]}


def _of_row(row: Row) -> dict[str, Any]:
    detail = row["detail"]
    verdict, check = detail.get("verdict"), detail.get("check")
    return {
        **{name: value for name, value in row.items() if name != "detail"},
        "steps": detail.get("steps") or [],
        "solution": detail.get("solution"),
        "flags": [flag["kind"] for flag in detail.get("flags") or []],
        "answer_source": verdict["source"] if verdict else None,
        "arithmetic": check["summary"] if check else None,
    }


def export_rows(journal: Journal, path: Path, format: str) -> int:
    """Write the rows of an experiment; returns their number.

    Args:
        journal: of the experiment.
        path: file to write; for "hf" a folder that `datasets.load_from_disk` reads.
        format: one of `FORMATS`.

    Raises:
        ValueError: the format is unknown.
        ImportError: "hf" needs the package datasets.
        LookupError: there are no rows.
    """
    if format not in WRITERS:
        raise ValueError(f"format {format!r} is unknown; use one of {', '.join(FORMATS)}")
    rows = list(flat_rows(journal))
    if not rows:
        raise LookupError(f"{journal.path} has no rows yet: run the experiment first")
    WRITERS[format](rows, path)
    return len(rows)


def _csv(rows: list[dict[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        for row in rows:
            writer.writerow({name: json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for name, v in row.items()})


def _jsonl(rows: list[dict[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _parquet(rows: list[dict[str, Any]], path: Path) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow_table(rows), path)


def _hf(rows: list[dict[str, Any]], path: Path) -> None:
    from ...foundation.installing import install

    try:
        import datasets
    except ImportError as error:
        raise ImportError(f"the format hf needs the package datasets: {install('datasets')}") from error
    datasets.Dataset(arrow_table(rows)).save_to_disk(str(path))


def arrow_table(rows: list[dict[str, Any]]) -> Any:
    """Return rows as an Arrow table; a column's type does not depend on which rows there are."""
    import pyarrow

    from ..journal.records import columns_of

    kinds = {"integer": pyarrow.int64(), "real": pyarrow.float64(), "text": pyarrow.string()}
    known = {name: kinds[kind] for name, kind in {**columns_of(CellValues), **columns_of(Row)}.items()}
    known |= {name: pyarrow.list_(pyarrow.string()) for name in ("steps", "flags")}
    return pyarrow.Table.from_pylist(rows, pyarrow.schema([(name, known.get(name, pyarrow.string())) for name in COLUMNS]))


WRITERS: dict[str, Callable[[list[dict[str, Any]], Path], None]] = {
    "csv": _csv,
    "parquet": _parquet,
    "jsonl": _jsonl,
    "hf": _hf,
}
