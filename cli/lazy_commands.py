"""The commands by name. A command's file is imported only when it runs; `--help` reads only the docstrings."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

COMMANDS = {
    "Experiments": {
        "run": "experiments.run",
        "list": "experiments.listing",
        "show": "experiments.show",
        "compare": "experiments.compare",
        "export": "experiments.export",
        "report": "experiments.report",
        "rescore": "experiments.rescore",
        "decompositions": "experiments.decompositions",
        "rename": "experiments.rename",
        "tag": "experiments.tag",
        "delete": "experiments.delete",
        "repair": "experiments.repair",
        "import-traces": "experiments.import_traces",
        "review": "review",
    },
    "Single questions and other programs": {
        "solve": "solve",
        "verify": "verify",
        "log-model": "log_model",
        "mcp": "mcp",
        "convert": "convert",
    },
    "MLflow": {
        "ui": "ui",
        "audit": "audit",
        "sync": "sync",
    },
}
"""Files in `commands/` by command name, in the groups and order in which the help shows them."""


class LazyGroup(TyperGroup):
    """The command group `tot`. The first sentence of a command's file is its description in `tot --help`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return [name for group in COMMANDS.values() for name in group]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and return a command, or None if there is none of this name."""
        file = next((group[cmd_name] for group in COMMANDS.values() if cmd_name in group), None)
        return _imported(cmd_name, file) if file else None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the commands without importing them."""
        _Listing(self).format_help(ctx, formatter)


class _Listing(TyperGroup):
    """A group of descriptions without functions, used only to print the help."""

    def __init__(self, group: TyperGroup) -> None:
        shown: dict[str, Any] = {
            name: _described(name, file, panel) for panel, files in COMMANDS.items() for name, file in files.items()
        }
        super().__init__(name=group.name, commands=shown, help=group.help, params=group.params, rich_markup_mode="rich")

    def list_commands(self, ctx: Any) -> list[str]:
        """Keep the order of `COMMANDS`; the base class would sort by name."""
        return list(self.commands)


def _described(name: str, file: str, panel: str) -> TyperCommand:
    """Return a command that has only its description, read from the docstring of its file without importing it."""
    path = Path(__file__).parent.joinpath("commands", *file.split(".")).with_suffix(".py")
    # Parsed, not imported: importing all commands would make `tot --help` slow.
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    short = said.partition("\n\n")[0].removeprefix(f"`tot {name}`: ")
    return TyperCommand(name, short_help=short[:1].upper() + short[1:], rich_help_panel=panel)


def _imported(name: str, file: str) -> Any:
    """Import a command's file and return the command in it, which has the file's name."""
    found = getattr(import_module(f".commands.{file}", __package__), file.rpartition(".")[2])
    # A plain function becomes an app of one command.
    if not isinstance(found, typer.Typer):
        function, found = found, typer.Typer(pretty_exceptions_enable=False, add_completion=False)
        found.command(name)(function)
    command = get_command(found)
    command.name = name
    return command
