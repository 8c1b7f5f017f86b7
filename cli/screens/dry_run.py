"""`tot run --dry-run`: show combinations, calls, tokens and cost before any model is called."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ...experiments.journal.find_journal import journal_path
from ...experiments.journal.journal import Journal
from ...experiments.report.table import rich_table, usd
from ...experiments.run.spending import OPTIONS
from ...foundation.wording import counted
from ...nodes.asking.failures import explain

if TYPE_CHECKING:
    from rich.console import Console

    from ...experiments.design.config import Budget
    from ...experiments.design.plan import Plan
    from ...experiments.journal.records import Totals
    from ...experiments.run.estimate import CellEstimate, Use
    from ...experiments.run.model_pool import ModelPool


def show_estimate(plan: Plan, home: Path, console: Console) -> bool:
    """Print the calls, tokens and cost that each combination still needs; an unknown price is shown as unknown.

    Returns:
        False if the run would fail at once because a model cannot be loaded or a file is missing.
    """
    from ...experiments.run.estimate import estimate
    from ...experiments.run.model_pool import ModelPool, model_key

    pool, ready = ModelPool(), True
    # Each model once: several combinations share it.
    for model in {model_key(model): model for cell in plan.cells for model in (cell.student, cell.teacher) if model}.values():
        try:
            pool.check(model)
        except Exception as error:
            ready &= "_API_KEY" in str(error)  # a missing key does not matter for an estimate
            console.print(f"note: this run would fail: {explain(error)}", style="yellow", markup=False, soft_wrap=True)
    for why, labels in (_unrecorded(plan, pool) if ready else {}).items():
        ready = False
        console.print(f"note: {', '.join(labels)} would fail: {why}", style="yellow", markup=False, soft_wrap=True)
    path = journal_path(home, plan.config.name)
    journal = Journal(path) if path.exists() else None  # a dry run must not create one
    try:
        found = estimate(plan, journal)
        totals = journal.totals() if journal else None
    finally:
        if journal:
            journal.close()

    def row(made: CellEstimate) -> list[str]:
        roles = [made.teacher, made.student]
        return [
            made.cell.problems,
            made.cell.student.label,
            made.cell.label + (f", seed {made.cell.seed}" if len(plan.config.seeds) > 1 else ""),
            str(made.problems),
            str(made.done),
            *(_span(f"{use.calls:,}" for use in role) for role in roles),
            *(_span(f"{use.input_tokens:,} + {use.output_tokens:,}" for use in role) for role in roles),
            *(_span(usd(use.cost) for use in role) for role in roles),
        ]

    header = [
        "problems",
        "student",
        "method",
        "to do",
        "done",
        "teacher calls",
        "student calls",
        "teacher tokens",
        "student tokens",
    ]
    console.print(
        rich_table("Estimate (no model was called)", [*header, "teacher USD", "student USD"], [row(e) for e in found])
    )
    costs = [sum(use.cost or 0.0 for use in uses) for uses in _uses(found)]
    unknown = any(use.cost is None for uses in _uses(found) for use in uses)
    total = f"{_span(map(usd, costs))} USD" + (" plus unknown costs; set prices with --price MODEL=IN/OUT" if unknown else "")
    least, most = (sum(use.calls for use in uses) for uses in _uses(found))
    calls = counted(most, "call") if least == most else f"{least:,} to {counted(most, 'call')}"
    console.print(f"{counted(len(found), 'combination')}, about {calls}, about {total}", markup=False)
    _warn_of_budget(plan.config.budget, found, totals, console)
    return ready


def _span(shown: Iterable[str]) -> str:
    """Return the least and the most as one text, or one of them if they look the same."""
    return " to ".join(dict.fromkeys(shown))


def _uses(found: list[CellEstimate]) -> tuple[list[Use], list[Use]]:
    """Return what all models are used for, at least and at most."""
    pairs = [pair for made in found for pair in (made.teacher, made.student)]
    return [least for least, _ in pairs], [most for _, most in pairs]


def _unrecorded(plan: Plan, pool: ModelPool) -> dict[str, list[str]]:
    """Return the labels of the combinations whose recorded models know none of the problems, by what is said of it."""
    found: dict[str, list[str]] = {}
    for cell in plan.cells:
        try:
            pool.check_recorded(cell, plan.sets[cell.problems])
        except LookupError as error:
            labels = found.setdefault(explain(error), [])
            if cell.label not in labels:  # those of several students are the same
                labels.append(cell.label)
    return found


def _warn_of_budget(budget: Budget, found: list[CellEstimate], totals: Totals | None, console: Console) -> None:
    """Print which limits the estimate exceeds, including what earlier sessions have spent."""
    spent = totals["known_cost_usd"] if totals else 0.0
    used = totals["teacher_tokens"] + totals["student_tokens"] if totals else 0
    costs = [sum(use.cost or 0.0 for use in uses) for uses in _uses(found)]
    tokens = [sum(use.input_tokens + use.output_tokens for use in uses) for uses in _uses(found)]
    if budget.max_cost_usd is not None and spent + costs[1] > budget.max_cost_usd:
        already = f" on top of the {usd(spent)} USD already spent" if spent else ""
        limit = f"{OPTIONS['max_cost_usd']}={budget.max_cost_usd:g}"
        would = "would" if spent + costs[0] > budget.max_cost_usd else "may"
        console.print(
            f"note: about {_span(map(usd, costs))} USD{already} exceed {limit}; the run {would} stop early", style="yellow"
        )
    if budget.max_tokens is not None and used + tokens[1] > budget.max_tokens:
        already = f" on top of the {used:,} already spent" if used else ""
        limit = f"{OPTIONS['max_tokens']}={budget.max_tokens}"
        would = "would" if used + tokens[0] > budget.max_tokens else "may"
        shown = _span(f"{number:,}" for number in tokens)
        console.print(f"note: about {shown} tokens{already} exceed {limit}; the run {would} stop early", style="yellow")
