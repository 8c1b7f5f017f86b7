"""Build the tables of an experiment: `summary_cells` and `comparison_cells`, shown by `rich_table` or `markdown_table`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...foundation.statuses import STATUSES
from ...foundation.wording import nearest
from ...nodes.asking.failures import printable

if TYPE_CHECKING:
    from rich.table import Table

    from .measures import ComparisonSummary, ConditionSummary


Cells = tuple[list[str], list[list[str]]]
"""Header and rows of a table, as text."""

_SUMMARY: dict[str, Callable[[ConditionSummary], str]] = {
    "problems": lambda s: s["problems"],
    "student": lambda s: s["student"],
    "method": lambda s: s["label"],
    "n": lambda s: str(s["n"]),
    "accuracy (95 %)": lambda s: interval(s["accuracy"], s["low"], s["high"]),
    "strict": lambda s: percent(s["strict_accuracy"]),
    "statuses": lambda s: statuses(s["statuses"]),
    "retried": lambda s: str(s["retried"]),
    "truncated": lambda s: str(s["truncated"]),
    "refused": lambda s: str(s["refused"]),
    "no working": lambda s: str(s["no_working"]),
    "leaks": lambda s: percent(s["leak_rate"]),
    "teacher tokens": lambda s: tokens(s["teacher_tokens"], s["teacher"]),
    "student tokens": lambda s: tokens(s["student_tokens"], "student"),
    "USD": lambda s: usd(s["cost_usd"]),
    "latency s": lambda s: number(s["seconds_per_problem"]),
}
"""Columns of the summary, in order, and how each is read from a condition."""

_COMPARISON: dict[str, Callable[[ComparisonSummary], str]] = {
    "problems": lambda c: c["problems"],
    "student": lambda c: c["student"],
    "compared": lambda c: f"{c['b']} - {c['a']}",
    "group": lambda c: c["group"] or "all",
    "n": lambda c: str(c["n"]),
    "clusters": lambda c: str(c["clusters"] or "-"),
    "points (95 %)": lambda c: signed_interval(c["difference"], c["difference_low"], c["difference_high"], ""),
    "standard error": lambda c: f"{100 * c['error']:.1f}" if c["clusters"] and c["error"] is not None else "-",
    "relative gain (95 %)": lambda c: _gain(c),
    "gained/lost": lambda c: f"{c['gained']:.4g} / {c['lost']:.4g}",
    "p (Holm)": lambda c: p_value(c["p_holm"]),
    "not worse (p)": lambda c: p_value(c["p_not_worse"]),
    "equal (p)": lambda c: p_value(c["p_equivalent"]),
    "pass@k": lambda c: _passes(c),
    "needed for 80 % power": lambda c: f"{c['needed']:,}" if c["needed"] else "-",
}
"""Columns of the comparisons, in order, and how each is read from a comparison."""

SUMMARY_COLUMNS, COMPARISON_COLUMNS = tuple(_SUMMARY), tuple(_COMPARISON)

_NOTHING = {name: {"0"} for name in ("retried", "truncated", "refused", "no working", "USD")} | {"leaks": {"-", "0 %"}}
"""Values of summary columns that count as empty, by column."""

_EMPTY: dict[str, set[str]] = {"group": {"all"}, "relative gain (95 %)": set(), "needed for 80 % power": set()}
"""The same for comparisons. Two columns have none and are always shown: without them a reader would miss something."""


def summary_cells(summaries: Sequence[ConditionSummary], wanted: Sequence[str] = ()) -> Cells:
    """Return header and rows of the summary table.

    Args:
        summaries: one per row.
        wanted: columns to show, in this order, see `find_columns`. Default: all that are not empty.
    """
    columns = {name: [read(s) for s in summaries] for name, read in _SUMMARY.items()}
    return _chosen(columns, wanted) or shown_columns(columns, _NOTHING)


def comparison_cells(found: Sequence[ComparisonSummary], wanted: Sequence[str] = ()) -> Cells:
    """Return header and rows of the table of comparisons. Arguments are as for `summary_cells`."""
    columns = {name: [read(c) for c in found] for name, read in _COMPARISON.items()}
    return _chosen(columns, wanted) or shown_columns(columns, _EMPTY)


def find_columns(wanted: Iterable[str], known: Sequence[str] = (*SUMMARY_COLUMNS, *COMPARISON_COLUMNS)) -> list[str]:
    """Return the full names of columns.

    Args:
        wanted: names in any case, without the part in brackets, or their beginnings: "accuracy" for "accuracy (95 %)".
        known: names to choose from. Default: those of both tables.

    Raises:
        ValueError: a name fits no column, or several; the message lists them.
    """
    return [_column_named(name.strip(), known) for name in wanted]


def _column_named(wanted: str, known: Sequence[str]) -> str:
    folded = wanted.casefold()
    for name in known:
        if folded in (name.casefold(), name.partition(" (")[0].casefold()):
            return name
    starting = list(dict.fromkeys(name for name in known if folded and name.casefold().startswith(folded)))
    if len(starting) == 1:
        return starting[0]
    which = f"fits {' and '.join(starting)}" if starting else f"is not a column{nearest(wanted, known)}"
    raise ValueError(f"{wanted!r} {which}; columns are {', '.join(dict.fromkeys(known))}")


def _chosen(columns: Mapping[str, list[str]], wanted: Sequence[str]) -> Cells | None:
    """Return the wanted columns; None if they belong to the other table, so that this one is shown as usual."""
    found = find_columns(wanted)
    names = [name for name in found if name in columns]
    # "student" and "n" are columns of both tables: beside a column that only the other one has, they mean the other one
    shared = all(name in _SUMMARY and name in _COMPARISON for name in names)
    if not names or (shared and len(names) < len(found)):
        return None
    return names, [list(row) for row in zip(*(columns[name] for name in names), strict=True)]


TERMS = {
    "strict": "right answers in the format that was asked for (-: none was for some or all, as for programs)",
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
"""Explanations of the columns whose names do not explain themselves."""


def terms(header: Sequence[str]) -> str:
    """Return a line that explains the columns of a table; "" if none needs it."""
    return "; ".join(f"{name}: {TERMS[name]}" for name in header if name in TERMS)


def shown_columns(columns: Mapping[str, list[str]], empty: Mapping[str, set[str]] | None = None) -> Cells:
    """Return header and rows without empty columns, and without "problems" and "student" if all rows have the same.

    Args:
        columns: cells of each column, by its name.
        empty: values that count as empty, by column. Default: "-".
    """
    kept = {
        name: cells
        for name, cells in columns.items()
        if (not cells or not set(cells) <= (empty or {}).get(name, {"-"}))
        and not (name in ("problems", "student") and len(set(cells)) == 1)
    }
    return list(kept), [list(row) for row in zip(*kept.values(), strict=True)]


def _gain(c: ComparisonSummary) -> str:
    return signed_interval(c["gain"], c["gain_low"], c["gain_high"], " %") if c["gain"] is not None else "-"


def p_value(value: float | None) -> str:
    """Format a p-value: three digits, "< 0.001" below that, "-" for None."""
    return "-" if value is None else f"{value:.3f}" if value >= 0.001 else "< 0.001"


def _passes(c: ComparisonSummary) -> str:
    if c["a_pass"] is None and c["b_pass"] is None:
        return "-"
    rates = [percent(c["b_pass"]), percent(c["a_pass"])]
    return f"k={c['pass_k']}: " + " vs ".join(rates)


# what the functions below print: a number, a percentage, an interval, "12 / 7", "-" or nothing
_NUMBER = re.compile(r"(?:< )?[+-]?\d[\d,.]*(?: %)?(?: \(.*\))?(?: [+/] \d[\d,.]*)?$|-$|unknown$|$")


def rich_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], width: int = 160) -> Table:
    """Return a table for the terminal. Below a width of 120 characters names are wrapped, so that numbers keep their room."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    # numbers are aligned right, words left
    numbers = {name for place, name in enumerate(header) if rows and all(_NUMBER.match(row[place]) for row in rows)}
    table = Table(
        title=Text(printable(title)),
        title_justify="left",
        header_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    names = ("method", "compared")
    for name in header:
        # wrapped below by words; rich would break them anywhere
        narrow = width < 120 and name in names
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold", no_wrap=narrow)
    for row in rows:
        cells = [
            textwrap.fill(cell, 20, break_long_words=False) if width < 120 and name in names else cell
            for name, cell in zip(header, row, strict=True)
        ]
        # Text, since rich would read "[...]" in a label as markup
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in lines) + "\n"


def _escaped(cell: str) -> str:
    return " ".join(cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())


def statuses(counts: Mapping[str, int]) -> str:
    """Format counts by status: "12 correct, 7 incorrect, 1 error"."""
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts.get(status)) or "-"


def percent(value: float | None) -> str:
    """Format a share (0 to 1) in percent."""
    return "-" if value is None else f"{100 * value:.1f} %".replace(".0 %", " %")


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """Format a share (0 to 1) with its interval: "45.0 % (25.8-65.8)"."""
    if value is None:
        return "-"
    ends = f" ({100 * low:.1f}-{100 * high:.1f})" if low is not None and high is not None else ""
    return f"{100 * value:.1f} %{ends}"


def signed_interval(value: float, low: float | None, high: float | None, unit: str) -> str:
    """Format a difference with its interval, times 100: "+12.0 (-3.5 to +27.0)" for 0.12. An end of None is "unbounded"."""
    ends = " to ".join("unbounded" if end is None else f"{100 * end:+.1f}" for end in (low, high))
    return f"{100 * value:+.1f}{unit} ({ends})"


def tokens(count: int, role: str) -> str:
    """Format a number of tokens; "-" if it is 0 or there is no such model (`role` is "")."""
    return f"{count:,}" if count and role else "-"


def usd(value: float | None) -> str:
    """Format a cost in USD; None is "unknown"."""
    if value is None:
        return "unknown"
    return f"{value:.4f}" if 0 < value < 1 else f"{value:.2f}" if value else "0"


def number(value: float | None) -> str:
    """Format a number with three significant digits, from 100 on as a whole number; "-" if it is 0 or None."""
    return (f"{value:.3g}" if value < 100 else f"{value:,.0f}") if value else "-"
