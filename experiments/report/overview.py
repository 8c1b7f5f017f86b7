"""Look into experiments: the overview of `tot list`, and the cells, rows and prompts that `tot show` finds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Literal, TypedDict

from ...graphs.methods import way_of
from ...nodes.solving.rebuilding import prompts_asked
from ...prompts import PromptSet
from ..inference.paired import compare
from ..journal.database_layout import experiment_in
from ..journal.journal import Journal
from ..journal.records import CellValues, Row
from .labels import told_apart
from .scores import Condition, conditions, paired
from .summary import base_pairs

State = Literal["running", "finished", "needs review", "incomplete", "empty"]
Wanted = Literal["failed", "flipped", "no_answer"]


class Lift(TypedDict):
    """The largest difference in accuracy to a base on the same problems, with its 95 % interval, and the labels of both."""

    difference: float
    low: float | None
    high: float | None
    by: str
    over: str


class Overview(TypedDict):
    """One experiment in a list.

    `last_ms` is Unix time in milliseconds. `missing`, `failed` and `waiting` (for a review) count solutions: a problem counts
    once for each of its cells. `lift` is None if nothing is compared.
    """

    name: str
    last_ms: int | None
    cells: int
    problems: int
    solutions: int
    """Number of problems of all cells together."""
    state: State
    missing: int
    failed: int
    waiting: int
    lift: Lift | None
    tags: dict[str, str]


def overview(journal: Journal) -> Overview:
    """Return the overview of an experiment."""
    cells, sessions = journal.cells(), journal.sessions()
    sizes = {cell["problems"]: journal.count_problems(cell["problems"]) for cell in cells}
    left = [journal.unfinished(cell) for cell in cells]
    missing, failed, waiting = (sum(counts[place] for counts in left) for place in range(3))
    return {
        "name": journal.get("name") or experiment_in(journal.path),
        "last_ms": (sessions[-1]["ended_ms"] or sessions[-1]["started_ms"]) if sessions else None,
        "cells": len(cells),
        "problems": sum(sizes.values()),
        "solutions": sum(sizes[cell["problems"]] for cell in cells),
        "state": _state(journal, sum(sizes.values()), missing + failed, waiting),
        "missing": missing,
        "failed": failed,
        "waiting": waiting,
        "lift": best_lift(conditions(journal)),
        "tags": journal.tags,
    }


def _state(journal: Journal, expected: int, left: int, waiting: int) -> State:
    # the lock tells: a killed run leaves a session without an end
    if journal.busy:
        return "running"
    return "empty" if not expected else "incomplete" if left else "needs review" if waiting else "finished"


def best_lift(found: list[Condition]) -> Lift | None:
    """Return the largest difference in accuracy to a base; None if nothing is compared."""
    best: tuple[float, Condition, Condition] | None = None
    for base, other in base_pairs(found):
        keys, before, after = paired(base, other)
        difference = (sum(after) - sum(before)) / len(keys) if keys else None
        if difference is not None and (best is None or difference > best[0]):
            best = difference, base, other
    if best is None:
        return None
    # only the best one, since intervals take time
    interval = compare(*paired(*best[1:])[1:]).difference
    return {
        "difference": interval.value,
        "low": interval.low,
        "high": interval.high,
        "by": best[2].label,
        "over": best[1].label,
    }


def choose_cells(journal: Journal, wanted: str) -> list[CellValues]:
    """Find cells by id, condition or label, or by a part of their full name.

    Args:
        journal: journal of the experiment.
        wanted: the name. "" means all cells.

    Returns:
        The cells that equal the name, else those whose full name contains it. Their labels are unique, as in the tables.

    Raises:
        LookupError: no cell fits; the message lists the known ones.
    """
    stored = journal.cells()
    cells: list[CellValues] = [{**cell, "label": label} for cell, label in zip(stored, told_apart(stored), strict=True)]
    # an exact match first: "standard" is also part of longer labels
    exact = [cell for cell, was in zip(cells, stored, strict=True) if wanted in _names(cell, was["label"])]
    chosen = exact or [cell for cell in cells if wanted in full_name(cell)]
    if not chosen:
        names = list(dict.fromkeys(map(full_name, cells)))
        near = get_close_matches(wanted, names, n=1, cutoff=0.2) or names[:1] or ["none"]
        name = journal.get("name") or journal.path.stem
        raise LookupError(f"{name!r} has no combination {wanted!r}; near: {near[0]!r}; it has {'; '.join(names)}")
    return chosen


def _names(cell: CellValues, label: str) -> tuple[str, ...]:
    return cell["id"], cell["condition"], cell["label"], label


def full_name(cell: CellValues) -> str:
    """Return student, label, problem set and seed of a cell as one name."""
    seed = f" (seed {cell['seed']})" if cell["seed"] else ""
    return f"{cell['student_label']} {cell['label']} on {cell['problems']}{seed}"


def choose_rows(journal: Journal, cell: CellValues, wanted: Sequence[Wanted] = ()) -> list[Row]:
    """Return the rows of a cell that fit any of the wanted kinds, or all rows if none is given.

    Args:
        journal: journal of the experiment.
        cell: the cell.
        wanted: "failed" (wrong, no answer, timeout or error), "no_answer", or "flipped" (scored differently from the base).
    """
    rows = list(journal.rows(cell["id"]))
    if not wanted:
        return rows
    flipped = _flipped(journal, cell) if "flipped" in wanted else set()
    tests = {
        "failed": lambda row: row["status"] in ("incorrect", "no_answer", "error", "timeout"),
        "no_answer": lambda row: row["status"] == "no_answer",
        "flipped": lambda row: row["key"] in flipped,
    }
    return [row for row in rows if any(tests[name](row) for name in wanted)]


def has_base(journal: Journal, cell: CellValues) -> bool:
    """Return whether a cell is compared with another one, its base."""
    return _pair(journal, cell) is not None


def _flipped(journal: Journal, cell: CellValues) -> set[str]:
    pair = _pair(journal, cell)
    return {key for key, x, y in zip(*paired(*pair), strict=True) if x != y} if pair else set()


def _pair(journal: Journal, cell: CellValues) -> tuple[Condition, Condition] | None:
    pairs = base_pairs(conditions(journal))
    return next((pair for pair in pairs if pair[1].cell["condition"] == cell["condition"]), None)


def find_row(rows: Sequence[Row], problem: str) -> int:
    """Return the index of a problem in rows, found by its id, its key or its number from 1.

    Raises:
        LookupError: no row fits; the message names a similar id.
    """
    for place, row in enumerate(rows):
        if problem in (row["problem_id"], row["key"]):
            return place
    # ids first, since those of many sets are numbers themselves
    if problem.isdecimal() and 1 <= int(problem) <= len(rows):
        return int(problem) - 1
    near = get_close_matches(problem, [row["problem_id"] for row in rows], n=1)
    which = f"near: {near[0]!r}" if near else f"give an id, or a number from 1 to {len(rows)}"
    raise LookupError(f"no problem {problem!r} among these {len(rows)}" + (f"; {which}" if rows else ""))


def teacher_reply(journal: Journal, cell: CellValues, question: str) -> Any:
    """Return the stored reply of the cell's teacher to a question, with its prompt; None if there is none."""
    # replies of `self` are stored under the student's name
    label = cell["teacher_label"] if cell["teacher_label"] != "self" else cell["student_label"]
    found = [reply for reply in journal.replies() if reply["question"] == question]
    # `model_key` without its hash
    return next((reply for reply in found if reply["teacher"].rpartition("-")[0] == label), None)


def student_prompts(cell: CellValues, row: Row, question: str) -> list[str]:
    """Return the prompts of the student's first solution.

    They are rebuilt from the prompt set. The list is empty for imported traces, for methods that are not registered here, and
    if the teacher gave the answer.
    """
    texts, solutions = cell.get("prompt_set", {}).get("texts"), row["detail"].get("solutions")
    way = way_of(cell["method"], cell["mode"], row["detail"].get("rung") or "")
    if not texts or not solutions or way is None:
        return []
    prompts = PromptSet(cell["prompts"], "", texts)
    state: Any = {"question": question, "steps": row["detail"].get("steps"), "hint": row["detail"].get("hint", "")}
    return prompts_asked(way, prompts, state, solutions[0])


def settings(cell: CellValues) -> str:
    """Return the main options of a cell in one line."""
    shown = {name: cell.get(name) for name in ("mode", "samples", "seed", "max_attempts", "prompts")}
    return ", ".join(f"{name} {value}" for name, value in shown.items()) + f", student {json.dumps(cell['student'])}"
