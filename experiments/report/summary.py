"""Summarise an experiment: the numbers of each condition, and each condition compared with its base."""

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
"""What a method is compared with, where the experiment has it; the first that is there is the base of the others."""


def summarise(journal: Journal, cells: Collection[str] | None = None) -> list[ConditionSummary]:
    """Return the numbers of each condition, in the order of the cells."""
    return [summarise_condition(condition) for condition in conditions(journal, cells)]


def summarise_condition(condition: Condition) -> ConditionSummary:
    """Return the numbers of a condition."""
    cell, sums, scores = condition.cell, condition.sums, condition.scores
    accuracy = wilson(sum(scores.values()), len(scores))
    clean = {key: score for key, score in scores.items() if key not in condition.leaking}
    tokens = {
        role: int(sums.get(f"{role}_input_tokens", 0) + sums.get(f"{role}_output_tokens", 0)) for role in ("teacher", "student")
    }
    solved = condition.statuses.get("correct", 0)
    answered = condition.rows - condition.statuses.get("error", 0)
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
        "unknown_tokens": int(sums.get("unknown_tokens", 0)),
        "cost_usd": cost,
        "tokens_per_correct": sum(tokens.values()) / solved if solved else None,
        "cost_per_correct": cost / solved if solved and cost is not None else None,
        "seconds_per_correct": seconds / solved if seconds and solved else None,
        "seconds_per_problem": seconds / answered if seconds and answered else None,
    }


def comparisons(journal: Journal, cells: Collection[str] | None = None) -> list[ComparisonSummary]:
    """Compare, for each student and problem set, every condition with its base on the same problems.

    Every p-value is corrected for the number of comparisons made here (Holm).
    """
    pairs = base_pairs(conditions(journal, cells))
    made = [(a, b, compare(*paired(a, b)[1:])) for a, b in pairs if paired(a, b)[0]]
    corrected = holm([comparison.p for _, _, comparison in made])
    return [comparison_dict(a, b, replace(found, p_holm=p)) for (a, b, found), p in zip(made, corrected, strict=True)]


def base_pairs(found: list[Condition]) -> list[tuple[Condition, Condition]]:
    """Return each condition with its base: the same student and problem set, another method."""
    groups: dict[tuple[str, str], list[Condition]] = {}
    for condition in found:
        groups.setdefault((condition.cell["problems"], str(condition.cell["student"])), []).append(condition)
    return [(base, other) for group in groups.values() for base, other in _with_base(group)]


def _with_base(group: list[Condition]) -> list[tuple[Condition, Condition]]:
    """Pair each condition with its base, in the same prompts where possible, else with the first condition.

    What has a teacher is compared twice: with its control, the same way of solving without a teacher, and with the best
    condition without a teacher (which favours the condition without: the best of several is best by chance, too).
    """
    pairs = []
    untaught = [c for c in group if not c.cell["teacher"] and c.scores]
    best = max(untaught, key=lambda c: sum(c.scores.values()) / len(c.scores), default=None)
    for other in group:
        same = [c for c in group if c.cell["prompts_hash"] == other.cell["prompts_hash"]] or group
        base = next((c for method in BASES for c in same if c.cell["method"] == method), group[0])
        bases = [_control(other, same) or base, best] if other.cell["teacher"] else [base]
        wanted = [b for place, b in enumerate(bases) if b is not None and b is not other and b not in bases[:place]]
        pairs += [(b, other) for b in wanted]
    return pairs


def _control(condition: Condition, group: list[Condition]) -> Condition | None:
    """Return the same way of solving without a teacher: with as many shots and samples where there is one."""
    method = CONTROLS.get(condition.cell["mode"])
    if is_ladder(condition.cell["mode"]):
        method = rung_names(condition.cell["mode"])[0]
    found = [c for c in group if c.cell["method"] == method]
    alike = [c for c in found if all(c.cell.get(name) == condition.cell.get(name) for name in ("shots", "samples"))]
    return next(iter(alike or found), None)


def comparison_dict(a: Condition, b: Condition, found: Comparison) -> ComparisonSummary:
    """Return a comparison with the names of what it compares."""
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
