"""The option that chooses columns of tables. It has its own file because importing `options` would slow `tot compare` down."""

from __future__ import annotations

from typing import Annotated

import typer

from ..experiments.report.table import COMPARISON_COLUMNS, SUMMARY_COLUMNS, find_columns

_SHOW_COLUMNS = (
    "Columns to show, in this order, such as n,accuracy,leaks; columns that never differ can be shown, too. Default: all that "
    "say something."
)
ShowColumns = Annotated[
    list[str] | None,
    typer.Option("--show-columns", callback=lambda value: checked_columns(value), help=_SHOW_COLUMNS, rich_help_panel="Tables"),
]
ShowComparisonColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--show-columns",
        callback=lambda value: checked_columns(value, COMPARISON_COLUMNS),
        help=_SHOW_COLUMNS.replace("accuracy,leaks", "points,p"),
    ),
]


def checked_columns(
    values: list[str] | None, known: tuple[str, ...] = (*SUMMARY_COLUMNS, *COMPARISON_COLUMNS)
) -> list[str] | None:
    """Return the full names of columns; an unknown column is reported as a wrong option."""
    try:
        return find_columns(split_values(values) or (), known) or None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def split_values(values: list[str] | None) -> list[str] | None:
    """Split values that are repeated or separated by commas."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()] if values else None
