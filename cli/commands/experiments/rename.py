"""`tot rename`: give an experiment another name."""

from __future__ import annotations

from typing import Annotated

import typer

from ....experiments.design.config_file import build_config
from ....experiments.journal.find_journal import find_journal, rename_journal
from ....foundation.commands import call
from ....foundation.folders import home
from ....foundation.redaction import Redactor


def rename(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment.")],
    name: Annotated[str, typer.Argument(help="The new name.")],
) -> None:
    """Rename an experiment.

    MLflow shows the old name until `tot sync` sends the new one; it stays where the MLflow experiment holds other runs, too.
    """
    # Raises if the name is not valid; building a config needs some student.
    build_config({"name": name, "students": ["hf:any"]})
    path = rename_journal(experiment, name, home())
    print(f"{experiment!r} is now {name!r}: {path}")
    with find_journal(str(path), home()) as journal:
        store = journal.get("tracking_uri")
    if store:
        # The address is printed without its password.
        print(f"MLflow shows the old name until: {call('sync', '--tracking-uri', Redactor().text(store))}")
