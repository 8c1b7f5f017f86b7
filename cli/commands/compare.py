"""`tot compare`: two cells or two experiments on the same problems."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def compare(
    a: Annotated[str, typer.Argument(help="The base: EXPERIMENT, or EXPERIMENT:CELL (part of its label, or its id).")],
    b: Annotated[str, typer.Argument(help="What is compared with it.")],
    show: Annotated[int, typer.Option(help="Flipped problems to list, of each kind.")] = 5,
) -> None:
    """Compare A and B on the problems that both have: difference, test, intervals, flips."""
    from rich.console import Console

    from ...experiments.report.comparing import compare_pairs, matched
    from ...experiments.report.table import comparison_cells, rich_table
    from ...nodes.asking.failures import printable
    from .run import wide

    console = wide(Console(highlight=False))
    pairs = matched(a, b, _home())
    found = compare_pairs(pairs)
    console.print(rich_table("On the same problems", *comparison_cells(found)))
    for (_, _, flips), made in zip(_with_flips(pairs), found, strict=True):
        for kind, problems in flips.items():
            listed = ", ".join(printable(name) for name in problems[:show]) + (", ..." if len(problems) > show else "")
            if problems:
                console.print(f"{printable(made['b'])}: {kind}: {listed}", markup=False, soft_wrap=True)


def _with_flips(pairs: list[Any]) -> list[Any]:
    from ...experiments.report.comparing import flips

    return [(a, b, flips(a, b)) for a, b in pairs]


def _home() -> Any:
    from ...foundation.folders import home

    return home()
