"""`tot run --dry-run`: combinations, calls, tokens and cost before any model is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...experiments.journal.finding import journal_path
from ...experiments.journal.journal import Journal
from ...experiments.report.table import rich_table, usd
from ...nodes.asking.failures import explain

if TYPE_CHECKING:
    from rich.console import Console

    from ...experiments.design.plan import Plan


def show_estimate(plan: Plan, home: Path, console: Console) -> bool:
    """Print the calls, tokens and cost that each cell still needs; a price nobody knows is shown as unknown.

    Returns:
        False if the run would fail at once, since a model cannot be loaded or a file is missing.
    """
    from ...experiments.run.estimate import CellEstimate, estimate
    from ...experiments.run.model_pool import ModelPool, model_key

    pool, ready = ModelPool(), True
    for model in {model_key(model): model for cell in plan.cells for model in (cell.student, cell.teacher) if model}.values():
        try:
            pool.check(model)
        except Exception as error:
            ready &= "_API_KEY" in str(error)  # an estimate is useful before there is a key
            console.print(f"note: this run would fail: {explain(error)}", style="yellow", markup=False, soft_wrap=True)
    path = journal_path(home, plan.config.name)
    journal = Journal(path) if path.exists() else None
    try:
        found = estimate(plan, journal)
        spent = float(journal.totals()["known_cost_usd"] or 0) if journal else 0.0
    finally:
        if journal:
            journal.close()

    def row(made: CellEstimate) -> list[str]:
        tokens = [made.teacher_tokens, made.student_tokens]
        return [
            made.cell.problems,
            made.cell.student.label,
            made.cell.label + (f", seed {made.cell.seed}" if len(plan.config.seeds) > 1 else ""),
            str(made.problems),
            str(made.done),
            *(f"{calls:,}" for calls in (made.teacher_calls, made.student_calls)),
            *(f"{used:,} + {answered:,}" for used, answered in tokens),
            *(usd(cost) for cost in (made.teacher_cost, made.student_cost)),
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
    costs = [cost for made in found for cost in (made.teacher_cost, made.student_cost)]
    known = sum(cost for cost in costs if cost is not None)
    total = f"{usd(known)} USD" + (" plus unknown costs; set prices with --price MODEL=IN/OUT" if None in costs else "")
    calls = sum(made.teacher_calls + made.student_calls for made in found)
    cells = f"{len(found)} combination" + ("s" if len(found) != 1 else "")
    console.print(f"{cells}, about {calls:,} calls, about {total}", markup=False)
    limit = plan.config.budget.max_cost_usd
    if limit is not None and spent + known > limit:
        already = f" on top of the {usd(spent)} USD already spent" if spent else ""
        console.print(f"note: this exceeds max_cost_usd={limit:g}{already}; the run would stop early", style="yellow")
    tokens = sum(sum(used) for made in found for used in (made.teacher_tokens, made.student_tokens))
    most = plan.config.budget.max_tokens
    if most is not None and tokens > most:
        console.print(
            f"note: about {tokens:,} tokens exceed --max-total-tokens={most}; the run would stop early", style="yellow"
        )
    return ready
