"""The command line: `tot`, also installed as `trace-of-thought`. Each command has its own file."""

from __future__ import annotations

from typing import Annotated

import typer

from .errors import show_errors
from .lazy_commands import LazyGroup
from .screens.consoles import take_any_text

app = typer.Typer(
    cls=LazyGroup,
    name="tot",
    help="Measure whether a large teacher's step list helps a small local student solve problems. Every trace goes to MLflow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # 0.1 s, needed here alone

        print(version("trace-of-thought"))
        raise typer.Exit


@app.callback()
def _common(
    _: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Define the options that come before a command."""


def main() -> None:
    """Run the command line; a failure prints one message, without a traceback, and exits with code 1."""
    take_any_text()
    with show_errors():
        app()
