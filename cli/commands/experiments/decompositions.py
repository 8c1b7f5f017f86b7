"""`tot decompositions`: export teachers' steps, to replay them in other experiments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ....experiments.exchange.recorded_file import export_decompositions
from ....experiments.journal.database_layout import files_of
from ....experiments.journal.find_journal import find_journal
from ....foundation.folders import home
from ....nodes.asking.failures import printable
from ...output_files import writing_file

decompositions = typer.Typer(help="Export teachers' steps for reuse.", no_args_is_help=True)
# A callback makes Typer keep `export` as a subcommand; with one command alone it would become `tot decompositions FILE`.
decompositions.callback()(lambda: None)


@decompositions.command()
def export(
    experiment: Annotated[str, typer.Argument(help="Experiment name or path of its journal.")],
    file: Annotated[Path, typer.Argument(help="JSONL file to write; replay it with --teacher recorded:FILE.")],
) -> None:
    """Write an experiment's steps to a file."""
    with find_journal(experiment, home()) as journal:
        with writing_file(file, "the argument FILE", files_of(journal.path)) as new:
            counts = export_decompositions(journal, new)
        for teacher, count in counts.items():
            name = printable(teacher)
            print(f"{count} decompositions by {name}; replay them with --teacher 'recorded:{file}#{name}'")
