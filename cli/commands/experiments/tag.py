"""`tot tag`: tag an experiment with words of your own, which `tot list` shows."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ....experiments.journal.find_journal import find_journal
from ....foundation.folders import home


def tag(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment.")],
    tags: Annotated[list[str] | None, typer.Argument(help="Tags to set, as NAME or NAME=VALUE.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="Name of a tag to remove. May be repeated.")] = None,
) -> None:
    """Tag an experiment, or show its tags."""
    with find_journal(experiment, home()) as journal:
        known = journal.tags | {name: value for name, _, value in (text.partition("=") for text in tags or [])}
        if unknown := [name for name in remove or [] if name not in known]:
            raise typer.BadParameter(f"{experiment!r} has no tag {unknown[0]!r}", param_hint="--remove")
        known = {name: value for name, value in known.items() if name not in (remove or [])}
        if tags or remove:
            journal.set("tags", json.dumps(known, ensure_ascii=False))
    print(", ".join(name + (f"={value}" if value else "") for name, value in known.items()) or "no tags")
