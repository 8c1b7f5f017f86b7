"""`tot report`: write an experiment's report and table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ....experiments.exchange.publishing import publish_journal
from ....experiments.journal.find_journal import find_journal
from ....experiments.report.frontier import calibration
from ....experiments.report.frontier.calibration import condition_named
from ....experiments.report.html_report import make_report
from ....experiments.report.scores import conditions
from ....experiments.report.table import rich_table
from ....foundation.folders import home
from ...columns import ShowColumns
from ...output_files import replaced, writing
from ...publish_results import opened
from ...screens.consoles import wide
from ...shared_options import TrackingUri


def report(
    experiment: Annotated[str, typer.Argument(help="Experiment name or path of its journal.")] = "experiment",
    out: Annotated[Path | None, typer.Option(help="Folder to write to. Default: NAME-report in this folder.")] = None,
    calibrate: Annotated[
        str | None,
        typer.Option(
            help="Find out when to ask for more: 'LESS > MORE', with parts of two combinations' labels. Chooses a signal on "
            "one half of the problems and judges it on the other; calls no model and writes no report."
        ),
    ] = None,
    max_output_tokens: Annotated[
        float | None, typer.Option(help="With --calibrate: maximum teacher output tokens per problem that a signal may cost.")
    ] = None,
    show_columns: ShowColumns = None,
    tracking: Annotated[bool, typer.Option(help="Also log the report to MLflow.")] = True,
    tracking_uri: TrackingUri = None,
) -> None:
    """Write an experiment's report.

    Writes report.html (one self-contained page), table.md and the figures, and logs them to MLflow.
    """
    if calibrate:
        _show_calibration(experiment, calibrate, max_output_tokens)
        return
    with find_journal(experiment, home()) as journal:
        made = make_report(journal, show_columns or ())
        folder = out or Path(f"{(journal.get('name') or 'experiment').replace(' ', '_')}-report")
        with writing(folder, "--out"):
            for name, content in made.files().items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with replaced(path) as new:
                    new.write_text(content, encoding="utf-8")
        print(f"wrote {folder / 'report.html'} and {folder / 'table.md'}")
        with opened(tracking, tracking_uri) as store:
            if store is not None:
                print(f"MLflow: {publish_journal(journal, store, made.files()).shown}")


def _show_calibration(experiment: str, names: str, max_output_tokens: float | None) -> None:
    # From the right: a ladder's label may itself contain " > ".
    less, arrow, more = names.rpartition(" > ")
    if not arrow:
        raise typer.BadParameter(f"{names!r} is not 'LESS > MORE', two parts of labels", param_hint="--calibrate")
    with find_journal(experiment, home()) as journal:
        found = conditions(journal)
        pair = condition_named(found, less), condition_named(found, more)
        made = calibration.calibrate(journal, *pair, max_output_tokens=max_output_tokens)
    wide(Console(highlight=False)).print(rich_table(f"Ask only on doubt: {names}", *calibration.calibration_cells(made)))
