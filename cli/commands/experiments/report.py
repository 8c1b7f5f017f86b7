"""`tot report`: write an experiment's report and table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ....experiments.exchange.publishing import publish_journal
from ....experiments.journal.finding import find_journal
from ....experiments.report.html_report import make_report
from ....foundation.folders import home
from ...options import TrackingUri
from ...publishing import opened


def report(
    experiment: Annotated[str, typer.Argument(help="Experiment name or path of its journal.")] = "experiment",
    out: Annotated[Path | None, typer.Option(help="Folder to write to. Default: NAME-report in this folder.")] = None,
    tracking: Annotated[bool, typer.Option(help="Also log the report to MLflow.")] = True,
    tracking_uri: TrackingUri = None,
) -> None:
    """Write an experiment's report.

    Writes report.html (one self-contained page), table.md and the figures, and logs them to MLflow.
    """
    with find_journal(experiment, home()) as journal:
        made = make_report(journal)
        folder = out or Path(f"{(journal.get('name') or 'experiment').replace(' ', '_')}-report")
        for name, content in made.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        print(f"wrote {folder / 'report.html'} and {folder / 'table.md'}")
        with opened(tracking, tracking_uri) as store:
            if store is not None:
                print(f"MLflow: {publish_journal(journal, store, made.files()).shown}")
