"""Export rows, one per problem and combination, as CSV, Parquet, JSON Lines or a data set. The door is `export_rows`."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypedDict, cast, get_type_hints

from ..journal.journal import Journal
from ..journal.records import CellValues, Row, strict_of

_STATUSES = "correct, incorrect, no_answer, timeout, bad_reference, consistent, inconsistent, unchecked, waiting or error"

Text = str | None
Number = float | None
Count = int | None


class FlatRow(TypedDict, total=False):
    """One problem of one combination. It defines the columns of every export: their order, types and meaning."""

    experiment: Annotated[Text, "name of the experiment"]
    cell: Annotated[Text, "id of the combination: the same in every session"]
    condition: Annotated[Text, "id of the combination without its seed"]
    problems: Annotated[Text, "name of the problem set"]
    method: Annotated[Text, "method"]
    label: Annotated[Text, "method with its options, as tables show it"]
    teacher: Annotated[Text, "teacher, empty without one"]
    student: Annotated[Text, "student"]
    prompts: Annotated[Text, "prompt set"]
    mode: Annotated[Text, "how the student uses the teacher"]
    samples: Annotated[Count, "solutions per problem that vote"]
    shots: Annotated[Count, "few-shot examples"]
    seed: Annotated[Count, "seed"]
    problem_id: Annotated[Text, "id of the problem in its set"]
    question: Annotated[Text, "the problem"]
    reference: Annotated[Text, "the known answer"]
    domain: Annotated[Text, "subject of the problem"]
    metadata: Annotated[Text, "other columns of the problem set, JSON"]
    status: Annotated[Text, _STATUSES]
    score: Annotated[Number, "from 0 to 1, empty where nothing is scored"]
    strict: Annotated[Count, "1 if right in the format that was asked for, 0 if not, empty where none was asked for"]
    answer: Annotated[Text, "answer as extracted"]
    answer_source: Annotated[Text, "where in the solution the answer was found, empty for a program"]
    steps: Annotated[list[str], "the steps that the student followed, a list"]
    solution: Annotated[Text, "what the student wrote"]
    program_error: Annotated[Text, "why the student's program gave no value"]
    rung: Annotated[Text, "rung of a ladder that answered"]
    escalations: Annotated[list[str], "rungs of a ladder that were climbed, each with its reason, a list"]
    flags: Annotated[list[str], "kinds of flags of the steps, a list"]
    leaked: Annotated[Count, "1 if the reference stands in the steps"]
    agreement: Annotated[Number, "share of the samples that gave the winning answer"]
    arithmetic: Annotated[Text, "what the solution's own arithmetic says"]
    finish_reason: Annotated[Text, "why the student stopped, of all samples"]
    attempts: Annotated[Count, "attempts of the student in the last run"]
    tries: Annotated[Count, "how often the problem was run, with retries after errors"]
    n_steps: Annotated[Count, "number of steps"]
    error: Annotated[Text, "what failed"]
    teacher_calls: Annotated[Count, "calls of the teacher"]
    teacher_input_tokens: Annotated[Count, "input tokens of the teacher"]
    teacher_output_tokens: Annotated[Count, "output tokens of the teacher"]
    student_calls: Annotated[Count, "calls of the student"]
    student_input_tokens: Annotated[Count, "input tokens of the student"]
    student_output_tokens: Annotated[Count, "output tokens of the student"]
    teacher_cost_usd: Annotated[Number, "USD, empty if unknown"]
    student_cost_usd: Annotated[Number, "USD, empty if unknown"]
    seconds: Annotated[Number, "time of the problem"]
    started_ms: Annotated[Count, "Unix time in milliseconds"]
    trace_id: Annotated[Text, "trace in MLflow, empty without tracking"]


_HINTS = get_type_hints(FlatRow, include_extras=True)
COLUMNS: dict[str, str] = {name: hint.__metadata__[0] for name, hint in _HINTS.items()}
"""Columns of every export, in order, with their meaning."""

FORMATS = ("csv", "parquet", "jsonl", "hf")


def flat_rows(journal: Journal) -> Iterator[FlatRow]:
    """Yield one plain row for each problem of each cell, with all of `COLUMNS`."""
    name = journal.get("name") or journal.path.stem
    for cell in journal.cells():
        problems = journal.problems(cell["problems"])
        for row in journal.rows(cell["id"], detail=True):
            values: FlatRow = {**_of_cell(cell), **_of_row(row), "experiment": name}
            if problem := problems.get(row["key"]):
                values["question"], values["reference"] = problem.question, problem.reference
                values["domain"] = problem.domain
                values["metadata"] = json.dumps(dict(problem.metadata), ensure_ascii=False, default=str)
            # every row has all columns in the same order, also for a problem that is no longer in its set
            yield cast(FlatRow, {column: values.get(column) for column in COLUMNS})


def _of_cell(cell: CellValues) -> FlatRow:
    return {
        "cell": cell["id"],
        "condition": cell["condition"],
        "problems": cell["problems"],
        "method": cell["method"],
        "label": cell["label"],
        "teacher": cell["teacher_label"],
        "student": cell["student_label"],
        "prompts": cell["prompts"],
        "mode": cell["mode"],
        "samples": cell["samples"],
        "shots": cell.get("shots", 0),
        "seed": cell["seed"],
    }


def _of_row(row: Row) -> FlatRow:
    detail = row["detail"]
    verdict, check, program = detail.get("verdict"), detail.get("check"), detail.get("program")
    # most columns have the same name in the journal; the rest come from `detail`
    kept = cast(FlatRow, {name: value for name, value in row.items() if name in COLUMNS})
    return {
        **kept,
        "strict": strict_of(row),
        "steps": detail.get("steps") or [],
        "solution": detail.get("solution"),
        "program_error": program["error"] if program else None,
        "rung": detail.get("rung"),
        "escalations": [f"{step['rung']}: {step['reason']}" for step in detail.get("escalations") or []],
        "flags": [flag["kind"] for flag in detail.get("flags") or []],
        "answer_source": verdict["source"] if verdict else None,
        "arithmetic": check["summary"] if check else None,
    }


def export_rows(journal: Journal, path: Path, format: str) -> int:
    """Write the rows of an experiment and return their number.

    Args:
        journal: journal of the experiment.
        path: file to write; for "hf" a folder for `datasets.load_from_disk`.
        format: one of `FORMATS`.

    Raises:
        ValueError: the format is unknown.
        ImportError: "hf" needs the package datasets.
        LookupError: there are no rows.
        OSError: the file cannot be written.
    """
    if format not in WRITERS:
        raise ValueError(f"format {format!r} is unknown; use one of {', '.join(FORMATS)}")
    rows = list(flat_rows(journal))
    if not rows:
        raise LookupError(f"{journal.path} has no rows yet: run the experiment first")
    WRITERS[format](rows, path)
    return len(rows)


def _csv(rows: list[FlatRow], path: Path) -> None:
    # the csv module writes its own line ends
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in row.items()})


_FORMULA = re.compile(r"\s*(?:[=@＝＠]|[-+＋－].*(?:[A-Za-z]\w*\(|[|!]))", re.S)
"""Text that a spreadsheet may run as a formula: "=...", "@...", "-2+cmd|...", "+HYPERLINK(...)". A number, "-2", is not one."""


def _cell(value: Any) -> Any:
    """Return a value for CSV. Text that a spreadsheet would run as a formula is prefixed with an apostrophe."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and _FORMULA.match(text) else text


def _jsonl(rows: list[FlatRow], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _parquet(rows: list[FlatRow], path: Path) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow_table(rows), path)


def _hf(rows: list[FlatRow], path: Path) -> None:
    from ...foundation.commands import install

    try:
        import datasets
    except ImportError as error:
        raise ImportError(f"the format hf needs the package datasets: {install('datasets')}") from error
    datasets.Dataset(arrow_table(rows)).save_to_disk(str(path))


def arrow_table(rows: list[FlatRow]) -> Any:
    """Return rows as an Arrow table."""
    import pyarrow

    # types come from `FlatRow`: inferred ones would differ between experiments wherever a column is empty
    kinds: dict[Any, Any] = {
        Text: pyarrow.string(),
        Count: pyarrow.int64(),
        Number: pyarrow.float64(),
        list[str]: pyarrow.list_(pyarrow.string()),
    }
    schema = pyarrow.schema([(name, kinds[hint.__origin__]) for name, hint in _HINTS.items()])
    return pyarrow.Table.from_pylist(rows, schema)


WRITERS: dict[str, Callable[[list[FlatRow], Path], None]] = {
    "csv": _csv,
    "parquet": _parquet,
    "jsonl": _jsonl,
    "hf": _hf,
}
