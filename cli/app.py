"""The command line: `tot`, also called `trace-of-thought`. Each command lives in a file of its own."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from .commands.compare import compare
from .commands.convert import convert
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
    help="A teacher model writes the steps, a small student follows them, the answer is verified, MLflow keeps it all.",
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
    """Take what is said before a command."""


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
app.command()(convert)
app.command()(verify)


def main() -> None:
    """Run the command line; a failure ends with its message and exit code 1, without a traceback."""
    from .errors import show_errors

    with show_errors():
        app()
