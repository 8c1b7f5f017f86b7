"""`tot export`: write one row per problem and combination, for pandas, spreadsheets and other programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from ....experiments.exchange.flat_rows import COLUMNS, export_rows
from ....experiments.journal.database_layout import files_of
from ....experiments.journal.find_journal import find_journal
from ....foundation.folders import home
from ...output_files import writing, writing_file

Format = Literal["csv", "parquet", "jsonl", "hf"]


def export(
    experiment: Annotated[str, typer.Argument(help="Experiment name or path of its journal.")] = "experiment",
    format: Annotated[Format, typer.Option(help="Format of the file; hf writes a folder for datasets.load_from_disk.")] = "csv",
    out: Annotated[Path | None, typer.Option(help="File or folder to write. Default: NAME.FORMAT.")] = None,
    columns: Annotated[bool, typer.Option("--columns", help="Print the meaning of each column and write nothing.")] = False,
) -> None:
    """Export an experiment's rows, one per problem and combination."""
    if columns:
        for name, meaning in COLUMNS.items():
            print(f"{name:24}{meaning}")
        return
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")  # two progress bars for one fast write
    with find_journal(experiment, home()) as journal:
        name = (journal.get("name") or "experiment").replace(" ", "_")
        path = out or Path(name if format == "hf" else f"{name}.{format}")
        if format == "hf":  # a folder
            with writing(path, "--out"):
                count = export_rows(journal, path, format)
        else:
            with writing_file(path, "--out", files_of(journal.path)) as new:
                count = export_rows(journal, new, format)
        print(f"{count} rows written to {path}")
