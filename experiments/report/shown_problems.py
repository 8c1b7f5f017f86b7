"""The problems of a report with the result of each condition, as its page lists them. The door is `shown_problems`."""

from __future__ import annotations

from typing import TypedDict

from ...problems import Problem
from ..journal.journal import Journal
from ..journal.records import Row
from .outcomes import cause
from .scores import Condition

SHOWN_CHARACTERS = 4_000
"""Maximum characters of a solution in the page. The journal has the full text."""

SHOWN_PROBLEMS = 2_000
"""Maximum number of problems in the page, so that browsers can open it. Tables and figures cover all problems."""


class ShownRow(TypedDict):
    """A condition's result for one problem, as the page shows it."""

    status: str
    cause: str
    answer: str | None
    steps: list[str]
    solution: str
    program_error: str
    """Why a program gave no value, "" if it did and for other solutions."""
    flags: list[str]
    verdict: dict[str, str | int | float | bool]
    error: str | None
    trace: str | None
    """Id of the trace in MLflow."""


class ShownProblem(TypedDict):
    """A problem as the page shows it, with the result of each condition by its id."""

    set: str
    id: str
    question: str
    reference: str | None
    rows: dict[str, ShownRow]


def shown_problems(journal: Journal, read: list[Condition]) -> tuple[list[ShownProblem], dict[str, dict[str, int]]]:
    """Return the problems with each condition's result (first seed only), and the number of problems by cause and condition."""
    shown: dict[tuple[str, str], ShownProblem] = {}
    causes: dict[str, dict[str, int]] = {}
    for condition in read:
        set_name = condition.cell["problems"]
        known = journal.problems(set_name)
        counts = causes.setdefault(name_among(condition, read), {})
        for number, cell_id in enumerate(condition.cell_ids):
            for row in journal.rows(cell_id, detail=True):
                why = cause(row, known[row["key"]].question if row["key"] in known else "")
                counts[why] = counts.get(why, 0) + 1
                here = (set_name, row["key"])
                # one limit for all conditions: a problem that is shown has the rows of every condition
                if number == 0 and row["key"] in known and (here in shown or len(shown) < SHOWN_PROBLEMS):
                    entry = shown.setdefault(here, _problem(set_name, known[row["key"]]))
                    entry["rows"][condition.cell["condition"]] = _shown_row(row, why)
    # "correct" first, then the causes as they came: the order of the bars
    return list(shown.values()), {
        name: dict(sorted(c.items(), key=lambda item: item[0] != "correct")) for name, c in causes.items()
    }


def _problem(set_name: str, problem: Problem) -> ShownProblem:
    return {"set": set_name, "id": problem.problem_id, "question": problem.question, "reference": problem.reference, "rows": {}}


def _shown_row(row: Row, why: str) -> ShownRow:
    detail = row["detail"]
    solution, program = detail.get("solution") or "", detail.get("program")
    return {
        "status": row["status"],
        "cause": why,
        "answer": row["answer"],
        "steps": detail.get("steps") or [],
        "solution": solution[:SHOWN_CHARACTERS] + (" [cut]" if len(solution) > SHOWN_CHARACTERS else ""),
        "program_error": program["error"] if program else "",
        "flags": [flag["kind"] for flag in detail.get("flags") or []],
        "verdict": {
            k: v for k, v in (detail.get("verdict") or {}).items() if isinstance(v, str | int | float | bool) and v != ""
        },
        "error": row["error"],
        "trace": row["trace_id"],
    }


def name_among(condition: Condition, read: list[Condition]) -> str:
    """Name a condition by its label, with student and problem set only if they differ between conditions."""
    parts = [condition.label]
    for field in ("student_label", "problems"):
        if len({other.cell[field] for other in read}) > 1:
            parts.append(condition.cell[field])
    return ", ".join(parts)
