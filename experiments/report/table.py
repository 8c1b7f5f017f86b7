"""The tables of an experiment: for the terminal (rich) and as Markdown, from the same cells."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...foundation.statuses import STATUSES
from ...nodes.asking.failures import printable

if TYPE_CHECKING:
    from rich.table import Table

    from .summary import ComparisonSummary


_NOTHING = {name: {"0"} for name in ("retried", "truncated", "refused", "no working", "USD")} | {"leaks": {"-", "0 %"}}
"""What a column of the summary holds where it has nothing to say, by name."""


def summary_cells(summaries: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return header and cells of the summary table; columns that never differ or hold nothing are left out."""
    columns: dict[str, list[str]] = {
        "problems": [s["problems"] for s in summaries],
        "student": [s["student"] for s in summaries],
        "method": [s["label"] for s in summaries],
        "n": [str(s["n"]) for s in summaries],
        "accuracy (95 %)": [interval(s["accuracy"], s["low"], s["high"]) for s in summaries],
        "strict": [percent(s["strict_accuracy"]) for s in summaries],
        "statuses": [statuses(s["statuses"]) for s in summaries],
        "retried": [str(s["retried"]) for s in summaries],
        "truncated": [str(s["truncated"]) for s in summaries],
        "refused": [str(s["refused"]) for s in summaries],
        "no working": [str(s["no_working"]) for s in summaries],
        "leaks": [percent(s["leak_rate"]) for s in summaries],
        "teacher tokens": [tokens(s["teacher_tokens"], s["teacher"]) for s in summaries],
        "student tokens": [tokens(s["student_tokens"], "student") for s in summaries],
        "USD": [usd(s["cost_usd"]) for s in summaries],
        "latency s": [number(s["seconds_per_problem"]) for s in summaries],
    }
    return shown_columns(
        columns,
        _NOTHING,
    )


TERMS = {
    "strict": "right answers in the format that was asked for",
    "truncated": "problems with a reply that ran into the token limit",
    "refused": "problems whose plan the teacher refused or left empty",
    "no working": "answers that stand alone, without any working",
    "leaks": "share of plans that contain the known answer",
    "retried": "further runs after errors",
    "latency s": "seconds per problem, with others in flight",
    "p (Holm)": "p-value, corrected for the number of comparisons",
    "gained/lost": "problems that only the one or only the other solves",
    "needed for 80 % power": "problems that the exact test needs to see a difference of this size",
    "not worse (p)": "p-value of being worse by the margin or more",
    "equal (p)": "p-value of differing by the margin or more",
    "pass@k": "share of problems that at least one of k trials solves",
    "standard error": "of the difference, in points, over clusters",
}
"""What the columns mean that do not say it themselves."""


def terms(header: Sequence[str]) -> str:
    """Return a line that explains the columns of a table."""
    return "; ".join(f"{name}: {TERMS[name]}" for name in header if name in TERMS)


def shown_columns(
    columns: Mapping[str, list[str]], empty: Mapping[str, set[str]] | None = None
) -> tuple[list[str], list[list[str]]]:
    """Return header and cells without the columns that hold nothing, or name problems and students that never differ.

    Args:
        columns: cells by the name of their column.
        empty: what counts as nothing in a column, where it is not "-".
    """
    kept = {
        name: cells
        for name, cells in columns.items()
        if (not cells or not set(cells) <= (empty or {}).get(name, {"-"}))
        and not (name in ("problems", "student") and len(set(cells)) == 1)
    }
    return list(kept), [list(row) for row in zip(*kept.values(), strict=True)]


def comparison_cells(found: Sequence[ComparisonSummary]) -> tuple[list[str], list[list[str]]]:
    """Return header and cells of the table of comparisons; columns that hold nothing are left out."""
    columns: dict[str, list[str]] = {
        "problems": [c["problems"] for c in found],
        "student": [c["student"] for c in found],
        "compared": [f"{c['b']} - {c['a']}" for c in found],
        "group": [c["group"] or "-" for c in found],
        "n": [str(c["n"]) for c in found],
        "clusters": [str(c["clusters"] or "-") for c in found],
        "points (95 %)": [signed_interval(c["difference"], c["difference_low"], c["difference_high"], "") for c in found],
        "standard error": [f"{100 * c['error']:.1f}" if c["clusters"] and c["error"] is not None else "-" for c in found],
        "relative gain (95 %)": [_gain(c) for c in found],
        "gained/lost": [f"{c['gained']:.4g} / {c['lost']:.4g}" for c in found],
        "p (Holm)": [_p(c["p_holm"]) for c in found],
        "not worse (p)": [_p(c["p_not_worse"]) for c in found],
        "equal (p)": [_p(c["p_equivalent"]) for c in found],
        "pass@k": [_passes(c) for c in found],
        "needed for 80 % power": [f"{c['needed']:,}" if c["needed"] else "-" for c in found],
    }
    return shown_columns(columns, {"relative gain (95 %)": set(), "needed for 80 % power": set()})


def _gain(c: ComparisonSummary) -> str:
    return signed_interval(c["gain"], c["gain_low"], c["gain_high"], " %") if c["gain"] is not None else "-"


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if value >= 0.001 else "< 0.001"


def _passes(c: ComparisonSummary) -> str:
    if c["a_pass"] is None and c["b_pass"] is None:
        return "-"
    rates = [percent(c["b_pass"]), percent(c["a_pass"])]
    return f"k={c['pass_k']}: " + " vs ".join(rates)


def rich_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], width: int = 160) -> Table:
    """Return a table for the terminal; below 120 columns names are broken between words so that numbers keep their room."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    names = ("method", "compared")
    for name in header:
        words = name in ("problems", "student", "statuses", *names)
        narrow = width < 120 and name in names
        table.add_column(name, justify="left" if words else "right", overflow="fold", no_wrap=narrow)
    for row in rows:
        cells = [
            textwrap.fill(cell, 20, break_long_words=False) if width < 120 and name in names else cell
            for name, cell in zip(header, row, strict=True)
        ]
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in lines) + "\n"


def _escaped(cell: str) -> str:
    return " ".join(cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())


def statuses(counts: Mapping[str, int]) -> str:
    """Return "12 correct, 7 incorrect, 1 error"."""
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts.get(status)) or "-"


def percent(value: float | None) -> str:
    """Return a share in percent."""
    return "-" if value is None else f"{100 * value:.1f} %".replace(".0 %", " %")


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """Return "45.0 % (25.8-65.8)"."""
    if value is None:
        return "-"
    ends = f" ({100 * low:.1f}-{100 * high:.1f})" if low is not None and high is not None else ""
    return f"{100 * value:.1f} %{ends}"


def signed_interval(value: float, low: float | None, high: float | None, unit: str) -> str:
    """Return "+12.0 (-3.5 to +27.0)" for 0.12 and its ends; an end without a bound is shown as such."""
    ends = " to ".join("unbounded" if end is None else f"{100 * end:+.1f}" for end in (low, high))
    return f"{100 * value:+.1f}{unit} ({ends})"


def tokens(count: int, role: str) -> str:
    """Return a number of tokens; "-" where the model reported none, or there is none."""
    return f"{count:,}" if count and role else "-"


def usd(value: float | None) -> str:
    """Return a cost; an unknown one is shown as unknown."""
    if value is None:
        return "unknown"
    return f"{value:.4f}" if 0 < value < 1 else f"{value:.2f}" if value else "0"


def number(value: float | None) -> str:
    """Return a number with three digits, whole from 100 on; nothing where none was measured."""
    return (f"{value:.3g}" if value < 100 else f"{value:,.0f}") if value else "-"
