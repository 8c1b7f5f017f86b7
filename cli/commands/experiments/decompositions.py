"""`tot decompositions`: keep what teachers said, to replay it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ....experiments.exchange.recorded_file import export_decompositions
from ....experiments.journal.finding import find_journal
from ....foundation.folders import home
from ....nodes.asking.failures import printable

decompositions = typer.Typer(help="Keep what teachers said, to replay it elsewhere.", no_args_is_help=True)
decompositions.callback()(lambda: None)


@decompositions.command()
def export(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment, or the path of its journal.")],
    file: Annotated[Path, typer.Argument(help="JSONL file to write; recorded:FILE replays it.")],
) -> None:
    """Write the decompositions of an EXPERIMENT to FILE."""
    with find_journal(experiment, home()) as journal:
        for teacher, count in export_decompositions(journal, file).items():
            name = printable(teacher)
            print(f"{count} decompositions by {name}: use them with --teacher 'recorded:{file}#{name}'")
