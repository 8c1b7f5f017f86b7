"""Choose a signal for asking the teacher on one half of the problems, and evaluate it on the other half: `calibrate`.

No model is called. A policy is simulated from the rows of two cells: where its signal applies, it takes the row of the cell
that asks the teacher more, otherwise that of the cell that asks less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ....foundation.statuses import SCORED
from ....nodes.signals import DOUBT, Condition as Signals, read_condition
from ...inference.intervals import Interval
from ...inference.paired import Comparison, compare
from ...journal.journal import Journal
from ...journal.records import Row
from ..scores import Condition
from .points import above_mixing

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_FIXED = (
    "no_answer",
    "program_failed",
    "wrong_arithmetic",
    "no_answer or program_failed",
    "no_answer or wrong_arithmetic",
    "no_answer or program_failed or wrong_arithmetic or truncated",
    "no_majority",
    DOUBT,  # after the simple ones, which win where they are as good
)
POLICIES = (*_FIXED, *(f"{name}<{value:g}" for name in ("agreement", "probability") for value in THRESHOLDS))
"""The signals to choose from. None uses the reference, so each can be used in production."""


@dataclass(frozen=True)
class Policy:
    """The result of asking the teacher when a signal applies.

    Attributes:
        signal: the signal, as written in a ladder.
        asked: share of the problems (0 to 1) on which the teacher is asked.
        output_tokens: output tokens of the teacher per problem, averaged over all problems.
        found: the policy compared with never asking, on the same problems.
        above: accuracy minus that of asking equally often at random, with its 95 % interval.
        p: two-sided p-value of `above`.
    """

    signal: str
    asked: float
    output_tokens: float
    found: Comparison
    above: Interval
    p: float


@dataclass(frozen=True)
class Calibration:
    """The chosen signal on the half that it was chosen on, and on the other half, which gives the unbiased result."""

    chosen_on: Policy
    judged_on: Policy


def calibrate(journal: Journal, less: Condition, more: Condition, *, max_output_tokens: float | None = None) -> Calibration:
    """Choose the signal that gains most over random asking on one half of the problems, and evaluate it on the other.

    Args:
        journal: journal of the experiment.
        less: the condition that asks the teacher less, such as the student alone.
        more: the condition that asks more, such as the same student with a plan, or the teacher alone.
        max_output_tokens: maximum output tokens of the teacher per problem, on the half that chooses.

    Raises:
        ValueError: the two conditions have too few problems in common, or no signal keeps to the limit.
    """
    before, after = _rows(journal, less), _rows(journal, more)
    keys = [key for key in before if key in after]
    halves: tuple[list[str], list[str]] = ([], [])
    for key in keys:
        # by hash: the halves are the same for every pair of conditions and in every session
        halves[sha256(key.encode()).digest()[0] % 2].append(key)
    if min(map(len, halves)) < 10:
        raise ValueError(f"{len(keys)} problems in common are too few to choose on half and judge on half; run 40 or more")
    # the best of many looks better than it is, which is why the other half judges
    tried = [p for name in POLICIES if (p := _policy(name, before, after, halves[0])) is not None]
    fit = [p for p in tried if max_output_tokens is None or p.output_tokens <= max_output_tokens]
    if not fit:
        raise ValueError(f"no signal asks for {max_output_tokens:g} output tokens a problem or less; allow more")
    best = max(fit, key=lambda policy: policy.above.value)
    judged = _policy(best.signal, before, after, halves[1])
    assert judged is not None
    return Calibration(best, judged)


def calibration_cells(made: Calibration) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table of a calibration: first the half that chose, then the half that judges."""
    header = ["half", "ask if", "n", "asked", "teacher tokens out", "points (95 %)", "above random asking (95 %)", "p"]
    halves = (("chosen on", made.chosen_on), ("judged on", made.judged_on))
    return header, [[name, *_cells(policy)] for name, policy in halves]


def _cells(policy: Policy) -> list[str]:
    return [
        policy.signal,
        str(policy.found.n),
        f"{100 * policy.asked:.1f} %",
        f"{policy.output_tokens:.1f}",
        _points(policy.found.difference),
        _points(policy.above),
        f"{policy.p:.3f}",
    ]


def _points(found: Interval) -> str:
    return f"{100 * found.value:+.1f} ({100 * (found.low or 0):+.1f} to {100 * (found.high or 0):+.1f})"


def condition_named(found: Sequence[Condition], text: str) -> Condition:
    """Return the condition whose label equals a text, else the one whose student and label contain it.

    Raises:
        LookupError: no condition fits, or several; the message lists them.
    """
    fits = [c for c in found if c.label == text] or [c for c in found if text in f"{c.cell['student_label']} {c.label}"]
    if len(fits) != 1:
        listed = "; ".join(f"{c.cell['student_label']} {c.label}" for c in fits or found)
        raise LookupError(f"{text!r} names {len(fits) or 'no'} combinations, not one; give more of the label: {listed}")
    return fits[0]


def policy_of(journal: Journal, less: Condition, more: Condition, signal: str) -> Policy:
    """Evaluate a given signal on all problems that both conditions have. Arguments are as for `calibrate`.

    Raises:
        ValueError: the signal cannot be computed from these rows, or there are no problems in common.
    """
    before, after = _rows(journal, less), _rows(journal, more)
    found = _policy(signal, before, after, [key for key in before if key in after])
    if found is None:
        raise ValueError(f"the signal {signal!r} cannot be told from the rows of {less.label}, or no problem is in both")
    return found


def _rows(journal: Journal, condition: Condition) -> dict[str, Row]:
    """Return one row of each problem that has a score, from the first seed that gives it one."""
    found: dict[str, Row] = {}
    for cell_id in condition.cell_ids:
        for row in journal.rows(cell_id, detail=True):
            if row["status"] in SCORED:
                found.setdefault(row["key"], row)
    return found


def _policy(signal: str, before: Mapping[str, Row], after: Mapping[str, Row], keys: Sequence[str]) -> Policy | None:
    condition = read_condition(signal)
    try:
        asked = {key: bool(_doubted(condition, before[key])) for key in keys}
    except ValueError:  # no probabilities in these rows
        return None
    if not keys:
        return None
    alone, helped = ([_score(rows[key]) for key in keys] for rows in (before, after))
    mixed = [more if asked[key] else less for key, less, more in zip(keys, alone, helped, strict=True)]
    share = sum(asked.values()) / len(keys)
    above, p = above_mixing(mixed, alone, helped, share)
    tokens = sum(_teacher_output(after[key]) for key in keys if asked[key]) / len(keys)
    return Policy(signal, share, tokens, compare(alone, mixed), above, p)


def _doubted(condition: Signals, row: Row) -> str:
    detail: Mapping[str, Any] = row["detail"]
    # imported rows have no samples: the row itself serves as the only one
    solutions = detail.get("solutions") or [{"answer": row["answer"], "finish_reason": row["finish_reason"]}]
    state: Any = {
        "solutions": solutions,
        "solution": detail.get("solution") or "",
        "program": detail.get("program"),
        "agreement": 1.0 if row["agreement"] is None else row["agreement"],
        "steps": detail.get("steps") or [],
    }
    return condition.reason(state)


def _score(row: Row) -> float:
    return float(row["status"] == "correct")


def _teacher_output(row: Row) -> float:
    """Return the output tokens of the teacher. In a cell of the teacher alone it is the student, so they are counted there."""
    return float(row["teacher_output_tokens"] or row["student_output_tokens"])
