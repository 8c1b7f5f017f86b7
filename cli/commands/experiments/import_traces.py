"""`tot import-traces`: the authors' released traces as an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ....experiments.exchange.released_traces import cell_of, import_traces as read
from ....experiments.journal.finding import journal_path
from ....experiments.journal.journal import Journal
from ....experiments.report.summary import summarise
from ....experiments.report.table import rich_table, summary_cells
from ....foundation.folders import home
from ...options import TrackingUri
from ...publishing import opened, publish
from .run import wide


def import_traces(
    files: Annotated[list[Path], typer.Argument(help="The authors' CSV files: sot-TEACHER-STUDENT-DATASET-DATE-traces.csv.")],
    experiment: Annotated[str, typer.Option(help="Experiment to read them into.")] = "released-traces",
    tracking: Annotated[bool, typer.Option(help="Write the results to MLflow, too.")] = True,
    tracking_uri: TrackingUri = None,
) -> None:
    """Read the released traces of the paper's authors, verify their answers, and show the table."""
    console = wide(Console(highlight=False))
    for file in files:
        cell_of(file)
    with opened(tracking, tracking_uri) as store, Journal(journal_path(home(), experiment)) as journal:
        journal.claim()
        journal.set("name", experiment)
        read(files, journal)
        console.print(rich_table(experiment, *summary_cells(summarise(journal))))
        if store is not None:
            console.print(f"MLflow: {publish(journal, store)}", markup=False, soft_wrap=True)
