"""`tot report`: one page and one table of an experiment."""

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
    experiment: Annotated[str, typer.Argument(help="Name of an experiment, or the path of its journal.")] = "experiment",
    out: Annotated[Path | None, typer.Option(help="Folder to write to; default: the name and -report.")] = None,
    tracking: Annotated[bool, typer.Option(help="Log the report to MLflow, too.")] = True,
    tracking_uri: TrackingUri = None,
) -> None:
    """Write report.html (self-contained), table.md and the figures of an EXPERIMENT, and log them to MLflow."""
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
