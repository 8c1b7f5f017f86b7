"""`tot import-traces`: read the released traces of the paper's authors as an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ....experiments.exchange.released_traces import cell_of, import_traces as read
from ....experiments.journal.find_journal import journal_path
from ....experiments.journal.journal import Journal
from ....experiments.report.summary import summarise
from ....experiments.report.table import rich_table, summary_cells
from ....foundation.folders import home
from ...publish_results import opened, publish
from ...screens.consoles import wide
from ...shared_options import TrackingUri


def import_traces(
    files: Annotated[
        list[Path], typer.Argument(help="CSV files that the authors released: sot-TEACHER-STUDENT-DATASET-DATE-traces.csv.")
    ],
    experiment: Annotated[str, typer.Option(help="Name of the experiment to create.")] = "released-traces",
    tracking: Annotated[bool, typer.Option(help="Log the results to MLflow.")] = True,
    tracking_uri: TrackingUri = None,
) -> None:
    """Import the paper's released traces.

    Verifies their answers and prints the table, as for an experiment of your own.
    """
    console = wide(Console(highlight=False))
    # Check all file names before anything is written.
    for file in files:
        cell_of(file)
    with opened(tracking, tracking_uri) as store, Journal(journal_path(home(), experiment)) as journal:
        # One process at a time may write a journal.
        journal.claim()
        journal.set("name", experiment)
        read(files, journal)
        console.print(rich_table(experiment, *summary_cells(summarise(journal))))
        if store is not None:
            console.print(f"MLflow: {publish(journal, store)}", markup=False, soft_wrap=True)
