"""The command line: `tot`, also installed as `trace-of-thought`. Each command has its own file."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from .commands.compare import compare
from .commands.decompositions import decompositions
from .commands.import_traces import import_traces
from .commands.log_model import log_model
from .commands.mcp import mcp
from .commands.report import report
from .commands.rescore import rescore
from .commands.review import review
from .commands.run import run
from .commands.solve import solve
from .commands.sync import sync
from .commands.ui import ui
from .commands.verify import verify

app = typer.Typer(
    name="tot",
    help="Measure whether a large teacher's step list helps a small local student solve problems. Every trace goes to MLflow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(version("trace-of-thought"))
        raise typer.Exit


@app.callback()
def _common(
    _: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Handle the options that stand before a command."""


app.command()(run)
app.command()(compare)
app.command()(report)
app.command()(rescore)
app.command()(import_traces)
app.add_typer(decompositions, name="decompositions")
app.add_typer(review, name="review")
app.command()(solve)
app.command()(log_model)
app.command()(mcp)
app.command()(sync)
app.command()(ui)
app.command()(verify)


def main() -> None:
    """Run the command line; a failure prints one message, without a traceback, and exits with code 1."""
    from .errors import show_errors

    with show_errors():
        app()
