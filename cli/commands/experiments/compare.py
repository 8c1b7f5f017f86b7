"""`tot compare`: two cells or two experiments on the same problems."""

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
    a: Annotated[str, typer.Argument(help="The base: EXPERIMENT, or EXPERIMENT:CELL (part of its label, or its id).")],
    b: Annotated[str, typer.Argument(help="What is compared with it.")],
    show: Annotated[int, typer.Option(help="Flipped problems to list, of each kind.")] = 5,
) -> None:
    """Compare A and B on the problems that both have: difference, test, intervals, flips."""
    console = wide(Console(highlight=False))
    pairs = matched(a, b, home())
    found = compare_pairs(pairs)
    console.print(rich_table("On the same problems", *comparison_cells(found)))
    for (left, right), made in zip(pairs, found, strict=True):
        for kind, problems in flips(left, right).items():
            listed = ", ".join(printable(name) for name in problems[:show]) + (", ..." if len(problems) > show else "")
            if problems:
                console.print(f"{printable(made['b'])}: {kind}: {listed}", markup=False, soft_wrap=True)
