"""Import the traces that the authors of the paper released, verified by our verifier. The door is `import_traces`."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...nodes.asking.driver import Reply as Said
from ...nodes.flags import find_flags
from ...nodes.steps import parse_steps
from ...problems import Problem, ProblemSet
from ...problems.formats import final_answer
from ..design.cells import Cell
from ..design.config import ModelConfig
from ..journal.journal import Journal
from ..journal.records import Reply, Row
from ..journal.tables import now_ms
from ..run.model_pool import model_key
from ..run.rows import solved_row

_NAME = re.compile(r"sot-(?P<teacher>[^-]+)-(?P<student>[^-]+)-(?P<dataset>[^-]+)-")
_NAMES = {
    "gpt4": "gpt-4-0613",
    "gpt35": "gpt-3.5-turbo",
    "llama38b": "llama-3-8b",
    "llama27bchat": "llama-2-7b-chat",
    "zephyr": "zephyr-7b",
    "wizardmath7b": "wizardmath-7b",
}
"""Official names of the models by their names in the file names."""


def import_traces(files: list[Path], journal: Journal) -> list[Cell]:
    """Import released trace files into a journal, one cell per file. Importing a file again replaces its rows.

    Args:
        files: CSV files without a header. Column 0 is JSON with the question, the known answer, and the texts and token counts
            of the teacher's delegation and the student's answer. The file name gives teacher, student and data set.
        journal: the journal, claimed by this process.

    Returns:
        The cells.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file name or a row is malformed; the message says which.
    """
    # all files are read before anything is written, so that a malformed one leaves the journal as it was
    read = [(cell_of(file), list(read_traces(file))) for file in files]
    session = journal.start_session()
    for cell, traces in read:
        _import(cell, traces, journal)
    journal.end_session(session, len(read), "finished")
    return [cell for cell, _ in read]


def _import(cell: Cell, traces: list[dict[str, Any]], journal: Journal) -> None:
    problems = ProblemSet(
        {problem.key: problem for problem in map(_problem, traces)}.values(), name=cell.problems, source="released traces"
    )
    digest = journal.get(f"digest of {problems.name}")
    # files of one data set may hold parts of it: the larger set stays
    if digest is None or len(journal.problems(problems.name)) < len(problems):
        journal.add_problems(problems, {"digest": problems.digest})
        journal.set(f"digest of {problems.name}", problems.digest)
    journal.add_cell(cell.as_dict(), {})
    # verification is slow, so it is kept out of the transaction
    rows = [_row(cell, trace) for trace in traces]
    with journal.together():
        for row, trace in zip(rows, traces, strict=True):
            journal.write_row(row)
            journal.add_reply(_reply(cell, row["key"], trace))


def cell_of(file: Path) -> Cell:
    """Return the cell that a trace file's name describes.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the name is not of the form "sot-TEACHER-STUDENT-DATASET-DATE-traces.csv".
    """
    if not file.is_file():
        raise FileNotFoundError(f"no trace file {str(file)!r}")
    found = _NAME.match(file.name)
    if found is None:
        raise ValueError(f"{file}: the name must be like sot-TEACHER-STUDENT-DATASET-DATE-traces.csv")
    teacher, student = (_NAMES.get(found[role], found[role]) for role in ("teacher", "student"))
    return Cell(
        problems=f"{found['dataset']} (released)",
        source="released traces",
        method="trace_of_thought",
        teacher=ModelConfig(model=f"released:{teacher}", name=teacher),
        student=ModelConfig(model=f"released:{student}", name=student),
        # traces hold filled-in prompts and no prompt set; a fixed name stands for it
        prompts="released",
        prompts_hash="released",
    )


def read_traces(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the traces of a file as parsed JSON.

    Raises:
        ValueError: a row is malformed; the message names it.
    """
    # a trace is one field, and may exceed the default limit of 128 KiB
    csv.field_size_limit(sys.maxsize)
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.reader(lines), 1):
            try:
                trace = json.loads(row[0])
                for part in ("delegation", "answer"):
                    if not isinstance(trace[part]["output_text"], str):
                        raise TypeError(f"{part}.output_text is not a text")
                _problem(trace)
            except (ValueError, KeyError, IndexError, TypeError) as error:
                raise ValueError(f"{file}, row {number}: not a trace ({type(error).__name__}: {error})") from error
            yield trace


def _problem(trace: dict[str, Any]) -> Problem:
    question = str(trace["dataset_question"]).strip()
    return Problem(
        question=question, problem_id=" ".join(question.split())[:60], reference=final_answer(str(trace["dataset_answer"]))
    )


def _row(cell: Cell, trace: dict[str, Any]) -> Row:
    from ...verification import check_solution, verify_answer

    problem, solution = _problem(trace), trace["answer"]["output_text"]
    said = trace["delegation"]["output_text"]
    steps = parse_steps(said)
    known = {"question": problem.question, "reference": problem.reference}
    verdict = verify_answer(solution, problem.reference, question=problem.question)
    output = {
        "status": verdict.status,
        "answer": verdict.answer,
        "steps": steps,
        "solution": solution,
        "flags": find_flags(Said(said), steps, known),  # type: ignore[arg-type]
        "verdict": asdict(verdict),
        "check": asdict(check_solution(solution, steps=steps)),
        "usage": {"teacher": _usage(trace["delegation"]), "student": _usage(trace["answer"])},
    }
    row = solved_row(problem, output, {}, None)
    known_too: Row = {**row, "cell_id": cell.id, "key": problem.key, "problem_id": problem.problem_id}
    return {**known_too, "tries": 1, "started_ms": now_ms()}


def _reply(cell: Cell, key: str, trace: dict[str, Any]) -> Reply:
    """Return the teacher's reply. Its key is unique to the file, since the authors asked the teacher anew for each student."""
    assert cell.teacher is not None
    said, usage = trace["delegation"], _usage(trace["delegation"])
    return {
        "teacher": model_key(cell.teacher),
        "prompt_key": f"{cell.id}-{key}",
        "set_name": cell.problems,
        "question": _problem(trace).question,
        "prompt": said.get("input_text"),
        "text": said["output_text"],
        "input_tokens": usage["input_tokens"],
        "output_tokens": usage["output_tokens"],
        "model_name": cell.teacher.label,
        "created_ms": now_ms(),
    }


def _usage(part: dict[str, Any]) -> dict[str, int]:
    counts = [part.get("input_count"), part.get("output_count")]
    used, made = (count if isinstance(count, int) else 0 for count in counts)
    return {"calls": 1, "input_tokens": used, "output_tokens": made, "unknown": int(None in counts)}
