"""`tot list`: list the experiments of this folder, with their state and best lift."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ....experiments.journal.find_journal import journals
from ....experiments.journal.journal import Journal
from ....experiments.report.overview import Lift, Overview, overview
from ....experiments.report.table import rich_table, signed_interval
from ....foundation.commands import program
from ....foundation.folders import home
from ....nodes.asking.failures import explain
from ...screens.consoles import wide


def listing(
    tag: Annotated[str, typer.Option(help="Only experiments with this tag, as NAME or NAME=VALUE.")] = "",
) -> None:
    """List the experiments of this folder, newest first."""
    console = wide(Console(highlight=False))
    paths = journals(home())
    read = [made for path in paths if (made := _read(path, console))]
    found = [made for made in read if _tagged(made, tag)]
    if paths and not read:
        raise typer.Exit(1)
    if not found:
        print(f"no experiments{f' with the tag {tag!r}' if tag else ''} in {home()}; {program()} run makes one")
        return
    header = ["experiment", "last run", "combinations", "problems", "state", "best lift in points (95 %)", "tags"]
    rows = [_cells(made) for made in found]
    # Nobody uses tags: leave the column out.
    if not any(row[-1] for row in rows):
        header, rows = header[:-1], [row[:-1] for row in rows]
    console.print(rich_table("Experiments", header, rows, console.width))
    print(f"Look at one with: {program()} show EXPERIMENT")


def _read(path: Path, console: Console) -> Overview | None:
    try:
        with Journal(path) as journal:
            return overview(journal)
    # A damaged journal must not hide the others.
    except (ValueError, OSError) as error:
        console.print(f"note: {path.name} cannot be read: {explain(error)}", style="yellow", markup=False)
        return None


def _tagged(made: Overview, tag: str) -> bool:
    name, equals, value = tag.partition("=")
    return not tag or (name in made["tags"] and (not equals or made["tags"][name] == value))


def _cells(made: Overview) -> list[str]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(made["last_ms"] / 1000)) if made["last_ms"] else "-"
    left = ", ".join(f"{made[name]} {name}" for name in ("missing", "failed", "waiting") if made[name])
    state = made["state"] + (f" ({left} of {made['solutions']} solutions)" if left else "")
    tags = ", ".join(name + (f"={value}" if value else "") for name, value in made["tags"].items())
    lift = _lift(made["lift"]) if made["lift"] else "-"
    return [made["name"], when, str(made["cells"]), str(made["problems"]), state, lift, tags]


def _lift(lift: Lift) -> str:
    return f"{signed_interval(lift['difference'], lift['low'], lift['high'], '')} {lift['by']} over {lift['over']}"
