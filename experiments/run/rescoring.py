"""Verify the stored solutions of an experiment again, without calling a model. The door is `rescore`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, cast

from ...graphs.methods import way_of
from ...nodes.state import CheckValues, VerdictValues
from ...nodes.verify import judged, line_asked
from ...problems import Problem
from ..journal.journal import Journal
from ..journal.records import CellValues, Row
from .rows import judge, strict

_KEPT = ("error", "waiting")


@dataclass
class Rescoring:
    """The result of verifying again.

    Attributes:
        rows: number of rows that were verified again.
        changed: number of rows whose status changed, by (old, new) status.
        overrides: trace id, new status and new verdict of each traced row that changed, for `tracking.override_verdicts`.
    """

    rows: int = 0
    changed: dict[tuple[str, str], int] = field(default_factory=dict)
    overrides: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)


def rescore(journal: Journal) -> Rescoring:
    """Verify every solution in a journal again and write the new verdicts.

    Errors, waiting rows, and rows of generated problem sets, which have a scorer of their own, are not changed.

    Args:
        journal: journal of the experiment, claimed by this process.
    """
    done = Rescoring()
    for cell in journal.cells():
        if str(cell["source"]).startswith("generated:"):
            continue
        problems = journal.problems(cell["problems"])
        rows = list(journal.rows(cell["id"], detail=True))
        fresh = [
            _verified(row, problems[row["key"]], cell, done)
            for row in rows
            if row["status"] not in _KEPT and row["key"] in problems
        ]
        # one transaction per cell, after the slow verification
        with journal.together():
            for row in fresh:
                journal.write_row(row)
    return done


def _verified(row: Row, problem: Problem, cell: CellValues, done: Rescoring) -> Row:
    from ...verification import as_verifier

    detail = row["detail"]
    # the parts of a graph's state that the verify node would read
    known = {"question": problem.question, "reference": problem.reference}
    state: Any = {"solution": detail.get("solution") or "", "solutions": [], **detail, **known}
    verdict, check = judged(state, as_verifier(None), asked=_line_asked(cell, state))
    status, score = judge(problem, {"status": verdict.status, "answer": verdict.answer}, None)
    done.rows += 1
    if status != row["status"]:
        pair = (row["status"], status)
        done.changed[pair] = done.changed.get(pair, 0) + 1
        if row["trace_id"]:
            done.overrides.append((row["trace_id"], status, asdict(verdict)))
    answer = None if verdict.answer is None else str(verdict.answer)[:500]
    found = cast(VerdictValues, asdict(verdict))
    fresh: Row = {"status": status, "score": score, "answer": answer, "strict": strict(found, status)}
    return {**row, **fresh, "detail": {**detail, "verdict": found, "check": cast(CheckValues, asdict(check))}}


def _line_asked(cell: CellValues, state: Any) -> bool:
    """Return whether a final line was asked for; True if the prompts or the method are unknown, as of imported traces."""
    texts, rung = cell.get("prompt_set", {}).get("texts"), state.get("rung") or ""
    way = way_of(cell["method"], cell["mode"], rung)
    return not texts or not (way or rung) or line_asked(way, texts, state)
