"""`tot compare`: compare two combinations, experiments or logs of other libraries on the same problems."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ....experiments.report.compare_results import compare_pairs, flips, matched, unmatched
from ....experiments.report.conclusion import conclusion
from ....experiments.report.sides import Side
from ....experiments.report.table import comparison_cells, rich_table, terms
from ....foundation.folders import home
from ....nodes.asking.failures import printable
from ...columns import ShowComparisonColumns
from ...screens.consoles import wide

_SIDE = "EXPERIMENT, EXPERIMENT:CELL (part of its label, or its id), a log of inspect_ai or a samples file of lm-eval"
_SCORE = "Score of the logs: a scorer of inspect_ai, or FILTER/METRIC of lm-eval. Default: the first."


def compare(
    a: Annotated[str, typer.Argument(help=f"The base: {_SIDE}.")],
    b: Annotated[str, typer.Argument(help="What is compared with it, in the same forms.")],
    by: Annotated[
        str | None, typer.Option(help="Break the comparison down by a column of the problem set, such as level.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Column that marks problems which are not independent: a passage, a template.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(min=0.0, help="Test whether B is as good as A within this many points, too.")
    ] = None,
    rescore: Annotated[bool, typer.Option("--rescore", help="Verify the answers in logs again, with this program.")] = False,
    score: Annotated[str | None, typer.Option(help=_SCORE)] = None,
    show: Annotated[int, typer.Option(min=0, help="Number of flipped problems to list, of each kind.")] = 5,
    show_columns: ShowComparisonColumns = None,
) -> None:
    """Compare two results problem by problem: difference, test, intervals, flips.

    Logs are read as other libraries write them: .eval and .json of inspect_ai, samples_*.jsonl of lm-evaluation-harness.
    """
    console = wide(Console(highlight=False))
    pairs = matched(a, b, home(), rescore=rescore, score=score)
    # The option is in percentage points.
    found = compare_pairs(pairs, cluster=cluster, by=by, margin=None if margin is None else margin / 100)
    header, rows = comparison_cells(found, show_columns or ())
    console.print(rich_table("On the same problems", header, rows, console.width))
    console.print(printable(conclusion(found)), style="bold", markup=False, soft_wrap=True)
    console.print(terms(header), style="dim", markup=False, soft_wrap=True)
    for left, right in pairs:
        _show_flips(left, right, show, console)


def _show_flips(a: Side, b: Side, most: int, console: Console) -> None:
    """List the problems on which the two sides differ, and count those that only one side has."""
    for kind, problems in flips(a, b).items():
        listed = ", ".join(printable(name) for name in problems[:most]) + (", ..." if len(problems) > most else "")
        if problems and most:
            console.print(f"{printable(b.condition.label)}: {kind}: {listed}", markup=False, soft_wrap=True)
    for side, count in zip((a, b), unmatched(a, b), strict=True):
        if count:
            name = printable(side.condition.label)
            console.print(f"note: {count} problems of {name} have no counterpart", style="yellow", markup=False)
