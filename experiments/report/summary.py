"""Summarise an experiment: `summarise` for the results of each condition, `comparisons` for comparisons with their bases."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ...graphs.methods import CONTROLS, is_ladder, rung_names
from ..inference.intervals import holm, wilson
from ..inference.paired import Comparison, compare
from ..journal.journal import Journal
from .measures import ComparisonSummary, ConditionSummary
from .scores import Condition, conditions, paired

BASES = ("chain_of_thought", "standard", "plan_and_solve")
"""Methods that others are compared with. The first one that an experiment has is its base."""


def summarise(journal: Journal, cells: Collection[str] | None = None) -> list[ConditionSummary]:
    """Return the results of each condition, in the order of the cells.

    Args:
        journal: journal of the experiment.
        cells: ids of the cells to read. Default: all.
    """
    return [summarise_condition(condition) for condition in conditions(journal, cells)]


def summarise_condition(condition: Condition) -> ConditionSummary:
    """Return the results of a condition."""
    cell, sums, scores = condition.cell, condition.sums, condition.scores
    accuracy = wilson(sum(scores.values()), len(scores))
    clean = {key: score for key, score in scores.items() if key not in condition.leaking}
    tokens = {
        role: int(sums.get(f"{role}_input_tokens", 0) + sums.get(f"{role}_output_tokens", 0)) for role in ("teacher", "student")
    }
    solved, unknown = condition.statuses.get("correct", 0), int(sums.get("unknown_tokens", 0))
    answered = condition.rows - condition.statuses.get("error", 0)
    # 0 means that it was not measured, as in imported traces
    seconds = sums.get("seconds") or None
    cost = None if condition.unknown_cost else sums.get("cost_usd", 0.0)
    return {
        "condition": cell["condition"],
        "label": condition.label,
        "method": cell["method"],
        "problems": cell["problems"],
        "mode": cell["mode"],
        "prompts": cell["prompts"],
        "samples": cell["samples"],
        "student": cell["student_label"],
        "teacher": cell["teacher_label"],
        "seeds": len(condition.cell_ids),
        "rows": condition.rows,
        "n": len(scores),
        "accuracy": accuracy.value if scores else None,
        "low": accuracy.low,
        "high": accuracy.high,
        "strict_accuracy": sum(condition.strict.values()) / len(condition.strict) if condition.strict else None,
        "statuses": dict(condition.statuses),
        "errors": condition.statuses.get("error", 0),
        "truncated": condition.truncated,
        "refused": condition.refused,
        "no_working": condition.no_working,
        "retried": int(sums.get("tries", 0)) - condition.rows,
        "leak_rate": len(condition.leaking) / len(condition.steps) if condition.steps else None,
        "accuracy_without_leaks": sum(clean.values()) / len(clean) if clean and condition.steps else None,
        "n_without_leaks": len(clean) if condition.steps else None,
        "mean_steps": sum(condition.steps.values()) / len(condition.steps) if condition.steps else None,
        "teacher_tokens": tokens["teacher"],
        "student_tokens": tokens["student"],
        "unknown_tokens": unknown,
        "cost_usd": cost,
        "tokens_per_correct": sum(tokens.values()) / solved if solved and not unknown else None,
        "cost_per_correct": cost / solved if solved and cost is not None else None,
        "seconds_per_correct": seconds / solved if seconds and solved else None,
        "seconds_per_problem": seconds / answered if seconds and answered else None,
    }


def comparisons(journal: Journal, cells: Collection[str] | None = None) -> list[ComparisonSummary]:
    """Compare every condition with its base: the same student, on the problems that both have.

    p-values are corrected for the number of comparisons made here (Holm). Arguments are as for `summarise`.
    """
    pairs = base_pairs(conditions(journal, cells))
    made = [(a, b, compare(*paired(a, b)[1:])) for a, b in pairs if paired(a, b)[0]]
    corrected = holm([comparison.p for _, _, comparison in made])
    return [comparison_dict(a, b, replace(found, p_holm=p)) for (a, b, found), p in zip(made, corrected, strict=True)]


def base_pairs(found: list[Condition]) -> list[tuple[Condition, Condition]]:
    """Return pairs of base and condition, of the same student and problem set. A taught condition may have two bases."""
    groups: dict[tuple[str, str], list[Condition]] = {}
    for condition in found:
        groups.setdefault((condition.cell["problems"], str(condition.cell["student"])), []).append(condition)
    return [(base, other) for group in groups.values() for base, other in _with_base(group)]


def _with_base(group: list[Condition]) -> list[tuple[Condition, Condition]]:
    """Pair each condition of a group with its base: the first of `BASES`, with the same prompts if possible.

    A condition with a teacher is compared twice: with its control, the same way of solving without a teacher, and with the
    best condition without a teacher. The second favours the untaught side: the best of several is partly best by chance.
    """
    pairs = []
    untaught = [c for c in group if not c.cell["teacher"] and c.scores]
    best = max(untaught, key=lambda c: sum(c.scores.values()) / len(c.scores), default=None)
    for other in group:
        same = [c for c in group if c.cell["prompts_hash"] == other.cell["prompts_hash"]] or group
        base = next((c for method in BASES for c in same if c.cell["method"] == method), group[0])
        # a mode without its control in the experiment falls back to the base
        bases = [_control(other, same) or base, best] if other.cell["teacher"] else [base]
        wanted = [b for place, b in enumerate(bases) if b is not None and b is not other and b not in bases[:place]]
        pairs += [(b, other) for b in wanted]
    return pairs


def _control(condition: Condition, group: list[Condition]) -> Condition | None:
    """Return a condition's control: the same way of solving without a teacher, with equal shots and samples if possible."""
    method = CONTROLS.get(condition.cell["mode"])
    if is_ladder(condition.cell["mode"]):
        # a ladder starts with the student alone: its first rung is the control
        method = rung_names(condition.cell["mode"])[0]
    found = [c for c in group if c.cell["method"] == method]
    alike = [c for c in found if all(c.cell.get(name) == condition.cell.get(name) for name in ("shots", "samples"))]
    return next(iter(alike or found), None)


def comparison_dict(a: Condition, b: Condition, found: Comparison) -> ComparisonSummary:
    """Return a comparison as plain values, with the labels and ids of both conditions."""
    return {
        "a": a.label,
        "b": b.label,
        "a_condition": a.cell["condition"],
        "b_condition": b.cell["condition"],
        "student": b.cell["student_label"],
        "problems": b.cell["problems"],
        "n": found.n,
        "difference": found.difference.value,
        "difference_low": found.difference.low,
        "difference_high": found.difference.high,
        "gain": found.gain.value if found.gain else None,
        "gain_low": found.gain.low if found.gain else None,
        "gain_high": found.gain.high if found.gain else None,
        "gained": found.gained,
        "lost": found.lost,
        "p": found.p,
        "p_holm": found.p_holm,
        "test": found.test,
        "interval": found.interval,
        "error": found.error,
        "clusters": found.clusters,
        "needed": found.needed,
        "margin": found.equivalence.margin if found.equivalence else None,
        "p_not_worse": found.equivalence.p_not_worse if found.equivalence else None,
        "p_equivalent": found.equivalence.p_equivalent if found.equivalence else None,
        "group": "",
        "pass_k": 0,
        "a_pass": None,
        "b_pass": None,
    }
