"""`tot compare`: compare two combinations or two experiments on the same problems."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ....experiments.report.comparing import compare_pairs, flips, matched
from ....experiments.report.table import comparison_cells, rich_table
from ....foundation.folders import home
from ....nodes.asking.failures import printable
from .run import wide


def compare(
    a: Annotated[
        str, typer.Argument(help="Baseline: EXPERIMENT, or EXPERIMENT:CELL with part of a combination's label or its id.")
    ],
    b: Annotated[str, typer.Argument(help="What to compare with it, written the same way.")],
    show: Annotated[int, typer.Option(help="How many gained and lost problems to list.")] = 5,
) -> None:
    """Compare two results problem by problem.

    Prints the difference in accuracy with its interval, McNemar's test, and the problems gained and lost. Only problems that
    both have count.
    """
    console = wide(Console(highlight=False))
    pairs = matched(a, b, home())
    found = compare_pairs(pairs)
    console.print(rich_table("On the same problems", *comparison_cells(found)))
    for (left, right), made in zip(pairs, found, strict=True):
        for kind, problems in flips(left, right).items():
            listed = ", ".join(printable(name) for name in problems[:show]) + (", ..." if len(problems) > show else "")
            if problems:
                console.print(f"{printable(made['b'])}: {kind}: {listed}", markup=False, soft_wrap=True)
