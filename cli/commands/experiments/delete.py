"""`tot delete`: delete an experiment from this folder."""

from __future__ import annotations

from typing import Annotated

import typer

from ....experiments.journal.find_journal import delete_journal, find_journal
from ....foundation.folders import home
from ....foundation.redaction import Redactor


def delete(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete an experiment's journal, after confirmation.

    Traces and runs in MLflow stay there.
    """
    with find_journal(experiment, home()) as journal:
        rows = sum(sum(journal.counts(cell["id"]).values()) for cell in journal.cells())
        store, replies = journal.get("tracking_uri"), journal.totals()["decompositions"]
    print(f"{experiment!r} has {rows} solutions and {replies} replies of teachers in {journal.path}.")
    where = Redactor().text(store) if store else ""
    print(f"Its runs and traces stay in MLflow: {where}" if store else "It was never sent to MLflow: nothing else has it.")
    if not yes and not typer.confirm("Delete it?"):
        print("nothing deleted")
        raise typer.Exit(1)
    print(f"deleted {delete_journal(experiment, home())}")
