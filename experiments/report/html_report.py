"""Make the report of an experiment: a self-contained page, and Markdown tables for a README. The door is `make_report`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..journal.journal import Journal
from .conclusion import conclusion
from .figures import accuracy_figure, causes_figure, cost_figure, cost_unit, flips_figure, steps_figure
from .frontier.figure import frontier_figure
from .frontier.headline import headline
from .frontier.points import Frontier, frontier_cells, frontiers
from .measures import ComparisonSummary, ConditionSummary
from .review_effects import review_cells, review_summary
from .scores import Condition, conditions
from .shown_problems import name_among, shown_problems
from .summary import comparisons, summarise
from .table import Cells, comparison_cells, markdown_table, percent, shown_columns, summary_cells, terms, usd


@dataclass(frozen=True)
class Report:
    """The parts of a report.

    Attributes:
        html: the page, with tables, figures and problems.
        markdown: the tables in Markdown.
        figures: the figures as SVG, by name.
    """

    html: str
    markdown: str
    figures: Mapping[str, str]

    def files(self) -> dict[str, str]:
        """Return the contents of the files of the report by their relative paths."""
        return {"report.html": self.html, "table.md": self.markdown} | {
            f"figures/{n}.svg": svg for n, svg in self.figures.items()
        }


def make_report(journal: Journal, columns: Sequence[str] = ()) -> Report:
    """Make the report of an experiment from its journal.

    Args:
        journal: journal of the experiment.
        columns: columns of the first two tables, see `table.find_columns`. Default: all that are not empty.

    Raises:
        ValueError: a name fits no column, or several.
    """
    summaries, found = summarise(journal), comparisons(journal)
    read = conditions(journal)
    made = frontiers(read)
    problems, causes = shown_problems(journal, read)
    # of a replayed teacher neither tokens nor cost are known: a frontier would have all points at 0
    costly = [frontier for frontier in made if any(point.tokens or point.usd for point in frontier.points)]
    figures = _frontier_figures(costly) | _figures(summaries, found, read, causes)
    summary = summary_cells(summaries, columns)
    compared = comparison_cells(found, columns) if found else None
    markdown = markdown_table(*summary) + ("\n" + markdown_table(*compared) if compared else "")
    reviews = review_summary(journal)
    if reviews:
        markdown += "\n" + markdown_table(*review_cells(reviews))
    html = _template().render(
        conclusion=headline(found, made) or conclusion(found),
        frontiers=frontier_cells(costly) if costly else None,
        name=journal.get("name") or journal.path.stem,
        summary=summary,
        terms=terms(summary[0]),
        details=_details(summaries),
        comparisons=compared,
        reviews=review_cells(reviews) if reviews else None,
        found=found,
        figures=figures,
        cost_unit=cost_unit(summaries),
        totals={**journal.totals(), "usd": usd(journal.totals()["cost_usd"])},
        seconds=sum((s["ended_ms"] or s["started_ms"]) - s["started_ms"] for s in journal.sessions()) / 1000,
        config=json.dumps(json.loads(journal.get("config") or "{}"), indent=2),
        shown=len(problems),
        total=sum(len(journal.problems(name)) for name in {condition.cell["problems"] for condition in read}),
        data=_embedded({"conditions": _condition_list(read), "problems": problems, "traces": _traces_page(journal)}),
    )
    return Report(html, markdown, figures)


def _frontier_figures(made: Sequence[Frontier]) -> dict[str, str]:
    """Draw the frontiers over tokens where the teacher's are known, and over USD where something was billed."""
    counted = [frontier for frontier in made if any(point.tokens for point in frontier.points)]
    billed = [frontier for frontier in made if any(point.usd for point in frontier.points)]
    figures = {"frontier": frontier_figure(counted)} if counted else {}
    return figures | ({"frontier_usd": frontier_figure(billed, "usd")} if billed else {})


def _figures(
    summaries: list[ConditionSummary],
    found: list[ComparisonSummary],
    read: list[Condition],
    causes: Mapping[str, Mapping[str, int]],
) -> dict[str, str]:
    made = {}
    if any(s["n"] for s in summaries):
        made["accuracy"] = accuracy_figure(summaries)
        made["cost"] = cost_figure(summaries)
    if found:
        made["flips"] = flips_figure(found)
    series = {}
    for condition in read:
        points = [(condition.steps[key], score) for key, score in condition.scores.items() if condition.steps.get(key)]
        if points:
            series[name_among(condition, read)] = points
    if series:
        made["steps"] = steps_figure(series)
    if any(causes.values()):
        made["causes"] = causes_figure(causes)
    return made


def _condition_list(read: list[Condition]) -> list[dict[str, str]]:
    return [{"id": condition.cell["condition"], "name": name_among(condition, read)} for condition in read]


def _traces_page(journal: Journal) -> str:
    """Return the URL to which the id of a trace is appended, "" if it is not a web page (it becomes a link in the report)."""
    page = journal.get("traces_page") or ""
    return page if page.startswith(("http://", "https://")) else ""


def _details(summaries: list[ConditionSummary]) -> Cells:
    """Return the table of details: leaks, retries and costs, which say how far an accuracy can be trusted."""
    return shown_columns(
        {
            "problems": [s["problems"] for s in summaries],
            "student": [s["student"] for s in summaries],
            "method": [s["label"] for s in summaries],
            "leaks": [percent(s["leak_rate"]) for s in summaries],
            "accuracy without leaks": [_without_leaks(s) for s in summaries],
            "steps": [_rounded(s["mean_steps"], 1) for s in summaries],
            "errors": [str(s["errors"]) for s in summaries],
            "retried": [str(s["retried"]) for s in summaries],
            "tokens per correct": [_rounded(s["tokens_per_correct"], 0) for s in summaries],
            "USD per correct": [usd(s["cost_per_correct"]) if s["statuses"].get("correct") else "-" for s in summaries],
            "seconds per correct": [_rounded(s["seconds_per_correct"], 1) for s in summaries],
        }
    )


def _without_leaks(summary: ConditionSummary) -> str:
    n = summary["n_without_leaks"]
    return "-" if n is None else f"{percent(summary['accuracy_without_leaks'])} (n={n})"


def _rounded(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _embedded(value: Any) -> str:
    """Return JSON that is safe inside a script element, since a model may have written "</script>"."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # U+2028 and U+2029 end a line in older JavaScript, also inside a string
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    # a misspelt variable is an error, not an empty place in the page
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("report.html.j2")
