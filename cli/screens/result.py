"""Print the end of `tot run`: tables, spending, missing problems and errors. Start at `show_result`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ...experiments.report.conclusion import conclusion
from ...experiments.report.review_effects import review_cells, review_summary
from ...experiments.report.summary import comparisons, summarise
from ...experiments.report.table import comparison_cells, rich_table, summary_cells, terms, usd
from ...foundation.commands import call, program
from ...foundation.wording import counted
from ...nodes.asking.failures import printable

if TYPE_CHECKING:
    from rich.console import Console

    from ...experiments.design.plan import Plan
    from ...experiments.journal.journal import Journal
    from ...experiments.report.measures import ConditionSummary
    from ...experiments.run.runner import Outcome


def show_result(plan: Plan, journal: Journal, outcome: Outcome, console: Console, columns: Sequence[str] = ()) -> None:
    """Print the tables, the tokens and cost so far, and what is missing."""
    cells = {cell.id for cell in plan.cells}
    summaries = summarise(journal, cells)
    header, rows = summary_cells(summaries, columns)
    shown = list(header)
    console.print(rich_table(plan.config.name, header, rows, console.width))
    if found := comparisons(journal, cells):
        header, rows = comparison_cells(found, columns)
        console.print(rich_table("On the same problems", header, rows, console.width))
        console.print(printable(conclusion(found)), style="bold", markup=False, soft_wrap=True)
        shown += header
    console.print(terms(shown), style="dim", markup=False, soft_wrap=True)
    warn_of_faults(plan.config.name, summaries, console)
    if reviews := review_summary(journal, cells):
        console.print(rich_table("Reviews", *review_cells(reviews), console.width))
    totals = journal.totals()
    cost = (
        f"{usd(totals['cost_usd'])} USD"
        if totals["cost_usd"] is not None
        else "unknown cost (--price MODEL=IN/OUT sets prices)"
    )
    # a replayed teacher is not billed: "0 teacher tokens" would read as if it had written nothing
    teacher = f"{totals['teacher_tokens']:,} teacher and " if totals["teacher_tokens"] else ""
    spent = f"{teacher}{totals['student_tokens']:,} student tokens, {cost}"
    seconds = sum((s["ended_ms"] or s["started_ms"]) - s["started_ms"] for s in journal.sessions()) / 1000
    console.print(f"Total of all sessions: {spent}, {seconds:.0f} s. Journal: {journal.path}", markup=False, soft_wrap=True)
    calls, tokens = journal.lost()
    if calls:
        share = 100 * tokens / max(1, totals["student_tokens"])
        console.print(
            f"{calls:,} calls were lost with their replica and repeated; they had used at most {tokens:,} tokens "
            f"({share:.1f} %), which are not counted above.",
            markup=False,
        )
    missing = sum(outcome.missing.values())
    if missing:
        console.print(
            f"Stopped by {outcome.stopped_by}: {counted(missing, 'solution')} left. "
            "Raise the limit and rerun the command to resume.",
            style="yellow",
        )
    if outcome.waiting:
        console.print(
            f"{counted(outcome.waiting, 'solution')} waiting for a review: run {program()} review "
            f"(or {program()} review --web), then rerun this command.",
            style="yellow",
        )
    show_errors_of(journal, cells, console)


def warn_of_faults(experiment: str, summaries: list[ConditionSummary], console: Console) -> None:
    """Warn where plans were refused or replies were cut: a wrong answer then says little about the student."""

    def told(name: Literal["refused", "truncated"], share: float) -> str:
        found = [s for s in summaries if s[name] > share * s["rows"]]
        return ", ".join(f"{s[name]} of {s['rows']} in {s['student']} {s['label']}" for s in found)

    # A few cut replies are normal; more than 10 % suggest that the limit is too low.
    refused, cut = told("refused", 0), told("truncated", 0.1)
    look = f"look at them with: {call('show', experiment)}"
    for said in (
        f"plans were refused or empty: {refused}; {look}" if refused else "",
        f"replies ran into the token limit: {cut}; raise --max-tokens" if cut else "",
    ):
        if said:
            console.print(printable(f"warning: {said}"), style="yellow", markup=False, soft_wrap=True)


def show_errors_of(journal: Journal, cells: set[str], console: Console) -> None:
    """Print the errors in a journal's rows grouped by message, the five most frequent first."""
    kinds: dict[str, list[str]] = {}
    for error, problem in journal.errors(cells):
        # What follows "; while asking" differs by problem; without it, equal errors are counted together.
        kinds.setdefault(printable(error).partition("; while asking")[0][:300], []).append(problem)
    for what, problems in sorted(kinds.items(), key=lambda kind: -len(kind[1]))[:5]:
        console.print(f"{len(problems)} x {what} (first: {printable(problems[0])})", style="red", markup=False, soft_wrap=True)
