"""Read the scores of conditions by problem; seeds are averaged per problem before anything else. The door is `conditions`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...foundation.statuses import SCORED
from ..journal.journal import Journal
from ..journal.records import CellValues, Row, strict_of
from .labels import told_apart


@dataclass
class Condition:
    """The cells that differ only in their seed, and the sums over their rows.

    Attributes:
        cell: values of the first cell (`Cell.as_dict`).
        cell_ids: ids of the cells, one per seed.
        scores: mean score by problem key, for problems that are scored in at least one seed.
        strict: mean strict verdict by problem key; empty unless every scored row has one.
        leaking: keys of the problems whose steps contain the reference.
        taught: number of rows with steps.
        steps: number of steps by problem key.
        statuses: number of rows by status.
        sums: totals of tokens, cost, seconds and tries over all rows.
        unknown_cost: number of rows with an unknown cost.
        rows: number of rows.
        own_label: unique label of the condition, see `told_apart`.
        truncated: number of rows with a reply of teacher or student that was cut at the token limit.
        refused: number of rows whose plan the teacher refused or left empty.
        no_working: number of rows with an answer but no working.
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
        """The method with its options, unique among the conditions of the experiment."""
        return self.own_label or self.cell["label"]


BARE_WORDS = 6
"""A solution of at most so many words and numbers, without an equation, counts as no working: "It is 42 apples." """

_WORD = re.compile(r"[^\W_]+")
_SUMMED = (
    "tries", "teacher_calls", "teacher_input_tokens", "teacher_output_tokens", "student_calls", "student_input_tokens",
    "student_output_tokens", "unknown_tokens", "seconds",
)  # fmt: skip


def conditions(journal: Journal, cells: Collection[str] | None = None) -> list[Condition]:
    """Read the conditions of a journal in the order of their cells.

    Args:
        journal: journal of the experiment.
        cells: ids of the cells to read. Default: all.
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
        # the mean of some rows does not compare with the accuracy of all, as of a ladder with programs
        whole = all(len(strict.get(problem, [])) == len(values) for problem, values in scores.items())
        found[key].strict = _means(strict) if whole else {}
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
    # one unknown cost makes the total unknown, never 0
    condition.unknown_cost += None in costs
    condition.sums["cost_usd"] = condition.sums.get("cost_usd", 0) + sum(cost or 0 for cost in costs)
    # errors, timeouts and bad references say nothing about the student
    if row["status"] in SCORED:
        scores.setdefault(row["key"], []).append(float(row["status"] == "correct"))
        if (known := strict_of(row)) is not None:
            strict.setdefault(row["key"], []).append(float(known))
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
    # a program is working, however short
    working = row["detail"].get("program") or (check and check["equations"])
    bare = bool(solution) and not working and len(_WORD.findall(solution)) <= BARE_WORDS
    condition.no_working += row["answer"] is not None and bare


def _means(values: dict[str, list[float]]) -> dict[str, float]:
    return {key: sum(scores) / len(scores) for key, scores in values.items()}


def paired(a: Condition, b: Condition) -> tuple[list[str], list[float], list[float]]:
    """Return the keys of the problems that both conditions have scores for, the scores of a, and those of b."""
    keys = [key for key in a.scores if key in b.scores]
    return keys, [a.scores[key] for key in keys], [b.scores[key] for key in keys]
