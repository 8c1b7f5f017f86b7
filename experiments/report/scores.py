"""Scores of conditions by problem: seeds are averaged per problem before anything else is computed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...foundation.statuses import SCORED
from ..journal.journal import Journal
from ..journal.records import CellValues, Row
from .labels import told_apart


@dataclass
class Condition:
    """The cells that differ only in their seed, and their rows.

    Attributes:
        cell: the first cell's values (`Cell.as_dict`).
        cell_ids: one a seed.
        scores: mean score by problem key, of the problems that have a verdict in at least one seed.
        strict: the same for the strict verdict.
        statuses: number of rows by status.
        truncated: rows with a reply that ran into the token limit, of teacher or student.
        refused: rows whose plan the teacher refused or left empty.
        no_working: rows with an answer that stands alone.
        sums: totals of tokens, cost, seconds, tries over all rows.
    """

    cell: CellValues
    cell_ids: list[str] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)
    strict: dict[str, float] = field(default_factory=dict)
    leaking: set[str] = field(default_factory=set)
    taught: int = 0
    steps: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    unknown_cost: int = 0
    rows: int = 0
    own_label: str = ""
    truncated: int = 0
    refused: int = 0
    no_working: int = 0

    @property
    def label(self) -> str:
        """The method with what it adds, and what tells it apart from others of the same name."""
        return self.own_label or self.cell["label"]


BARE_WORDS = 6
"""Up to so many words and numbers, and without an equation, a solution is an answer and no working: "It is 42 apples." """

_WORD = re.compile(r"[^\W_]+")
_SUMMED = (
    "tries", "teacher_calls", "teacher_input_tokens", "teacher_output_tokens", "student_calls", "student_input_tokens",
    "student_output_tokens", "unknown_tokens", "seconds",
)  # fmt: skip


def conditions(journal: Journal, cells: Collection[str] | None = None) -> list[Condition]:
    """Read the conditions of a journal in the order of their cells.

    Args:
        journal: of the experiment.
        cells: ids of the cells to read; all unless given.
    """
    found: dict[str, Condition] = {}
    points: dict[str, tuple[dict[str, list[float]], dict[str, list[float]]]] = {}
    for cell in journal.cells():
        if cells is not None and cell["id"] not in cells:
            continue
        condition = found.setdefault(cell["condition"], Condition(cell))
        condition.cell_ids.append(cell["id"])
        scores, strict = points.setdefault(cell["condition"], ({}, {}))
        for row in journal.rows(cell["id"], detail=True):
            _add(condition, row, scores, strict)
    for key, (scores, strict) in points.items():
        found[key].scores = _means(scores)
        found[key].strict = _means(strict)
    known = list(found.values())
    for condition, label in zip(known, told_apart([condition.cell for condition in known]), strict=True):
        condition.own_label = label
    return known


def _add(condition: Condition, row: Row, scores: dict[str, list[float]], strict: dict[str, list[float]]) -> None:
    condition.rows += 1
    _count_faults(condition, row)
    condition.statuses[row["status"]] = condition.statuses.get(row["status"], 0) + 1
    numbers: Mapping[str, Any] = row
    for name in _SUMMED:
        condition.sums[name] = condition.sums.get(name, 0) + (numbers[name] or 0)
    costs = (row["teacher_cost_usd"], row["student_cost_usd"])
    condition.unknown_cost += None in costs
    condition.sums["cost_usd"] = condition.sums.get("cost_usd", 0) + sum(cost or 0 for cost in costs)
    if row["status"] in SCORED:
        scores.setdefault(row["key"], []).append(float(row["status"] == "correct"))
        if row["strict"] is not None:
            strict.setdefault(row["key"], []).append(float(row["strict"]))
    if row["leaked"] is not None:
        condition.taught += 1
        if row["leaked"]:
            condition.leaking.add(row["key"])
    if row["n_steps"] is not None:
        condition.steps[row["key"]] = row["n_steps"]


def _count_faults(condition: Condition, row: Row) -> None:
    flags = {flag["kind"] for flag in row["detail"].get("flags") or []}
    condition.truncated += "truncated" in flags or "length" in (row["finish_reason"] or "")
    condition.refused += bool(flags & {"refusal", "empty"})
    solution = row["detail"].get("solution") or ""
    check = row["detail"].get("check")
    bare = bool(solution) and not (check and check["equations"]) and len(_WORD.findall(solution)) <= BARE_WORDS
    condition.no_working += row["answer"] is not None and bare


def _means(values: dict[str, list[float]]) -> dict[str, float]:
    return {key: sum(scores) / len(scores) for key, scores in values.items()}


def paired(a: Condition, b: Condition) -> tuple[list[str], list[float], list[float]]:
    """Return the keys of the problems that both have a score for, and the scores."""
    keys = [key for key in a.scores if key in b.scores]
    return keys, [a.scores[key] for key in keys], [b.scores[key] for key in keys]
