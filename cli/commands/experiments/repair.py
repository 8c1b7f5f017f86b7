"""`tot repair`: recover an experiment whose journal is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ....experiments.journal.database_layout import experiment_in
from ....experiments.journal.find_journal import journal_path
from ....experiments.journal.repair import Repaired, repair_journal
from ....foundation.folders import home
from ....foundation.wording import counted
from ....nodes.asking.failures import printable


def repair(
    experiment: Annotated[str, typer.Argument(help="Experiment name or path of its journal.")] = "experiment",
) -> None:
    """Recover an experiment whose journal is damaged.

    Writes what can be read into a new journal in the place of the damaged one, which is kept beside it, and says what is
    missing. Rerun the experiment to solve the missing problems again. A journal without damage is left as it is.
    """
    found = [path for path in (Path(experiment), journal_path(home(), experiment)) if path.is_file()]
    if not found:
        raise FileNotFoundError(f"no journal {experiment!r} in {home()}; give the name of an experiment, or a file")
    repaired = repair_journal(found[0])
    if repaired is None:
        print(f"Nothing is damaged in {found[0]}; the file is left as it is.")
    else:
        _show(repaired)


def _show(repaired: Repaired) -> None:
    found = repaired.found
    print(
        f"Recovered {counted(found['rows'], 'solution')}, {found['replies']:,} replies of teachers, "
        f"{counted(found['problems'], 'problem')} and {counted(found['cells'], 'combination')} into {repaired.path}"
    )
    print(f"The damaged file is kept as {repaired.damaged}")
    for name, count in repaired.missing.items():
        print(f"missing: {counted(count, 'row')} of {printable(name)}")
    name = experiment_in(repaired.path)
    if repaired.missing or not found["cells"]:
        print(f"Rerun the experiment {name} with the command that made it: it solves what is missing, and nothing else.")
    else:
        print("No row is missing.")
