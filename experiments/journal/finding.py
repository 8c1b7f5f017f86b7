"""The folder of the journals: find one by the name of its experiment."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .journal import Journal

SUFFIX = ".journal.sqlite"


def journal_path(home: Path, experiment: str) -> Path:
    """Return where the journal of an experiment lies."""
    return home / f"{experiment.replace(' ', '_')}{SUFFIX}"


def find_journal(name: str, home: Path) -> Journal:
    """Open the journal of an experiment by its name, or by its path.

    Raises:
        FileNotFoundError: there is none; says which there are.
    """
    for path in (Path(name), journal_path(home, name)):
        if path.is_file():
            return Journal(path)
    known = [path.name.removesuffix(SUFFIX) for path in sorted(home.glob(f"*{SUFFIX}"))]
    raise FileNotFoundError(f"no experiment {name!r} in {home}; it has {', '.join(known) or 'none yet: tot run makes one'}")


def unpublished(home: Path) -> list[Path]:
    """Return the journals whose last state MLflow has not got."""
    return [path for path in sorted(home.glob(f"*{SUFFIX}")) if _published(path) == "0"]


def _published(path: Path) -> str | None:
    try:
        with Journal(path) as journal:
            return journal.get("published")
    except (ValueError, OSError, sqlite3.Error):
        return None
