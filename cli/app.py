"""The command line: `tot`, also called `trace-of-thought`. A command's file is read when the command is used."""

from __future__ import annotations

from typing import Annotated

import typer

from .errors import show_errors
from .lazy_commands import LazyGroup

app = typer.Typer(
    cls=LazyGroup,
    name="tot",
    help="A teacher model writes the steps, a small student follows them, the answer is verified, MLflow keeps it all.",
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
    """Take what is said before a command."""


def main() -> None:
    """Run the command line; a failure ends with its message and exit code 1, without a traceback."""
    with show_errors():
        app()
