"""`tot rename`: give an experiment another name."""

from __future__ import annotations

from typing import Annotated

import typer

from ....experiments.design.config_file import build_config
from ....experiments.journal.finding import rename_journal
from ....foundation.folders import home


def rename(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment.")],
    name: Annotated[str, typer.Argument(help="The new name.")],
) -> None:
    """Rename an experiment.

    Its runs in MLflow keep the old name until `tot sync` sends the new one.
    """
    build_config({"name": name, "students": ["hf:any"]})
    print(f"{experiment!r} is now {name!r}: {rename_journal(experiment, name, home())}")
    print("MLflow shows the old name until: tot sync")
